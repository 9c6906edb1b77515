//! NATS: its server speaks TLS and knows whom to let in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use obs_runtime::Bus;
use obs_runtime::bus::BusErrorKind;
use serde_json::{Value, json};

use super::goes;
use crate::authority::Authority;
use crate::nats::{Server, server_with};

/// Each setting of a bus, and what is wrong with it.
fn check(server: &Server, user: &str, cases: &[(String, Option<&str>)]) {
    for (settings, wrong) in cases {
        let give_up = if wrong.is_some() { 1_000 } else { 60_000 };
        let place = format!("{user}127.0.0.1:{}", server.port());
        let address = format!("nats://{place}?{settings}&give_up.ms={give_up}");
        goes(
            &Bus::open(&address, &[obs_nats::SCHEME]).unwrap(),
            "orders",
            *wrong,
        );
    }
}

#[test]
fn a_server_is_who_it_says_or_gets_nothing() {
    let (ours, others) = (Authority::new(), Authority::new());
    let [certificate, key] = ours.server();
    let tls = ["--tls", "--tlscert", &certificate, "--tlskey", &key];
    let Some(server) = server_with(&tls) else {
        return;
    };
    let wrong = Some("no authority that is known here; `ca` names a file");
    let cases = [
        (format!("tls=required&ca={}", ours.ca()), None),
        // It is what the server wants.
        (format!("ca={}", ours.ca()), None),
        (format!("ca={}", others.ca()), wrong),
        (String::new(), wrong),
    ];
    check(&server, "", &cases);
    let address = "nats://127.0.0.1?ca=/nowhere/ca.pem";
    let error = Bus::open(address, &[obs_nats::SCHEME]).unwrap_err();
    assert_eq!(error.kind(), BusErrorKind::Unsupported);
    assert!(
        error.reason().starts_with("the file `ca` cannot be read"),
        "{error}"
    );
}

const NO_LOGIN: Option<&str> = Some("the server does not take this login; see the user");

#[test]
fn a_user_has_any_signs_in_his_password() {
    let Some(server) = server_with(&["--user", "a:b", "--pass", "p@/?,%"]) else {
        return;
    };
    for (user, wrong) in [
        ("a%3Ab:p%40%2F%3F%2C%25@", None),
        ("a%3Ab:hunter2@", NO_LOGIN),
        ("", NO_LOGIN),
    ] {
        check(&server, user, &[(String::new(), wrong)]);
    }
}

#[test]
fn a_token_is_right_or_told_to_be_wrong() {
    let Some(server) = server_with(&["--auth", "s3same"]) else {
        return;
    };
    let cases = [
        ("token=s3same".to_owned(), None),
        ("token=hunter2".to_owned(), NO_LOGIN),
    ];
    check(&server, "", &cases);
}

/// What one key says of another, as a token of JSON.
fn signed(by: &KeyPair, of: &KeyPair, says: Value) -> String {
    let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = text(&json!({"typ": "JWT", "alg": "ed25519-nkey"}));
    let claims = json!({
        "jti": "1", "iat": 1, "iss": by.public_key(), "sub": of.public_key(), "name": "shop", "nats": says,
    });
    let signed = format!("{head}.{}", text(&claims));
    let signature = URL_SAFE_NO_PAD.encode(by.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

/// A file with credentials, as the tools of NATS write it.
fn credentials(account: &KeyPair) -> String {
    let user = KeyPair::new_user();
    let says = json!({"type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1});
    format!(
        "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        signed(account, &user, says),
        user.seed().unwrap()
    )
}

#[test]
fn credentials_are_taken_from_their_file() {
    let folder = Authority::new();
    let operator = KeyPair::new_operator();
    let [system, shop, others] = std::array::from_fn(|_| KeyPair::new_account());
    let account = |of: &KeyPair, streams: i32| {
        let limits = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1,
            "leaf": -1, "mem_storage": streams, "disk_storage": streams, "streams": streams, "consumer": streams,
        });
        let says = json!({"type": "account", "version": 2, "limits": limits, "default_permissions": {"pub": {}, "sub": {}}});
        signed(&operator, of, says)
    };
    let config = format!(
        "operator: {}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{\n  {}: {}\n  {}: {}\n}}\n",
        signed(
            &operator,
            &operator,
            json!({"type": "operator", "version": 2})
        ),
        system.public_key(),
        system.public_key(),
        account(&system, 0),
        shop.public_key(),
        account(&shop, -1),
    );
    let file = |name: &str, text: String| {
        let file = folder.folder().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let config = file("server.conf", config);
    let Some(server) = server_with(&["-c", &config]) else {
        return;
    };
    let right = file("shop.creds", credentials(&shop));
    let wrong = file("others.creds", credentials(&others));
    let cases = [
        (format!("credentials={right}"), None),
        (format!("credentials={wrong}"), NO_LOGIN),
        (String::new(), NO_LOGIN),
    ];
    check(&server, "", &cases);
    let broken = file("broken.creds", "shop".to_owned());
    for path in [&broken, "/nowhere/shop.creds"] {
        let address = format!("nats://127.0.0.1?credentials={path}");
        let error = Bus::open(&address, &[obs_nats::SCHEME]).unwrap_err();
        assert_eq!(error.kind(), BusErrorKind::Unsupported);
        let reason = "the file with credentials cannot be used";
        assert!(error.reason().starts_with(reason), "{error}");
    }
}

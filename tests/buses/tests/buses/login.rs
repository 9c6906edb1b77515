//! The side of the server in a login by SASL: PLAIN, and SCRAM as RFC 5802 has it.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};

/// Who may come in, and how.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) mechanism: &'static str,
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
}

/// How often a password is hashed; the least that clients take.
const ROUNDS: NonZeroU32 = NonZeroU32::new(4096).unwrap();

const SALT: &[u8] = b"pinch of salt";

/// What Kafka calls what went wrong.
const UNSUPPORTED: i16 = 33;
const FAILED: i16 = 58;

/// One login.
pub(crate) struct Server<'l> {
    login: &'l Login,
    state: State,
}

enum State {
    New,
    /// It has asked; these were the first words of both sides, and what the client has to say again.
    Asked {
        words: String,
        nonce: String,
    },
    In,
}

/// The hashes of a mechanism.
struct Hashes {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
    pbkdf2: pbkdf2::Algorithm,
}

impl Hashes {
    fn of(mechanism: &str) -> Hashes {
        match mechanism {
            "SCRAM-SHA-256" => Hashes {
                digest: &digest::SHA256,
                hmac: hmac::HMAC_SHA256,
                pbkdf2: pbkdf2::PBKDF2_HMAC_SHA256,
            },
            _ => Hashes {
                digest: &digest::SHA512,
                hmac: hmac::HMAC_SHA512,
                pbkdf2: pbkdf2::PBKDF2_HMAC_SHA512,
            },
        }
    }

    fn sign(&self, key: &[u8], text: &str) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(self.hmac, key), text.as_bytes())
    }
}

impl<'l> Server<'l> {
    pub(crate) fn new(login: &'l Login) -> Server<'l> {
        Server {
            login,
            state: State::New,
        }
    }

    pub(crate) fn has_logged_in(&self) -> bool {
        matches!(self.state, State::In)
    }

    /// What is answered to whoever names a mechanism.
    pub(crate) fn handshake(&self, body: &[u8]) -> Vec<u8> {
        let ours = self.login.mechanism.as_bytes();
        let error = match body.get(2..) == Some(ours) {
            true => 0,
            false => UNSUPPORTED,
        };
        [
            &error.to_be_bytes()[..],
            &[0, 0, 0, 1, 0, ours.len() as u8],
            ours,
        ]
        .concat()
    }

    /// What is answered to what a client says of itself.
    pub(crate) fn authenticate(&mut self, body: &[u8]) -> Vec<u8> {
        let said = body.get(4..).unwrap_or_default();
        let said = String::from_utf8_lossy(said).into_owned();
        match self.step(&said) {
            Some(answer) => {
                let length = (answer.len() as i32).to_be_bytes();
                [&[0, 0, 0xff, 0xff], &length[..], answer.as_bytes()].concat()
            }
            None => [&FAILED.to_be_bytes()[..], &[0xff, 0xff, 0, 0, 0, 0]].concat(),
        }
    }

    fn step(&mut self, said: &str) -> Option<String> {
        let login = self.login;
        if login.mechanism == "PLAIN" {
            let expected = format!("\0{}\0{}", login.user, login.password);
            let right = said == expected;
            self.state = if right { State::In } else { State::New };
            return right.then(String::new);
        }
        match &self.state {
            State::New => {
                let first = said.strip_prefix("n,,")?;
                let theirs = first.strip_prefix(&format!("n={},r=", login.user))?;
                let nonce = format!("{theirs}ours");
                let salt = STANDARD.encode(SALT);
                let asks = format!("r={nonce},s={salt},i={ROUNDS}");
                let words = format!("{first},{asks}");
                self.state = State::Asked { words, nonce };
                Some(asks)
            }
            State::Asked { words, nonce } => {
                let (bare, proof) = said.rsplit_once(",p=")?;
                let hashes = Hashes::of(login.mechanism);
                let mut salted = vec![0; hashes.digest.output_len()];
                pbkdf2::derive(
                    hashes.pbkdf2,
                    ROUNDS,
                    SALT,
                    login.password.as_bytes(),
                    &mut salted,
                );
                let key = hashes.sign(&salted, "Client Key");
                let stored = digest::digest(hashes.digest, key.as_ref());
                let words = format!("{words},{bare}");
                let signature = hashes.sign(stored.as_ref(), &words);
                let mixed = key.as_ref().iter().zip(signature.as_ref());
                let expected: Vec<u8> = mixed.map(|(one, other)| one ^ other).collect();
                let right =
                    bare == format!("c=biws,r={nonce}") && STANDARD.encode(expected) == proof;
                if !right {
                    return None;
                }
                self.state = State::In;
                let key = hashes.sign(&salted, "Server Key");
                let signature = hashes.sign(key.as_ref(), &words);
                Some(format!("v={}", STANDARD.encode(signature.as_ref())))
            }
            State::In => None,
        }
    }
}

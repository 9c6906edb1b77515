//! An authority of our own, and what it has signed: certificates for 127.0.0.1, made anew for each test.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// An authority, and a server that it has signed.
pub(crate) struct Authority {
    folder: PathBuf,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Relaxed);
        let folder = format!("obs-authority-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        // Each is called otherwise, or a wrong one would not be another one but broken.
        let mut params = named(Vec::new(), &format!("authority {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let names = vec!["127.0.0.1".to_owned()];
        let key = KeyPair::generate().unwrap();
        let params = named(names, "server");
        let server = params.signed_by(&key, &issuer).unwrap();
        for (name, text) in [
            ("ca.pem", root.pem()),
            ("server.pem", server.pem()),
            ("key.pem", key.serialize_pem()),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        Authority {
            folder,
            certificate: server.der().clone(),
            key: key.serialize_der(),
        }
    }

    /// Whom its clients trust.
    pub(crate) fn ca(&self) -> String {
        self.file("ca.pem")
    }

    /// What the server shows, and its key.
    pub(crate) fn server(&self) -> [String; 2] {
        [self.file("server.pem"), self.file("key.pem")]
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The side of the server.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key);
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

fn named(places: Vec<String>, name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(places).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Drop for Authority {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

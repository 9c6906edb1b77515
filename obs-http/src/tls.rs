//! Whom a client trusts, and what it says when it does not.

use std::path::Path;

use obs_runtime::BusError;
use obs_runtime::bus::BusErrorKind;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// The authorities in a file, and nobody else.
pub(crate) fn trusting(file: &Path) -> Result<TlsConfig, BusError> {
    let wrong = |reason: String| BusError::new(BusErrorKind::Unsupported).with_reason(reason);
    #[expect(
        clippy::disallowed_methods,
        reason = "whom to trust stands in files, which others keep up to date"
    )]
    let read = std::fs::read(file);
    let pem =
        read.map_err(|error| wrong(format!("the file `ca` cannot be read: {}", error.kind())))?;
    let mut roots = Vec::new();
    for item in parse_pem(&pem) {
        if let Ok(PemItem::Certificate(root)) = item {
            roots.push(root);
        }
    }
    if roots.is_empty() {
        return Err(wrong(
            "the file `ca` holds no certificate as PEM".to_owned(),
        ));
    }
    let config = TlsConfig::builder().root_certs(RootCerts::from(roots));
    Ok(config.build())
}

/// What TLS has against the other side, if it is that. It says nothing of what was to be sent.
pub(crate) fn ails(error: &ureq::Error) -> Option<String> {
    let said = match error {
        ureq::Error::Rustls(error) => error.to_string(),
        ureq::Error::Tls(error) => (*error).to_owned(),
        // A handshake that fails is one of reading and writing to whoever shakes hands.
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            error.to_string()
        }
        _ => return None,
    };
    let help = if ["UnknownIssuer", "BadSignature"]
        .iter()
        .any(|it| said.contains(it))
    {
        "; `ca` names a file with the authorities that are trusted"
    } else {
        ""
    };
    Some(format!("TLS: {said}{help}"))
}

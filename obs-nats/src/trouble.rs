//! Why there is no connection, for those who wait for one in vain.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::Server;
use obs_runtime::BusError;
use obs_runtime::bus::BusErrorKind;

/// How much of what a client or a server says is told.
const MOST: usize = 120;

/// What the last try to connect ended with.
#[derive(Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    /// Keeps what is known of servers.
    pub(crate) fn note(&self, servers: &[Server]) {
        let last = servers.iter().find_map(|server| server.last_error.clone());
        if last.is_some() {
            *self.last() = last;
        }
    }

    /// There is a connection.
    pub(crate) fn over(&self) {
        *self.last() = None;
    }

    /// Whether a server is there and turns us away, so that waiting for it is of no use.
    pub(crate) fn is_refusal(&self) -> bool {
        let last = self.last();
        last.as_deref().and_then(known).is_some()
    }

    /// That nobody did something, and why if that is known.
    pub(crate) fn told(&self, what: &'static str) -> BusError {
        let reason = match &*self.last() {
            Some(last) => format!("{what}: {}", why(last)).into(),
            None => Cow::Borrowed(what),
        };
        BusError::new(BusErrorKind::Unavailable).with_reason(reason)
    }

    fn last(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be done about it, where somebody here has to do it.
fn known(last: &str) -> Option<&'static str> {
    let last = last.to_ascii_lowercase();
    let has = |part: &str| last.contains(part);
    if cfg!(not(feature = "tls")) && has("tls error") {
        Some("the server asks for TLS, which comes with the feature `tls` of obs-nats")
    } else if has("unknownissuer") || has("badsignature") {
        Some(
            "the certificate of the server is of no authority that is known here; `ca` names a file with one",
        )
    } else if has("notvalidforname") {
        Some("the certificate of the server is for another name than the address has")
    } else if has("authorization violation") || has("failed signing nonce") {
        Some(
            "the server does not take this login; see the user in the address, `token` or `credentials`",
        )
    } else {
        None
    }
}

/// In words of ours, or as much of theirs as is fit to be told.
fn why(last: &str) -> String {
    let plain = || last.chars().filter(|c| !c.is_control()).take(MOST);
    known(last).map_or_else(|| plain().collect(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ails_a_connection_is_told_with_its_remedy() {
        for (last, expected) in [
            ("IO error: invalid peer certificate: UnknownIssuer", "`ca`"),
            (
                "IO error: invalid peer certificate: certificate not valid for name: NotValidForName",
                "another name",
            ),
            (
                "authorization violation: nats: authorization violation",
                "`token`",
            ),
            (
                "IO error: \u{1b}Connection refused",
                "IO error: Connection refused",
            ),
        ] {
            assert!(why(last).contains(expected), "{last}: {}", why(last));
        }
        assert_eq!(why(&"x".repeat(1_000)).len(), MOST);
        let trouble = Trouble::default();
        assert_eq!(trouble.told("nobody came").reason(), "nobody came");
        *trouble.last() = Some("late".to_owned());
        assert_eq!(trouble.told("nobody came").reason(), "nobody came: late");
        trouble.over();
        assert_eq!(trouble.told("nobody came").reason(), "nobody came");
    }
}

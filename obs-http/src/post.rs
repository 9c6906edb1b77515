//! One request, and what its answer means for the records in it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use obs_runtime::BusError;
use obs_runtime::bus::{BusErrorKind, text};
use ureq::Agent;
use ureq::http::{Response, StatusCode, Uri};

use crate::event::Encoded;
use crate::options::HttpOptions;
#[cfg(feature = "tls")]
use crate::tls;

/// How much of an answer is read: what stands there is of no use, but a connection whose answer is read is used again.
const ANSWER: u64 = 64 << 10;

/// The header by which an endpoint of ours says how many of the events of a request it has, when it does not have all.
pub(crate) const TAKEN: &str = "obs-taken";

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// All of it is there.
    Taken,
    /// The first so many are there, and the next one is not wanted.
    Refused(usize, BusError),
    /// Some of it is not wanted, and nobody says which.
    Unclear(BusError),
    /// The first so many are there; the rest may be sent again, and not before this long.
    Later(usize, Option<Duration>, BusError),
}

/// Who asks.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    url: String,
    headers: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn new(options: &HttpOptions) -> Result<Client, BusError> {
        let (url, user) = without_user(&options.url);
        let uri: Uri = url
            .parse()
            .map_err(|_| unsupported("its address is no URL"))?;
        if uri.host().is_none_or(str::is_empty) {
            return Err(unsupported("its address has no host"));
        }
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") if cfg!(feature = "tls") => {}
            Some("https") => {
                return Err(unsupported(
                    "`https:` comes with the feature `tls` of obs-http",
                ));
            }
            _ => return Err(unsupported("its address begins with http:// or https://")),
        }
        let mut headers = options.headers.clone();
        if let Some(user) = user {
            let Some(user) = text::unescape(&user) else {
                return Err(unsupported(
                    "a `%` in its user or password is not followed by two digits of base 16",
                ));
            };
            let word = format!("Basic {}", STANDARD.encode(user));
            headers.push(("authorization".to_owned(), word));
        }
        let config = Agent::config_builder()
            .timeout_global(Some(options.timeout))
            .http_status_as_error(false)
            // Whoever is sent elsewhere shall know it: the events are for the one that was named.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("obs-http/", env!("CARGO_PKG_VERSION")));
        #[cfg(feature = "tls")]
        let config = match &options.ca {
            Some(file) => config.tls_config(tls::trusting(file)?),
            None => config,
        };
        #[cfg(not(feature = "tls"))]
        if options.ca.is_some() {
            return Err(unsupported("`ca` comes with the feature `tls` of obs-http"));
        }
        Ok(Client {
            agent: config.build().into(),
            url,
            headers,
        })
    }

    /// Sends events, and reads what became of them.
    pub(crate) fn post(&self, events: &Encoded) -> Answer {
        let mut request = self.agent.post(&self.url);
        if let Some(kind) = &events.content_type {
            request = request.header("content-type", kind);
        } else {
            request = request.header("content-type", "application/octet-stream");
        }
        for (name, value) in self.headers.iter().chain(&events.headers) {
            request = request.header(name, value);
        }
        match request.send(&events.body[..]) {
            Ok(mut response) => {
                let answer = meaning(&response);
                // What cannot be read costs the connection and nothing else.
                let body = response.body_mut().with_config().limit(ANSWER);
                drop(body.read_to_vec());
                answer
            }
            Err(error) => failed(&error),
        }
    }
}

fn unsupported(reason: &'static str) -> BusError {
    BusError::new(BusErrorKind::Unsupported).with_reason(reason)
}

/// A URL without the user in it, and the user.
fn without_user(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else {
        return (url.to_owned(), None);
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((user, host)) => (
            format!("{scheme}://{host}{}", &rest[end..]),
            Some(user.to_owned()),
        ),
        None => (url.to_owned(), None),
    }
}

/// What a status says of the events.
fn meaning<B>(response: &Response<B>) -> Answer {
    let number = |name: &str| {
        let value = response.headers().get(name)?.to_str().ok()?;
        value.trim().parse::<u64>().ok()
    };
    let taken = number(TAKEN).and_then(|taken| usize::try_from(taken).ok());
    let status = response.status();
    let error = |kind: BusErrorKind| {
        let reason = status.canonical_reason().unwrap_or_default();
        BusError::new(kind).with_reason(format!("{} {reason}", status.as_u16()).trim().to_owned())
    };
    let later = |kind| {
        let after = number("retry-after").map(Duration::from_secs);
        Answer::Later(taken.unwrap_or(0), after, error(kind))
    };
    match status {
        status if status.is_success() => Answer::Taken,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => later(BusErrorKind::Timeout),
        StatusCode::TOO_MANY_REQUESTS => later(BusErrorKind::Full),
        StatusCode::TOO_EARLY => later(BusErrorKind::Unavailable),
        status if status.is_server_error() => later(BusErrorKind::Unavailable),
        _ => {
            let error = error(BusErrorKind::Rejected);
            match taken {
                Some(taken) => Answer::Refused(taken, error),
                None => Answer::Unclear(error),
            }
        }
    }
}

/// A request that was not answered. Only what is known not to be secret is said: a URL may hold a password.
fn failed(error: &ureq::Error) -> Answer {
    let (kind, reason) = match error {
        ureq::Error::Timeout(_) => (BusErrorKind::Timeout, "no answer in time".to_owned()),
        ureq::Error::HostNotFound => (
            BusErrorKind::Unavailable,
            "there is no such host".to_owned(),
        ),
        #[cfg(feature = "tls")]
        error if let Some(why) = tls::ails(error) => (BusErrorKind::Unavailable, why),
        ureq::Error::Io(error) => (BusErrorKind::Unavailable, error.kind().to_string()),
        ureq::Error::ConnectionFailed => (BusErrorKind::Unavailable, "no connection".to_owned()),
        ureq::Error::Protocol(_) => (
            BusErrorKind::Unavailable,
            "the answer is no HTTP".to_owned(),
        ),
        ureq::Error::Http(_) => {
            let error = BusError::new(BusErrorKind::Rejected);
            return Answer::Unclear(error.with_reason("a header that HTTP does not carry"));
        }
        _ => (BusErrorKind::Unavailable, "the request failed".to_owned()),
    };
    Answer::Later(0, None, BusError::new(kind).with_reason(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_meaning() {
        for (status, header, expected) in [
            (200, "", "Taken"),
            (204, "", "Taken"),
            (301, "", "Unclear Rejected 301 Moved Permanently"),
            (307, "", "Unclear Rejected 307 Temporary Redirect"),
            (400, "", "Unclear Rejected 400 Bad Request"),
            (401, "", "Unclear Rejected 401 Unauthorized"),
            (
                413,
                "obs-taken: 2",
                "Refused 2 Rejected 413 Payload Too Large",
            ),
            (408, "", "Later 0 None Timeout 408 Request Timeout"),
            (
                429,
                "retry-after: 3",
                "Later 0 Some(3s) Full 429 Too Many Requests",
            ),
            (
                500,
                "",
                "Later 0 None Unavailable 500 Internal Server Error",
            ),
            (
                503,
                "obs-taken: 7",
                "Later 7 None Unavailable 503 Service Unavailable",
            ),
            (
                503,
                "retry-after: soon",
                "Later 0 None Unavailable 503 Service Unavailable",
            ),
        ] {
            let mut response = Response::builder().status(status);
            if let Some((name, value)) = header.split_once(": ") {
                response = response.header(name, value);
            }
            let said = |error: BusError| format!("{:?} {}", error.kind(), error.reason());
            let answer = match meaning(&response.body(()).unwrap()) {
                Answer::Taken => "Taken".to_owned(),
                Answer::Refused(taken, error) => format!("Refused {taken} {}", said(error)),
                Answer::Unclear(error) => format!("Unclear {}", said(error)),
                Answer::Later(taken, after, error) => {
                    format!("Later {taken} {after:?} {}", said(error))
                }
            };
            assert_eq!(answer, expected);
        }
    }

    #[test]
    fn a_user_in_a_url_becomes_a_header_and_is_never_told() {
        for (url, without, user) in [
            ("http://a/b?c", "http://a/b?c", None),
            ("http://u:p@a:1/b@c", "http://a:1/b@c", Some("u:p")),
            ("http://u@v@a", "http://a", Some("u@v")),
        ] {
            let expected = (without.to_owned(), user.map(str::to_owned));
            assert_eq!(without_user(url), expected);
        }
        for url in [
            "http://user:hunter2@",
            "hunter2",
            "ftp://user:hunter2@host/",
        ] {
            let error = Client::new(&HttpOptions::new(url)).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}

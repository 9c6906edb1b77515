//! Other names for the keys of lines.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// The keys that lines may have, in their order.
const KEYS: [&str; 26] = [
    "timestamp",
    "level",
    "critical",
    "message",
    "target",
    "service",
    "environment",
    "event_id",
    "event_type",
    "event_version",
    "correlation_id",
    "causation_id",
    "request_id",
    "tenant_id",
    "client_ip",
    "user_agent",
    "trace_id",
    "span_id",
    "duration_ms",
    "status",
    "error_type",
    "error",
    "exception",
    "context",
    "file",
    "line",
];

/// Other names for the keys of log lines, for those whose pipelines expect others. The order of the keys stays.
///
/// They are given by the thread that writes, which reads each line again for it: who logs pays nothing.
///
/// ```
/// use obs_runtime::log::LogLayout;
///
/// let layout = LogLayout::camel_case()
///     .with_name("target", "logger")
///     .with_name("context", "customFields");
/// assert_eq!(layout.name("event_id"), "eventId");
/// assert_eq!(layout.name("target"), "logger");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogLayout {
    camel: bool,
    names: Vec<(String, String)>,
}

impl LogLayout {
    /// The names as they are.
    #[must_use]
    pub fn new() -> LogLayout {
        LogLayout::default()
    }

    /// `eventId` for `event_id`, and so on.
    #[must_use]
    pub fn camel_case() -> LogLayout {
        LogLayout {
            camel: true,
            ..LogLayout::default()
        }
    }

    /// Another name for a key.
    #[must_use]
    pub fn with_name(mut self, key: &str, name: &str) -> LogLayout {
        self.names.push((key.to_owned(), name.to_owned()));
        self
    }

    /// What a key is called. What is under `context` keeps its names.
    #[must_use]
    pub fn name(&self, key: &str) -> String {
        let given = self.names.iter().rev().find(|(known, _)| known == key);
        match given {
            Some((_, name)) => name.clone(),
            None if self.camel => camel(key),
            None => key.to_owned(),
        }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn fault(&self) -> Option<LayoutError> {
        for (key, _) in &self.names {
            if !KEYS.contains(&key.as_str()) {
                return Some(LayoutError::Unknown(key.clone()));
            }
        }
        let names = KEYS.map(|key| self.name(key));
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                return Some(LayoutError::Twice(name.clone()));
            }
        }
        None
    }
}

fn camel(key: &str) -> String {
    let mut name = String::with_capacity(key.len());
    for part in key.split('_') {
        let mut letters = part.chars();
        match letters.next() {
            Some(first) if !name.is_empty() => name.push(first.to_ascii_uppercase()),
            first => name.extend(first),
        }
        name.push_str(letters.as_str());
    }
    name
}

/// A layout that cannot be.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LayoutError {
    /// It names something that is no key of a line.
    Unknown(String),
    /// Two keys would have this name.
    Twice(String),
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayoutError::Unknown(key) => write!(f, "no key of a log line is called `{key}`"),
            LayoutError::Twice(name) => {
                write!(f, "two keys of a log line would be called `{name}`")
            }
        }
    }
}

impl std::error::Error for LayoutError {}

static LAYOUT: RwLock<Option<Arc<LogLayout>>> = RwLock::new(None);

/// Lines that are written from now on have these names.
pub(crate) fn set(layout: Option<LogLayout>) {
    *LAYOUT.write().unwrap_or_else(PoisonError::into_inner) = layout.map(Arc::new);
}

/// The layout that was asked for.
pub(super) fn now() -> Option<Arc<LogLayout>> {
    LAYOUT
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_keys_and_each_is_given_once() {
        let layout = LogLayout::camel_case().with_name("event_id", "id");
        assert_eq!(layout.fault(), None);
        assert_eq!(LogLayout::new().fault(), None);
        for (key, name) in [
            ("event_id", "id"),
            ("client_ip", "clientIp"),
            ("level", "level"),
        ] {
            assert_eq!(layout.name(key), name);
        }
        let wrong = LogLayout::new().with_name("logger", "target");
        assert_eq!(wrong.fault(), Some(LayoutError::Unknown("logger".into())));
        let twice = LogLayout::new().with_name("target", "service");
        assert_eq!(twice.fault(), Some(LayoutError::Twice("service".into())));
    }
}

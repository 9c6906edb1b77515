//! What the system says, in the words of the bus, and what to do about it.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::bus::{BusError, BusErrorKind};

/// What did not work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doing {
    Open,
    Create,
    Write,
    Sync,
}

/// Whether there was merely no room.
pub(super) fn full_disk(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

pub(super) fn trouble(doing: Doing, path: &Path, error: &io::Error) -> BusError {
    let doing = match doing {
        Doing::Open => "open",
        Doing::Create => "create",
        Doing::Write => "write to",
        Doing::Sync => "sync",
    };
    let (kind, why) = match error.kind() {
        _ if full_disk(error) => (
            BusErrorKind::Unavailable,
            "the disk has no room; make some, and the next record is taken".to_owned(),
        ),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => (
            BusErrorKind::Io,
            "this process may not; let it read and write the folder".to_owned(),
        ),
        ErrorKind::NotFound => (
            BusErrorKind::Unavailable,
            "it is gone; make the folder again, and the next record is taken".to_owned(),
        ),
        _ => (BusErrorKind::Io, error.to_string()),
    };
    let reason = format!("cannot {doing} `{}`: {why}", path.display());
    BusError::new(kind).with_reason(reason)
}

/// Somebody else has the folder.
pub(super) fn in_use(path: &Path) -> BusError {
    let path = path.display();
    BusError::new(BusErrorKind::InUse).with_reason(format!(
        "another bus has `{path}` open; close that one, or open this one in another folder"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_happened_where_and_what_to_do() {
        for (error, kind, text) in [
            (
                ErrorKind::StorageFull,
                BusErrorKind::Unavailable,
                "the disk has no room; make some",
            ),
            (
                ErrorKind::QuotaExceeded,
                BusErrorKind::Unavailable,
                "the disk has no room; make some",
            ),
            (
                ErrorKind::PermissionDenied,
                BusErrorKind::Io,
                "let it read and write the folder",
            ),
            (
                ErrorKind::ReadOnlyFilesystem,
                BusErrorKind::Io,
                "let it read and write the folder",
            ),
            (
                ErrorKind::NotFound,
                BusErrorKind::Unavailable,
                "make the folder again",
            ),
            (ErrorKind::TimedOut, BusErrorKind::Io, "timed out"),
        ] {
            let error = trouble(Doing::Write, Path::new("/a/b"), &error.into());
            assert_eq!(error.kind(), kind, "{error}");
            let reason = error.reason();
            assert!(reason.starts_with("cannot write to `/a/b`: "), "{reason}");
            assert!(reason.contains(text), "{reason}");
        }
    }
}

//! Older versions of an event, read as the newest.

use std::fmt;

use obs_schema::wire::DecodeError;

use crate::event::{Descriptor, Event};
use crate::words::UpcastError;

/// An older version of an event `E`, and how a payload of it becomes an `E`.
///
/// Generated code lists them in [`Event::OLDER`].
pub struct Older<E> {
    about: &'static Descriptor,
    read: fn(&[u8]) -> Result<E, ReadError>,
}

impl<E> Older<E> {
    /// The version that `Old` is.
    #[must_use]
    pub const fn new<Old: Event>(read: fn(&[u8]) -> Result<E, ReadError>) -> Older<E> {
        Older {
            about: Old::DESCRIPTOR,
            read,
        }
    }

    /// Everything that is known of the version.
    #[must_use]
    pub const fn about(&self) -> &'static Descriptor {
        self.about
    }

    /// Reads a payload in the version's own encoding.
    ///
    /// # Errors
    ///
    /// The bytes are no payload of that version, or the value has no place in the newest.
    pub fn read(&self, payload: &[u8]) -> Result<E, ReadError> {
        (self.read)(payload)
    }
}

impl<E> Clone for Older<E> {
    fn clone(&self) -> Older<E> {
        *self
    }
}

impl<E> Copy for Older<E> {}

impl<E> fmt::Debug for Older<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Older")
            .field("event_type", &self.about.event_type)
            .field("version", &self.about.version)
            .finish_non_exhaustive()
    }
}

/// Why a payload did not become an event. It never holds the value.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes are not what the schema says.
    Decode(DecodeError),
    /// A value of an older version has no place in the newest.
    Upcast(UpcastError),
}

impl From<DecodeError> for ReadError {
    fn from(error: DecodeError) -> ReadError {
        ReadError::Decode(error)
    }
}

impl From<UpcastError> for ReadError {
    fn from(error: UpcastError) -> ReadError {
        ReadError::Upcast(error)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Decode(error) => error.fmt(f),
            ReadError::Upcast(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReadError::Decode(error) => Some(error),
            ReadError::Upcast(error) => Some(error),
        }
    }
}

//! Texts of records: bytes, until somebody wants the text. Most are only compared, or kept.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// A text that a record says. That it is one was found out when it was taken from there.
#[derive(Clone)]
pub(crate) struct Word<'r>(Cow<'r, [u8]>);

impl<'r> Word<'r> {
    /// What is said here, if it is a text and not an empty one; where it is known to be `plain`, nobody looks.
    #[inline]
    pub(crate) fn said(bytes: &'r [u8], plain: bool) -> Option<Word<'r>> {
        let is_text = !bytes.is_empty() && (plain || str::from_utf8(bytes).is_ok());
        is_text.then_some(Word(Cow::Borrowed(bytes)))
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Those of one that may not be there.
    #[inline]
    pub(crate) fn bytes_of<'w>(word: &'w Option<Word<'_>>) -> &'w [u8] {
        word.as_ref().map_or(&[], Word::bytes)
    }

    /// The text.
    pub(crate) fn into_text(self) -> Cow<'r, str> {
        match self.0 {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => String::from_utf8(bytes).unwrap_or_default().into(),
        }
    }
}

impl<'r> From<Cow<'r, str>> for Word<'r> {
    fn from(text: Cow<'r, str>) -> Word<'r> {
        Word(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        })
    }
}

impl Deref for Word<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

//! Texts of a context: short ones, as most ids are, lie in it, so that none is asked of the allocator.

use std::ops::Deref;
use std::sync::Arc;

/// What lies in the text itself: a UUID behind a prefix of some letters fits.
const SHORT: usize = 46;

/// A text that does not change.
#[derive(Clone)]
pub(crate) struct Text(Form);

#[derive(Clone)]
enum Form {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Arc<str>),
}

impl From<&str> for Text {
    #[inline]
    fn from(text: &str) -> Text {
        let mut bytes = [0; SHORT];
        let room = bytes.get_mut(..text.len());
        Text(match (room, u8::try_from(text.len())) {
            (Some(room), Ok(length)) => {
                room.copy_from_slice(text.as_bytes());
                Form::Short { length, bytes }
            }
            _ => Form::Long(text.into()),
        })
    }
}

impl Deref for Text {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match &self.0 {
            Form::Short { length, bytes } => {
                let text = bytes.get(..usize::from(*length)).unwrap_or_default();
                // It was a text when it was put there.
                str::from_utf8(text).unwrap_or_default()
            }
            Form::Long(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_what_they_were() {
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 300] {
            let text = "ü".repeat(length / 2) + &"x".repeat(length % 2);
            assert_eq!(&*Text::from(text.as_str()), text);
        }
    }
}

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

impl Text {
    /// Puts a text in the place of another one; an empty one is none.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn put(place: &mut Option<Text>, text: &[u8]) {
        if let Some(Text(Form::Short { length, bytes })) = place
            && let Some(room) = bytes.get_mut(..text.len())
            && !text.is_empty()
            && let Ok(new) = u8::try_from(text.len())
        {
            room.copy_from_slice(text);
            *length = new;
        } else if place.is_some() || !text.is_empty() {
            Text::renew(place, text);
        }
    }

    #[cfg(feature = "tokio")]
    #[inline(never)]
    fn renew(place: &mut Option<Text>, text: &[u8]) {
        let text = str::from_utf8(text).unwrap_or_default();
        *place = (!text.is_empty()).then(|| Text::from(text));
    }

    /// Its bytes: to say that they are text takes longer than to copy them.
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Form::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Form::Long(text) => text.as_bytes(),
        }
    }
}

impl Deref for Text {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match &self.0 {
            // It was a text when it was put there.
            Form::Short { .. } => str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Form::Long(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "tokio")]
    #[test]
    fn a_text_takes_the_place_of_another() {
        let long = "x".repeat(SHORT + 1);
        let mut place = None;
        for text in [
            "one",
            "",
            "two three",
            "four",
            &long,
            "five",
            &long[1..],
            "",
        ] {
            Text::put(&mut place, text.as_bytes());
            let now = place.as_deref();
            assert_eq!(now, Some(text).filter(|text| !text.is_empty()));
        }
    }

    #[test]
    fn texts_of_any_length_are_what_they_were() {
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 300] {
            let text = "ü".repeat(length / 2) + &"x".repeat(length % 2);
            assert_eq!(&*Text::from(text.as_str()), text);
        }
    }
}

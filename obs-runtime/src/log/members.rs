//! The fields of a call or a span of `tracing`, as members of an object.

use std::fmt::{self, Write as _};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use obs_schema::wire::json::Writer;
use tracing::field::{Field, Visit};

use crate::tell::Said;

/// How many bytes of a text or a `Debug` form are shown.
pub(super) const TEXT_LIMIT: usize = 16 * 1024;

/// What follows a text that is longer.
const CUT: &str = "…";

/// What follows the `Debug` form of a value that has panicked on the way.
const PANICKED: &str = "… (its Debug panicked)";

/// Names and values, in the order in which they came; each name once.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// The values as JSON, one behind the other.
    values: Vec<u8>,
    /// Each name, and where its value ends.
    names: Vec<(&'static str, usize)>,
}

impl Members {
    pub(super) const NEW: Members = Members {
        values: Vec::new(),
        names: Vec::new(),
    };

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.names.clear();
    }

    /// How many bytes it keeps for the next time.
    pub(super) fn capacity(&self) -> usize {
        self.values.capacity()
    }

    /// Names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let mut start = 0;
        self.names.iter().map(move |(name, end)| {
            let value = &self.values[mem::replace(&mut start, *end)..*end];
            (*name, value)
        })
    }

    /// The value under a name.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(known, _)| *known == name).map(|it| it.1)
    }

    /// Adds those of a span further out: what is said already stays.
    pub(super) fn inherit(&mut self, outer: &Members) {
        for (name, value) in outer.iter() {
            if self.names.iter().all(|(known, _)| *known != name) {
                self.values.extend_from_slice(value);
                self.names.push((name, self.values.len()));
            }
        }
    }

    /// These in place of what was said before of the same names.
    pub(super) fn replaced_by(&mut self, mut new: Members) {
        new.inherit(self);
        *self = new;
    }

    fn add(&mut self, field: &Field, write: impl FnOnce(&mut Writer)) {
        let mut writer = Writer::on(mem::take(&mut self.values));
        write(&mut writer);
        // Nothing here is refused.
        let _ = writer.finish_into(&mut self.values);
        self.names.push((field.name(), self.values.len()));
    }

    fn said(&mut self, field: &Field, said: Said<'_>) {
        self.add(field, |writer| said.write(writer));
    }
}

impl Visit for Members {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.said(field, Said::Float(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.said(field, Said::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.said(field, Said::Uint(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.said(field, Said::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if value.len() <= TEXT_LIMIT {
            return self.said(field, Said::Text(value));
        }
        self.add(field, |writer| {
            writer.raw("\"");
            // What does not fit is refused, and that is meant.
            let _ = Text::new(writer).write_str(value);
            writer.raw("\"");
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, |writer| {
            writer.raw("\"");
            let mut text = Text::new(writer);
            // A line says what it can, and a log call does not bring its caller down.
            let written = catch_unwind(AssertUnwindSafe(|| write!(text, "{value:?}")));
            writer.raw(if written.is_err() { PANICKED } else { "" });
            writer.raw("\"");
        });
    }
}

/// The inside of a string, of bounded length.
struct Text<'w> {
    writer: &'w mut Writer,
    room: usize,
}

impl Text<'_> {
    fn new(writer: &mut Writer) -> Text<'_> {
        Text {
            writer,
            room: TEXT_LIMIT,
        }
    }
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() <= self.room {
            self.room -= text.len();
            self.writer.text(text);
            return Ok(());
        }
        if self.room > 0 {
            let mut fits = (0..=self.room).rev();
            let end = fits.find(|at| text.is_char_boundary(*at));
            self.writer.text(&text[..end.unwrap_or_default()]);
            self.writer.raw(CUT);
            self.room = 0;
        }
        Err(fmt::Error)
    }
}

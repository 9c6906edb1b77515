//! What the attribute of a function tells of a call.

use obs_schema::wire::json::Writer;

use super::Text;
use crate::context::SpanContext;
use crate::metric::{self, Signal};
use crate::span::Open;
use crate::tell::{Said, Telling};

/// Takes what is told of a call: for its span, and for its log line.
#[derive(Debug)]
pub struct Teller<'a> {
    pub(super) span: Option<&'a Open>,
    pub(super) line: Option<&'a mut Context>,
}

/// The members of a line's `context`.
#[derive(Debug)]
pub(super) struct Context {
    members: Writer,
    first: bool,
}

impl Context {
    pub(super) fn new() -> Context {
        Context {
            members: Writer::new(),
            first: true,
        }
    }

    /// `,"context":{…}`, if there is anything in it.
    pub(super) fn write(self, w: &mut Writer) {
        let members = self.members.finish().unwrap_or_default();
        if !members.is_empty() {
            w.raw(",\"context\":{");
            w.raw_bytes(&members);
            w.raw("}");
        }
    }
}

impl Teller<'_> {
    /// A value by itself. What is sensitive is left out: nobody has said in which form it may leave.
    pub fn tell<T: Telling + ?Sized>(&mut self, name: &'static str, value: &T) {
        value.tell(&mut |said, sensitive| {
            if sensitive {
                metric::redaction_failed(Signal::Spans);
            } else {
                self.said(name, said);
            }
        });
    }

    /// A value as it is shown.
    pub fn show(&mut self, name: &'static str, value: Option<Text<'_>>) {
        if let Some(value) = value {
            self.said(name, Said::Text(&value.to_string()));
        }
    }

    /// Another span that this one has to do with, beside its parent.
    pub fn link(&mut self, to: impl Into<Option<SpanContext>>) {
        if let (Some(span), Some(to)) = (self.span, to.into()) {
            span.say(|attributes| attributes.link(to, &[]));
        }
    }

    fn said(&mut self, name: &'static str, said: Said<'_>) {
        if let Some(span) = self.span {
            span.say(|attributes| attributes.attribute(name, said));
        }
        if let Some(Context { members, first }) = &mut self.line {
            members.name(first, name);
            said.write(members);
        }
    }
}

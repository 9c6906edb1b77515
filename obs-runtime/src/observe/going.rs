//! A call with all there may be of one, and how any call ends.

use std::fmt;
use std::sync::Arc;

use super::line::{Lines, Told};
use super::{Site, Teller, Text, Verdict, teller};
use crate::clock::{self, Look, Moment};
use crate::context::{Context, SpanContext};
use crate::init::panics;
use crate::metric::{Operation, Outcome};
use crate::span::{self, Failure, Inside};
use crate::switch;

/// How a call has ended, just now.
pub(super) struct Ending<'r> {
    pub(super) at: Look,
    pub(super) outcome: Outcome,
    pub(super) failure: Option<Failure<'r>>,
    /// What the error says.
    pub(super) error: Option<Text<'r>>,
}

impl<'r> Ending<'r> {
    #[inline]
    pub(super) fn fine(at: Look) -> Ending<'static> {
        Ending {
            at,
            outcome: Outcome::Ok,
            failure: None,
            error: None,
        }
    }

    pub(super) fn new(outcome: Outcome, failure: Failure<'r>) -> Ending<'r> {
        Ending {
            failure: Some(failure),
            outcome,
            ..Ending::fine(clock::look())
        }
    }

    /// Only errors have names: how else it may end is known.
    #[inline]
    pub(super) fn error_name(&self) -> Option<&'static str> {
        let failure = self.failure.filter(|_| self.outcome == Outcome::Error);
        failure.map(|failure| failure.error_type)
    }
}

/// Where a call is counted.
#[derive(Debug)]
pub(super) enum Cells {
    Program(&'static Operation),
    /// A test wants to know.
    Test(Arc<Operation>),
}

impl std::ops::Deref for Cells {
    type Target = Operation;

    #[inline]
    fn deref(&self) -> &Operation {
        match self {
            Cells::Program(operation) => operation,
            Cells::Test(operation) => operation,
        }
    }
}

/// A call that goes on, with all there may be of one. It is large, so nothing here moves it; who has it ends it once.
#[derive(Debug)]
pub(super) struct Going {
    site: &'static Site,
    /// Which of the series its labels make.
    series: usize,
    start: Moment,
    span: Option<span::Open>,
    cells: Option<Cells>,
    /// What its log line says beside what is known of all calls.
    context: Option<teller::Context>,
}

impl Going {
    /// Nothing begins where nobody wants to know.
    pub(super) fn begin(
        site: &'static Site,
        parent: Option<&Context>,
        series: usize,
    ) -> Option<Going> {
        if !switch::is_on() {
            return None;
        }
        let start = clock::now();
        let mut going = Going {
            site,
            series,
            start,
            span: None,
            cells: None,
            context: None,
        };
        match parent {
            Some(parent) => going.set_out(parent),
            None => Context::look(|cx| going.set_out(cx)),
        }
        Some(going)
    }

    pub(super) fn begin_with(
        site: &'static Site,
        parent: Option<&Context>,
        series: usize,
        say: &mut dyn FnMut(&mut Teller<'_>),
    ) -> Option<Going> {
        let mut going = Going::begin(site, parent, series);
        if let Some(going) = &mut going {
            going.tell(say);
        }
        going
    }

    /// One that has begun with less, in this context and with this inside of it.
    pub(super) fn of(
        site: &'static Site,
        series: usize,
        inside: Inside,
        around: &Context,
        made: Context,
    ) -> Going {
        Going {
            site,
            series,
            start: inside.start.moment(),
            span: Some(span::Open::of(inside, around, made)),
            cells: site.operation().map(Cells::Program),
            context: None,
        }
    }

    fn set_out(&mut self, cx: &Context) {
        if !cfg!(feature = "off-spans") {
            self.span = Some(span::Open::begin(&self.site.span, cx, self.start));
        }
        self.cells = self.site.cells(cx);
        if let Some(cells) = &self.cells {
            cells.started(self.series);
        }
    }

    /// Asks for what is to be told, if anybody listens. It is code of the user's, so nothing is held.
    pub(super) fn tell(&mut self, say: &mut dyn FnMut(&mut Teller<'_>)) {
        let wanted = |lines: &Lines| self.within(|cx| lines.wanted(cx));
        let line = self.site.lines.as_ref().is_some_and(wanted);
        let span = self.span.as_ref().filter(|span| span.listens());
        if line || span.is_some() {
            let line = line.then(|| &mut *self.context.get_or_insert_with(teller::Context::new));
            say(&mut Teller { span, line });
        }
    }

    /// What is going on inside of it, if it is a span.
    #[inline]
    pub(super) fn context(&self) -> Option<&Context> {
        self.span.as_ref().map(span::Open::context)
    }

    /// The same, or what is going on around it.
    fn within<R>(&self, look: impl FnOnce(&Context) -> R) -> R {
        match self.context() {
            Some(cx) => look(cx),
            None => Context::look(look),
        }
    }

    fn end(&mut self, outcome: Outcome, failure: Option<Failure<'_>>, error: Option<Text<'_>>) {
        let end = clock::now();
        let nanos = end.nanos_since(self.start);
        let error_type = failure.map(|failure| failure.error_type);
        let left: Option<SpanContext> = self
            .span
            .as_mut()
            .and_then(|span| span.end_at(end, failure));
        if let Some(cells) = &self.cells {
            // Only errors have names: how else it may end is known.
            let error = error_type.filter(|_| outcome == Outcome::Error);
            cells.ended(
                self.series,
                outcome,
                error,
                nanos,
                left.map(|span| (span, end)),
            );
        }
        if let Some(lines) = &self.site.lines {
            let context = self.context.take();
            let told = Told {
                name: self.site.span.name(),
                end,
                nanos,
                outcome,
                error_type,
                error,
                context,
            };
            self.within(|cx| lines.write(cx, cx.span(), told));
        }
    }

    pub(super) fn ended(&mut self, verdict: &Verdict<'_>) {
        if let Some(cells) = &self.cells {
            cells.know(verdict.names);
        }
        let text = verdict.text.as_ref();
        match verdict.failed {
            None => self.end(Outcome::Ok, None, None),
            Some(failed) => self.end(Outcome::Error, Some(failed.failure(text)), verdict.text),
        }
    }

    #[cold]
    pub(super) fn panicked(&mut self) {
        fallen(|failure| self.end(Outcome::Panic, Some(failure), None));
    }

    #[cold]
    pub(super) fn cancelled(&mut self) {
        self.end(Outcome::Cancelled, Some(Failure::CANCELLED), None);
    }
}

/// Tells of a call that fell, with what the panic said as far as that is known.
#[cold]
pub(super) fn fallen(tell: impl FnOnce(Failure<'_>)) {
    let said = panics::said();
    tell(Failure {
        error_type: Outcome::Panic.as_str(),
        exception: "panic",
        message: said.as_ref().map(|said| said as &dyn fmt::Display),
    });
}

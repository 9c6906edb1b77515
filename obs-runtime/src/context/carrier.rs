//! Carrying a context from one program to the next, over anything that has names and values.

use std::collections::HashMap;
use std::hash::BuildHasher;

use super::{Context, baggage, traceparent};
use crate::bus::Headers;

/// What a context is read from. Names are looked up without regard to case.
///
/// Other carriers are two lines away; for the header map of the crate `http`, or the metadata of `tonic`:
///
/// ```text
/// fn each(&self, name: &str, see: &mut dyn FnMut(&[u8])) {
///     self.0.get_all(name).iter().for_each(|value| see(value.as_bytes()));
/// }
/// ```
pub trait Extract {
    /// Looks at each value of this name, in order. They need not be text.
    fn each(&self, name: &str, see: &mut dyn FnMut(&[u8]));
}

/// What a context is written to. Names are of lower case, which is what gRPC asks for; values are text without control
/// characters.
pub trait Inject {
    /// Sets a value, in place of what is there.
    fn set(&mut self, name: &'static str, value: &str);
}

impl<V: AsRef<[u8]>, S> Extract for HashMap<String, V, S> {
    fn each(&self, name: &str, see: &mut dyn FnMut(&[u8])) {
        for (key, value) in self {
            if key.eq_ignore_ascii_case(name) {
                see(value.as_ref());
            }
        }
    }
}

impl<V: From<String>, S: BuildHasher> Inject for HashMap<String, V, S> {
    fn set(&mut self, name: &'static str, value: &str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
        self.insert(name.to_owned(), V::from(value.to_owned()));
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Extract for Vec<(N, V)> {
    fn each(&self, name: &str, see: &mut dyn FnMut(&[u8])) {
        for (key, value) in self {
            if key.as_ref().eq_ignore_ascii_case(name) {
                see(value.as_ref());
            }
        }
    }
}

impl<N: AsRef<str> + From<&'static str>, V: From<String>> Inject for Vec<(N, V)> {
    fn set(&mut self, name: &'static str, value: &str) {
        self.retain(|(key, _)| !key.as_ref().eq_ignore_ascii_case(name));
        self.push((N::from(name), V::from(value.to_owned())));
    }
}

/// The headers of a message.
impl Extract for Headers<'_> {
    fn each(&self, name: &str, see: &mut dyn FnMut(&[u8])) {
        for header in *self {
            if header.name.eq_ignore_ascii_case(name) {
                see(header.value);
            }
        }
    }
}

/// Bytes of an id, at most: whoever calls us cannot make our headers and log lines grow.
const ID_BYTES: usize = 256;

/// How an id becomes part of a context.
type With = fn(Context, &str) -> Context;

impl Context {
    /// The context that another program has sent.
    ///
    /// Whatever is missing or not well formed is left out, and nothing is an error. Two different `traceparent`s are
    /// none.
    ///
    /// ```
    /// use obs_runtime::Context;
    ///
    /// let headers = vec![
    ///     ("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ///     ("correlation-id", "order-7"),
    /// ];
    /// let context = Context::extract(&headers);
    /// assert!(context.span().is_some_and(|span| span.remote && span.sampled));
    /// assert_eq!(context.correlation(), Some("order-7"));
    /// ```
    #[must_use]
    pub fn extract(carrier: &impl Extract) -> Context {
        let mut context = Context::NONE;
        let mut parents = 0;
        let mut parent = None;
        carrier.each("traceparent", &mut |value| {
            let span = traceparent::parse(value.trim_ascii());
            parents += u32::from(parents == 0 || span != parent);
            parent = span;
        });
        if let (1, Some(span)) = (parents, parent) {
            context = context.with_span(span);
            let joined = joined(carrier, "tracestate");
            if let Some(state) = traceparent::state(&joined) {
                context = context.with_trace_state(state);
            }
        }
        let mut members = baggage::Members::new();
        baggage::parse(&joined(carrier, "baggage"), &mut members);
        if !members.is_empty() {
            context = context.with(|parts| parts.baggage = members.into());
        }
        let ids: [(&str, With); 4] = [
            ("correlation-id", Context::with_correlation),
            ("causation-id", Context::with_causation),
            ("conversation-id", Context::with_conversation),
            ("tenant-id", Context::with_tenant),
        ];
        for (name, with) in ids {
            let mut found = None;
            carrier.each(name, &mut |value| {
                if found.is_none() {
                    found = id(value).map(str::to_owned);
                }
            });
            if let Some(id) = found {
                context = with(context, &id);
            }
        }
        context
    }

    /// Writes the context for another program. Of the baggage only what is allowed by name leaves.
    ///
    /// ```
    /// use obs_runtime::Context;
    /// use std::collections::HashMap;
    ///
    /// let context = Context::NONE.with_correlation("order-7").with_baggage("user", "ada").with_baggage("tier", "gold");
    /// let mut headers: HashMap<String, String> = HashMap::new();
    /// context.inject(&mut headers, &["tier"]);
    /// assert_eq!(headers["correlation-id"], "order-7");
    /// assert_eq!(headers["baggage"], "tier=gold");
    /// ```
    pub fn inject(&self, carrier: &mut impl Inject, allowed: &[&str]) {
        let Some(parts) = self.parts() else {
            return;
        };
        if let Some(span) = &parts.span {
            // All of it is ASCII.
            if let Ok(text) = std::str::from_utf8(&traceparent::write(span)) {
                carrier.set("traceparent", text);
            }
            // What the program itself made up is looked at here.
            if let Some(state) = parts.state.as_deref().and_then(traceparent::state) {
                carrier.set("tracestate", state);
            }
        }
        let mut baggage = String::new();
        baggage::write(&parts.baggage, allowed, &mut baggage);
        if !baggage.is_empty() {
            carrier.set("baggage", &baggage);
        }
        for (name, value) in [
            ("correlation-id", &parts.correlation),
            ("causation-id", &parts.causation),
            ("conversation-id", &parts.conversation),
            ("tenant-id", &parts.tenant),
        ] {
            if let Some(value) = value.as_deref().and_then(|value| id(value.as_bytes())) {
                carrier.set(name, value);
            }
        }
    }
}

/// All values of a name that are text, as one list.
fn joined(carrier: &impl Extract, name: &str) -> String {
    let mut all = String::new();
    carrier.each(name, &mut |value| {
        if let Ok(value) = std::str::from_utf8(value) {
            if !all.is_empty() {
                all.push(',');
            }
            all.push_str(value);
        }
    });
    all
}

/// An id that may stand in a header: it would end the header if it held a line break.
fn id(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let fits = !text.is_empty() && text.len() <= ID_BYTES && !text.chars().any(char::is_control);
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Header;
    use crate::context::SpanContext;
    use crate::ids::{SpanId, TraceId};

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const OTHER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01";

    fn full() -> Context {
        Context::NONE
            .with_span(SpanContext {
                trace: TraceId::random(),
                span: SpanId::random(),
                sampled: true,
                remote: true,
            })
            .with_trace_state("a=1,b=2")
            .with_correlation("c")
            .with_causation("d")
            .with_conversation("e")
            .with_tenant("t")
            .with_baggage("tier", "gold, mostly")
            .with_baggage("user", "ada")
    }

    /// Everything a carrier took over.
    fn facts(context: &Context) -> Vec<Option<String>> {
        let mut facts: Vec<_> = [
            context.trace_state(),
            context.correlation(),
            context.causation(),
            context.conversation(),
            context.tenant(),
            context.baggage("tier"),
            context.baggage("user"),
        ]
        .map(|fact| fact.map(str::to_owned))
        .into();
        facts.push(context.span().map(|span| format!("{span:?}")));
        facts
    }

    fn round<C: Inject + Extract + Default>(context: &Context) -> Context {
        let mut carrier = C::default();
        // Twice: a value replaces, it does not pile up.
        full().inject(&mut carrier, &["tier", "user"]);
        context.inject(&mut carrier, &["tier"]);
        Context::extract(&carrier)
    }

    #[test]
    fn each_carrier_takes_everything_that_is_allowed() {
        let context = full();
        let mut expected = facts(&context);
        expected[6] = None;
        for found in [
            round::<HashMap<String, String>>(&context),
            round::<HashMap<String, Vec<u8>>>(&context),
            round::<Vec<(String, String)>>(&context),
            round::<Vec<(&'static str, Vec<u8>)>>(&context),
        ] {
            assert_eq!(facts(&found), expected);
        }
        let mut sent: Vec<(String, Vec<u8>)> = Vec::new();
        context.inject(&mut sent, &["tier"]);
        let headers: Vec<Header<'_>> = sent
            .iter()
            .map(|(name, value)| Header { name, value })
            .collect();
        assert_eq!(
            facts(&Context::extract(&Headers::from(&headers[..]))),
            expected
        );
    }

    #[test]
    fn what_is_not_well_formed_is_left_out() {
        let state = |pairs: &[(&'static str, &'static [u8])]| {
            let context = Context::extract(&pairs.to_vec());
            (
                context.span().is_some(),
                context.trace_state().map(str::to_owned),
                context.correlation().map(str::to_owned),
            )
        };
        let some = |text: &str| Some(text.to_owned());
        let parent = ("traceparent", PARENT.as_bytes());
        for (pairs, expected) in [
            (&[parent][..], (true, None, None)),
            (&[parent, parent], (true, None, None)),
            (
                &[parent, ("TraceParent", OTHER.as_bytes())],
                (false, None, None),
            ),
            (&[("traceparent", b"\xff"), parent], (false, None, None)),
            (
                &[parent, ("tracestate", b"a=1"), ("tracestate", b"b=2")],
                (true, some("a=1,b=2"), None),
            ),
            (&[parent, ("tracestate", b"nonsense")], (true, None, None)),
            (&[("tracestate", b"a=1")], (false, None, None)),
            (
                &[
                    ("correlation-id", b"\xff"),
                    ("Correlation-Id", b"x"),
                    ("correlation-id", b"y"),
                ],
                (false, None, some("x")),
            ),
            (&[("correlation-id", b"a\r\nb: c")], (false, None, None)),
            (&[("correlation-id", b" ")], (false, None, None)),
            (&[("correlation-id", &[b'x'; 257])], (false, None, None)),
        ] {
            assert_eq!(state(pairs), expected, "{pairs:?}");
        }
    }

    #[test]
    fn nothing_that_would_end_a_header_is_written() {
        let mut sent: Vec<(String, String)> = Vec::new();
        let context = full()
            .with_trace_state("a=1\r\nb: c")
            .with_correlation("a\r\nset-cookie: b")
            .with_tenant("t");
        context.inject(&mut sent, &[]);
        let names: Vec<&str> = sent.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "traceparent",
                "causation-id",
                "conversation-id",
                "tenant-id"
            ]
        );
        assert!(
            sent.iter()
                .all(|(_, value)| !value.contains(char::is_control))
        );
    }
}

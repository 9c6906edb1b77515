//! Messages of other writers: decoded by a plan that is compiled once for each writer's schema.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

use obs_schema::avro::fingerprint::rabin;
use obs_schema::avro::plan::Plan;
use obs_schema::avro::{Schema, canonical, read_text};
use obs_schema::table::joined;
use obs_schema::wire::avro::Reader;
use obs_schema::wire::{DecodeError, Limits};

use crate::codec::AvroCodec;
use crate::event::{Descriptor, Event};

/// Reads Avro messages of any writer's schema as one type of event.
///
/// A writer is known by the fingerprint of its schema. Those of the program's own specs are given when the resolver
/// is made; others are registered when they are first met, with the text that a registry has. A symbol that the
/// event's schema does not have becomes the enum's default, or its `Unrecognised`.
///
/// ```
/// use obs_runtime::{AvroCodec, DecodeError, Event, ResolveError, Resolver};
///
/// fn read<E: Event + AvroCodec>(
///     resolver: &Resolver<E>,
///     fingerprint: u64,
///     body: &[u8],
///     fetch: impl FnOnce(u64) -> String,
/// ) -> Result<E, ResolveError> {
///     if !resolver.knows(fingerprint) {
///         resolver.register(&fetch(fingerprint))?;
///     }
///     resolver.decode(fingerprint, body)
/// }
/// ```
pub struct Resolver<E> {
    known: &'static [&'static Descriptor],
    /// In the order of fingerprints.
    plans: RwLock<Vec<(u64, Arc<Plan>)>>,
    event: PhantomData<fn() -> E>,
}

impl<E: Event + AvroCodec> Resolver<E> {
    /// A resolver that knows these writers beside the event itself: older and newer versions.
    #[must_use]
    pub const fn new(known: &'static [&'static Descriptor]) -> Resolver<E> {
        Resolver {
            known,
            plans: RwLock::new(Vec::new()),
            event: PhantomData,
        }
    }

    /// Whether messages of this writer can be decoded now.
    #[must_use]
    pub fn knows(&self, fingerprint: u64) -> bool {
        fingerprint == E::DESCRIPTOR.rabin
            || self.known(fingerprint).is_some()
            || self.cached(fingerprint).is_some()
    }

    /// Gets to know a writer by the text of its schema, and gives its fingerprint.
    ///
    /// # Errors
    ///
    /// The text is no schema, or no value of it can be a value of the event.
    pub fn register(&self, schema: &str) -> Result<u64, ResolveError> {
        let (fingerprint, plan) = compile(schema, E::DESCRIPTOR.schema)?;
        self.keep(fingerprint, plan);
        Ok(fingerprint)
    }

    /// Decodes a message that was written with the schema of this fingerprint.
    ///
    /// # Errors
    ///
    /// The writer is not known, the bytes are not of its schema, or the event's schema has no such value.
    pub fn decode(&self, fingerprint: u64, body: &[u8]) -> Result<E, ResolveError> {
        self.decode_within(fingerprint, body, Limits::DEFAULT)
    }

    /// As [`Resolver::decode`], within limits.
    ///
    /// # Errors
    ///
    /// As [`Resolver::decode`]; also a message beyond the limits.
    pub fn decode_within(
        &self,
        fingerprint: u64,
        body: &[u8],
        limits: Limits,
    ) -> Result<E, ResolveError> {
        if fingerprint == E::DESCRIPTOR.rabin {
            return Ok(E::decode_avro_within(body, limits)?);
        }
        let plan = self.plan(fingerprint)?;
        if plan.is_identity() {
            return Ok(E::decode_avro_within(body, limits)?);
        }
        let mut resolved = Vec::with_capacity(body.len() + 64);
        plan.run_within(body, &mut resolved, limits)?;
        let mut reader = Reader::with_limits(&resolved, limits);
        if plan.passes_symbols() {
            reader = reader.resolved();
        }
        let event = E::read_avro(&mut reader)?;
        reader.finish()?;
        Ok(event)
    }

    fn plan(&self, fingerprint: u64) -> Result<Arc<Plan>, ResolveError> {
        if let Some(plan) = self.cached(fingerprint) {
            return Ok(plan);
        }
        let writer = self
            .known(fingerprint)
            .ok_or(ResolveError::UnknownWriter(fingerprint))?;
        let (_, plan) = compile(writer.schema, E::DESCRIPTOR.schema)?;
        Ok(self.keep(fingerprint, plan))
    }

    fn known(&self, fingerprint: u64) -> Option<&'static Descriptor> {
        self.known
            .iter()
            .copied()
            .find(|writer| writer.rabin == fingerprint)
    }

    // Nothing in the map is ever half written, so a poisoned lock guards a sound one.

    fn cached(&self, fingerprint: u64) -> Option<Arc<Plan>> {
        let plans = self.plans.read().unwrap_or_else(PoisonError::into_inner);
        let place = place(&plans, fingerprint).ok()?;
        Some(Arc::clone(&plans[place].1))
    }

    fn keep(&self, fingerprint: u64, plan: Plan) -> Arc<Plan> {
        let plan = Arc::new(plan);
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        let entry = (fingerprint, Arc::clone(&plan));
        match place(&plans, fingerprint) {
            Ok(place) => plans[place] = entry,
            Err(place) => plans.insert(place, entry),
        }
        plan
    }
}

/// Where the plan of a writer is, or would be.
fn place(plans: &[(u64, Arc<Plan>)], fingerprint: u64) -> Result<usize, usize> {
    plans.binary_search_by_key(&fingerprint, |(known, _)| *known)
}

impl<E: Event> fmt::Debug for Resolver<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("event_type", &E::DESCRIPTOR.event_type)
            .field("version", &E::DESCRIPTOR.version)
            .finish_non_exhaustive()
    }
}

/// A plan from one schema text to another, and the fingerprint of the first.
fn compile(writer: &str, reader: &str) -> Result<(u64, Plan), ResolveError> {
    let read = |text: &str| match read_text(text) {
        Ok(set) => Ok(set),
        Err(found) => {
            let first = found.first();
            let why = first.map_or("", |first| &first.message);
            Err(ResolveError::NoSchema(why.to_owned()))
        }
    };
    let (writer, reader) = (read(writer)?, read(reader)?);
    let mut roots = writer.documents.iter();
    let root = roots.find_map(|document| document.root.as_ref());
    let (Some(root), Some(reader)) = (root, Schema::of_set(&reader)) else {
        let nothing = "the text stands for no type";
        return Err(ResolveError::NoSchema(nothing.to_owned()));
    };
    match Plan::lenient(Schema::of_type(&writer, root), reader) {
        Ok(plan) => Ok((rabin(canonical::of(&writer, root).as_bytes()), plan)),
        Err(found) => {
            let mut reasons = Vec::with_capacity(found.len());
            for found in &found {
                reasons.push(found.reason.clone());
            }
            Err(ResolveError::Incompatible(reasons))
        }
    }
}

/// A message of another writer that did not become an event. It never holds the value.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ResolveError {
    /// Nobody registered a schema with this fingerprint.
    UnknownWriter(u64),
    /// The text is no schema; the clause says why.
    NoSchema(String),
    /// No value of the writer's schema can be a value of the event, and these are the reasons.
    Incompatible(Vec<String>),
    /// The bytes are not of the writer's schema, or the event's schema has no such value.
    Decode(DecodeError),
}

impl From<DecodeError> for ResolveError {
    fn from(error: DecodeError) -> ResolveError {
        ResolveError::Decode(error)
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResolveError::UnknownWriter(fingerprint) => {
                write!(f, "no schema with fingerprint {fingerprint:016x} is known")
            }
            ResolveError::NoSchema(why) => write!(f, "the writer's schema cannot be read: {why}"),
            ResolveError::Incompatible(reasons) => {
                write!(f, "the schemas do not resolve: {}", joined(reasons, "; "))
            }
            ResolveError::Decode(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ResolveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ResolveError::Decode(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::AvroBody;
    use crate::validate::{Checker, Validate};
    use obs_schema::wire::avro::{Symbol, Writer};

    /// `v2`: a field renamed with an alias, one widened, one new, an enum that is open.
    const READER: &str = r#"{"type": "record", "name": "Order", "namespace": "a", "fields": [
        {"name": "sku", "type": "string", "aliases": ["article"]},
        {"name": "amount", "type": "long"},
        {"name": "note", "type": "string", "default": "none"},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}}]}"#;
    const OLD: &str = r#"{"type": "record", "name": "Order", "namespace": "a", "fields": [
        {"name": "amount", "type": "int"},
        {"name": "gone", "type": ["null", "string"]},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["B", "A"]}},
        {"name": "article", "type": "string"}]}"#;
    const NEW: &str = r#"{"type": "record", "name": "Order", "namespace": "a", "fields": [
        {"name": "sku", "type": "string"}, {"name": "amount", "type": "long"},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B", "C"]}}]}"#;

    #[derive(Clone, Debug, PartialEq)]
    struct Order {
        sku: String,
        amount: i64,
        note: String,
        kind: Result<usize, String>,
    }

    impl Validate for Order {
        fn check(&self, _: &mut Checker) {}
    }

    impl AvroCodec for Order {
        fn write_avro(&self, w: &mut Writer) {
            w.string(&self.sku);
            w.long(self.amount);
            w.string(&self.note);
            w.index(self.kind.clone().unwrap_or_default());
        }

        fn read_avro(r: &mut Reader<'_>) -> Result<Order, DecodeError> {
            Ok(Order {
                sku: r.string()?,
                amount: r.long()?,
                note: r.string()?,
                kind: match r.symbol(2)? {
                    Symbol::Index(index) => Ok(index),
                    Symbol::Unrecognised(symbol) => Err(symbol),
                },
            })
        }
    }

    static OLD_VERSION: Descriptor = Descriptor {
        schema: OLD,
        rabin: 1,
        ..Descriptor::BLANK
    };

    impl Event for Order {
        const DESCRIPTOR: &'static Descriptor = &Descriptor {
            schema: READER,
            rabin: 2,
            ..Descriptor::BLANK
        };

        type Body = AvroBody;
    }

    fn order(amount: i64, note: &str, kind: Result<usize, String>) -> Order {
        Order {
            sku: "A-1".to_owned(),
            amount,
            note: note.to_owned(),
            kind,
        }
    }

    #[test]
    fn messages_of_every_known_writer_become_events() {
        static RESOLVER: Resolver<Order> = Resolver::new(&[&OLD_VERSION]);
        let own = order(7, "x", Ok(1));
        let mut body = Vec::new();
        own.encode_avro(&mut body).unwrap();
        assert_eq!(RESOLVER.decode(2, &body), Ok(own));

        // -3, null, B, "A-1"
        let old = [5, 0, 0, 6, b'A', b'-', b'1'];
        for _ in 0..2 {
            assert_eq!(RESOLVER.decode(1, &old), Ok(order(-3, "none", Ok(1))));
        }
        assert!(RESOLVER.decode(1, &old[..5]).is_err());
        let limits = Limits {
            max_bytes: 3,
            ..Limits::DEFAULT
        };
        assert!(RESOLVER.decode_within(1, &old, limits).is_err());
    }

    #[test]
    fn writers_are_met_at_run_time() {
        let resolver = Resolver::<Order>::new(&[]);
        assert_eq!(resolver.decode(9, &[]), Err(ResolveError::UnknownWriter(9)));
        let new = resolver.register(NEW).unwrap();
        assert!(resolver.knows(new) && resolver.knows(2) && !resolver.knows(9));
        let body = |kind| [6, b'A', b'-', b'1', 10, kind];
        assert_eq!(resolver.decode(new, &body(2)), Ok(order(5, "none", Ok(1))));
        let unknown = resolver.decode(new, &body(4));
        assert_eq!(unknown, Ok(order(5, "none", Err("C".to_owned()))));
        assert!(resolver.decode(new, &body(6)).is_err());
    }

    #[test]
    fn what_is_no_writer_is_said_so() {
        let resolver = Resolver::<Order>::new(&[]);
        for (text, words) in [
            ("{", "the writer's schema cannot be read: "),
            ("\"string\"", "the schemas do not resolve: "),
            (
                r#"{"type": "enum", "name": "E"}"#,
                "the writer's schema cannot be read: ",
            ),
        ] {
            let error = resolver.register(text).unwrap_err().to_string();
            assert!(
                error.starts_with(words) && error.len() > words.len(),
                "{error}"
            );
        }
    }
}

//! All versions of an event as one type: decoded by fingerprint or version, and brought up to the newest.

use super::paths::{Scope, bare};
use super::printer::{Code, join, lit};
use crate::model::{
    Dialect, Encoding, Event, RustName, TypeDef, TypeId, Upcast, UpcastHow, Version,
};
use obs_schema::table::Numbered;

/// A version with what is said about it.
struct Step<'a> {
    event: &'a Event,
    /// Its payload, by path.
    path: String,
    /// Its variant.
    variant: String,
    /// How it becomes the version after it: that version's place in the list, and how.
    next: Option<(usize, &'a UpcastHow)>,
}

/// All versions of an event that has several.
struct Versions<'a> {
    /// The type that is any of them.
    ident: String,
    event_type: &'a str,
    newest: &'a TypeDef,
    steps: Vec<Step<'a>>,
}

impl<'a> Versions<'a> {
    /// Those of the event whose newest version this type is.
    fn of(scope: &Scope<'a>, id: TypeId) -> Option<Versions<'a>> {
        let events = &scope.model.events;
        let newest = scope.roots.get(&id.number()).copied();
        let newest = newest.filter(|at| events[*at].newest)?;
        let event_type = &events[newest].event_type;
        // Events are sorted by type, then version.
        let older = events[..newest]
            .iter()
            .rev()
            .take_while(|event| event.event_type == *event_type)
            .count();
        let (first, last) = (newest - older, newest + 1);
        // A version that is described twice is complained of elsewhere, and here it is one variant: of the last, which
        // the version after it names as its own.
        let mut steps: Vec<Step<'_>> = Vec::new();
        for event in &events[first..last] {
            if steps
                .last()
                .is_some_and(|step| step.event.version == event.version)
            {
                steps.pop();
            }
            let at = steps.len();
            if let (Some(Upcast { how, .. }), Some(before)) = (&event.upcast, steps.last_mut()) {
                before.next = Some((at, how));
            }
            steps.push(Step {
                event,
                path: scope.named_text(event.ty),
                variant: variant(event.version),
                next: None,
            });
        }
        if steps.len() < 2 {
            return None;
        }
        let newest = scope.model.get(id);
        Some(Versions {
            ident: free(scope, newest, format!("Any{}", bare(&newest.name.ident))),
            event_type,
            newest,
            steps,
        })
    }
}

/// `AnyUserRegistered` and the upcast traits, beside the newest version of an event that has several.
pub(super) fn any(code: &mut Code, scope: &Scope<'_>, id: TypeId) {
    let Some(versions) = Versions::of(scope, id) else {
        return;
    };
    let Versions {
        ident,
        event_type,
        newest,
        steps,
    } = &versions;
    definition(code, scope, ident, event_type, steps);
    decoders(code, scope, ident, event_type, steps, newest);
    for step in steps {
        if let Some((next, UpcastHow::ByHand { reasons })) = step.next {
            upcast_trait(code, scope, newest, event_type, step, &steps[next], reasons);
        }
    }
}

/// How consumers read older versions as the newest: `OLDER`, in its `impl Event`.
pub(super) fn older(code: &mut Code, scope: &Scope<'_>, id: TypeId) {
    let Some(Versions { ident, steps, .. }) = Versions::of(scope, id) else {
        return;
    };
    let obs = scope.obs;
    code.enter(format_args!(
        "const OLDER: &'static [{obs}::Older<Self>] = &["
    ));
    for step in steps.iter().rev().filter(|step| !step.event.newest) {
        let Step { path, variant, .. } = step;
        code.line(format_args!(
            "{obs}::Older::new::<{path}>(|body| {obs}::Ok({ident}::{variant}({obs}::Event::decode_body(body)?).into_latest()?)),"
        ));
    }
    code.leave("];");
}

fn variant(version: Version) -> String {
    format!("V{}_{}_{}", version.major, version.minor, version.patch)
}

/// A name beside the event's that no type of the schema has already.
fn free(scope: &Scope<'_>, ty: &TypeDef, mut ident: String) -> String {
    let taken = |ident: &str| {
        let name = RustName {
            module: ty.name.module.clone(),
            ident: ident.to_owned(),
        };
        scope.model.types.iter().any(|ty| ty.name == name)
    };
    while taken(&ident) {
        ident.push('_');
    }
    ident
}

fn definition(
    code: &mut Code,
    scope: &Scope<'_>,
    ident: &str,
    event_type: &str,
    steps: &[Step<'_>],
) {
    code.blank();
    code.line(format_args!(
        "/// Any version of `{event_type}` that there is a spec of."
    ));
    let all = |has: &dyn Fn(TypeId) -> bool| steps.iter().all(|step| has(step.event.ty));
    let mut derives = vec!["Clone", "Debug", "PartialEq"];
    if all(&|id| scope.traits.eq(id)) {
        derives.push("Eq");
    }
    code.line(format_args!("#[derive({})]", derives.join(", ")));
    code.open(format_args!("pub enum {ident}"));
    for step in steps {
        code.line(format_args!("/// Version {}.", step.event.version));
        code.line(format_args!("{}({}),", step.variant, step.path));
    }
    code.close();
}

fn decoders(
    code: &mut Code,
    scope: &Scope<'_>,
    ident: &str,
    event_type: &str,
    steps: &[Step<'_>],
    newest: &TypeDef,
) {
    let obs = scope.obs;
    let result = format!("{obs}::Result<Self, {obs}::DecodeError>");
    code.blank();
    code.open(format_args!("impl {ident}"));
    code.raw("/// Schema fingerprint to decoder, the newest version first.");
    code.enter(format_args!(
        "pub const DECODERS: &'static [(u64, fn(&[u8]) -> {result})] = &["
    ));
    for step in steps.iter().rev() {
        let decode = match step.event.encoding {
            Encoding::Avro if scope.has_avro(scope.model.get(step.event.ty)) => {
                decode(step, "decode_avro")
            }
            _ => decode(step, "decode_json"),
        };
        code.line(format_args!(
            "({:#018x}, |body| {decode}),",
            step.event.rabin
        ));
    }
    code.leave("];");

    code.blank();
    code.raw("/// Decodes a body by the fingerprint of the schema it was written with.");
    code.open(format_args!(
        "pub fn decode(fingerprint: u64, body: &[u8]) -> {result}"
    ));
    code.open(format_args!(
        "match Self::DECODERS.iter().find(|decoder| decoder.0 == fingerprint)"
    ));
    code.line(format_args!("{obs}::Some(decoder) => (decoder.1)(body),"));
    let clause = format!("no version of `{event_type}` has this fingerprint");
    code.line(format_args!(
        "{obs}::None => {obs}::Err({obs}::DecodeError::refused({}, 0)),",
        lit(&clause)
    ));
    code.close();
    code.close();

    if steps
        .iter()
        .all(|step| scope.has_json(scope.model.get(step.event.ty)))
    {
        code.blank();
        code.raw("/// Decodes a JSON body by the version that is written beside it.");
        code.open(format_args!(
            "pub fn decode_json(version: &str, body: &[u8]) -> {result}"
        ));
        code.open(format_args!("match version"));
        for step in steps {
            code.line(format_args!(
                "\"{}\" => {},",
                step.event.version,
                decode(step, "decode_json")
            ));
        }
        let clause = format!("no spec describes this version of `{event_type}`");
        code.line(format_args!(
            "_ => {obs}::Err({obs}::DecodeError::refused({}, 0)),",
            lit(&clause)
        ));
        code.close();
        code.close();
    }

    code.blank();
    code.raw("/// `major.minor.patch` of the version this is.");
    code.raw("#[must_use]");
    code.open(format_args!("pub const fn version(&self) -> &'static str"));
    code.open(format_args!("match self"));
    for step in steps {
        code.line(format_args!(
            "Self::{}(_) => \"{}\",",
            step.variant, step.event.version
        ));
    }
    code.close();
    code.close();

    code.blank();
    code.raw("/// The event as the newest version has it, one version at a time.");
    let latest = &newest.name.ident;
    code.open(format_args!(
        "pub fn into_latest(self) -> {obs}::Result<{latest}, {obs}::UpcastError>"
    ));
    code.raw("let mut any = self;");
    code.open(format_args!("loop"));
    code.open(format_args!("any = match any"));
    for step in steps {
        let variant = &step.variant;
        match step.next {
            Some((next, how)) => {
                let after = &steps[next];
                let value = match how {
                    UpcastHow::ByHand { .. } => {
                        format!("{}::upcast(event)?", trait_ident(newest, step, after))
                    }
                    UpcastHow::Derived if derived_by_avro(scope, step, after) => {
                        format!("{obs}::upcast_avro(&event)?")
                    }
                    UpcastHow::Derived => format!("{obs}::upcast_json(&event)?"),
                };
                code.line(format_args!(
                    "Self::{variant}(event) => Self::{}({value}),",
                    after.variant
                ));
            }
            None if step.event.newest => {
                code.line(format_args!(
                    "Self::{variant}(event) => return {obs}::Ok(event),"
                ));
            }
            None => {
                let clause = format!("no way leads on from version {}", step.event.version);
                let error = format!("{obs}::UpcastError::refused({})", lit(&clause));
                code.line(format_args!(
                    "Self::{variant}(_) => return {obs}::Err({error}),"
                ));
            }
        }
    }
    code.leave("};");
    code.close();
    code.close();
    code.close();
}

fn derived_by_avro(scope: &Scope<'_>, step: &Step<'_>, after: &Step<'_>) -> bool {
    let avro =
        |event: &Event| event.dialect == Dialect::Avro && scope.has_avro(scope.model.get(event.ty));
    avro(step.event) && avro(after.event)
}

/// A call of the inherent method every event has.
fn decode(step: &Step<'_>, method: &str) -> String {
    format!("{}::{method}(body).map(Self::{})", step.path, step.variant)
}

/// `UpcastUserRegisteredV1ToV2`, with more of the numbers where the majors are the same.
fn trait_ident(newest: &TypeDef, from: &Step<'_>, to: &Step<'_>) -> String {
    let (a, b) = (from.event.version, to.event.version);
    let ident = bare(&newest.name.ident);
    if a.major == b.major {
        format!("Upcast{ident}{}To{}", variant(a), variant(b))
    } else {
        format!("Upcast{ident}V{}ToV{}", a.major, b.major)
    }
}

fn upcast_trait(
    code: &mut Code,
    scope: &Scope<'_>,
    newest: &TypeDef,
    event_type: &str,
    from: &Step<'_>,
    to: &Step<'_>,
    reasons: &[String],
) {
    let obs = scope.obs;
    let (a, b) = (from.event.version, to.event.version);
    let ident = trait_ident(newest, from, to);
    code.blank();
    code.line(format_args!(
        "/// How `{event_type}` {a} becomes {b}; the schemas do not say:"
    ));
    code.raw("///");
    for reason in reasons {
        code.doc(&format!("- {reason}"));
    }
    code.enter(format_args!("#[diagnostic::on_unimplemented("));
    let message = format!("somebody must say how `{event_type}` {a} becomes {b}");
    code.line(format_args!("message = {},", format_lit(&message)));
    let label = format!("implement `{ident}` for version {a}");
    code.line(format_args!("label = {},", format_lit(&label)));
    for reason in reasons {
        code.line(format_args!("note = {},", format_lit(reason)));
    }
    code.leave(")]");
    code.open(format_args!("pub trait {ident}: ::std::marker::Sized"));
    code.line(format_args!("/// The {a} event as {b} has it."));
    code.line(format_args!(
        "fn upcast(self) -> {obs}::Result<{}, {obs}::UpcastError>;",
        to.path
    ));
    code.close();
}

/// A literal that rustc reads as a format string.
fn format_lit(text: &str) -> String {
    lit(&join(
        text.split('{').map(|part| part.replace('}', "}}")),
        "{{",
    ))
}

//! Events whose author made a mistake.

use super::*;
use crate::event::{Descriptor, FieldInfo, JsonBody, Key};
use crate::tell::Tell;
use crate::validate::{Checker, Validate};
use obs_schema::wire::json::{Reader, Writer};
use obs_schema::wire::{DecodeError, DecodeErrorKind};

/// An event whose author made a mistake, or none.
#[derive(Clone)]
struct Leaky<const HOW: usize>(String);

const TIGHT: usize = 0;
const KEY: usize = 1;
const DEBUG: usize = 2;
const WRONG_FIELD: usize = 3;
const ERROR: usize = 4;
const PLAIN: usize = 5;

impl<const HOW: usize> fmt::Debug for Leaky<HOW> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if HOW == DEBUG { &self.0 } else { "Leaky" })
    }
}

impl<const HOW: usize> Validate for Leaky<HOW> {
    fn check(&self, _: &mut Checker) {}
}

impl<const HOW: usize> JsonCodec for Leaky<HOW> {
    fn write_json(&self, w: &mut Writer) {
        w.raw("{\"token\":");
        w.string(&self.0);
        w.raw("}");
    }

    fn read_json(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let json = r.json()?;
        let token = json.get("token").cloned().unwrap_or_default();
        let said = || match HOW {
            ERROR => token.to_string(),
            _ => "token".to_owned(),
        };
        let text = token.as_str().map(str::to_owned);
        let text =
            text.ok_or_else(|| DecodeError::new(DecodeErrorKind::UnknownMember(said().into()), 0));
        text.map(Leaky)
    }
}

impl<const HOW: usize> Event for Leaky<HOW> {
    const DESCRIPTOR: &'static Descriptor = &Descriptor {
        event_type: "thing.leaked",
        topic: "things",
        schema: if HOW == PLAIN { "{}" } else { SCHEMA },
        fields: &[FieldInfo {
            wire: "note",
            attr: Some("thing.note"),
            log: true,
            ..FieldInfo::BLANK
        }],
        ..Descriptor::BLANK
    };

    type Body = JsonBody;

    fn key(&self) -> Key<'_> {
        match HOW {
            KEY => Key::from(&self.0),
            _ => Key::None,
        }
    }

    fn tell(&self, to: &mut Tell<'_>) {
        if HOW == WRONG_FIELD {
            to.field(0, &self.0);
        }
    }
}

const SCHEMA: &str = r##"{
        "$defs": { "token": { "type": "string", "x-obs": { "secret": true } } },
        "properties": { "token": { "$ref": "#/$defs/token" }, "note": { "type": "string" } }
    }"##;

fn tested<const HOW: usize>() -> String {
    test(&[Leaky::<HOW>("token-1".to_owned())]).unwrap_or_default()
}

#[test]
fn whatever_leaks_is_found() {
    for (found, expected) in [
        (tested::<TIGHT>(), ""),
        (
            tested::<KEY>(),
            "the key of `thing.leaked` sings: canary-7f3a0000",
        ),
        (
            tested::<DEBUG>(),
            "what a panic prints of `thing.leaked` sings",
        ),
        (
            tested::<WRONG_FIELD>(),
            "the telemetry of `thing.leaked` sings",
        ),
        (tested::<ERROR>(), "a decode error of `thing.leaked` sings"),
        (tested::<PLAIN>(), "no field of `thing.leaked` is sensitive"),
    ] {
        assert!(found.starts_with(expected), "{expected}: {found}");
        assert_eq!(found.is_empty(), expected.is_empty(), "{found}");
    }
}

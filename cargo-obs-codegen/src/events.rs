//! The events of the specs as the runtime knows them, and what records hold by them.

mod hide;
mod read;

pub(crate) use hide::harmless;
pub(crate) use read::{Content, Raw};

use crate::cli::Cli;
use crate::package::{self, Failure, Package};
use crate::report;
use obs_model::model::{self, Field, Model, TypeKind};
use obs_runtime::Descriptor;
use obs_runtime::event::{Dialect, Encoding, Envelope, FieldInfo, Redaction};
use obs_runtime::untyped::Catalogue;
use obs_schema::avro::{self, Plan, Schema};
use obs_schema::json_schema::{Validator, ValidatorOptions};
use std::cell::OnceCell;

/// All versions of all events that the specs describe.
pub(crate) struct Events<'p> {
    all: Vec<Known<'p>>,
    pub(crate) catalogue: Catalogue,
}

/// A version of an event.
pub(crate) struct Known<'p> {
    pub(crate) model: &'p Model,
    pub(crate) event: &'p model::Event,
    pub(crate) about: &'static Descriptor,
    avro: OnceCell<Option<avro::Set>>,
    validator: OnceCell<Option<Validator>>,
    /// From its values to those of the newest version.
    plan: OnceCell<Option<Plan>>,
}

/// The packages whose specs say what records hold. Without any specs there are none; with broken ones there is nothing
/// to say which fields are not to be seen, so they are told and that is the end.
pub(crate) fn packages(cli: &Cli) -> Result<Option<Vec<Package>>, Failure> {
    let named = !cli.specs.is_empty() || !cli.package.is_empty() || cli.manifest_path.is_some();
    let packages = match package::all(cli) {
        Err(_) if !named => {
            report::note(
                cli,
                "no specs here: what records hold is shown as it is\nhelp: run it in a package with specs, or name them with `--specs`",
            );
            return Ok(Some(Vec::new()));
        }
        packages => packages?,
    };
    let mut broken = false;
    for package in &packages {
        if package.outcome.has_errors() {
            report::findings(cli, &package.outcome.diagnostics, &package.sources)?;
            broken = true;
        }
    }
    Ok((!broken).then_some(packages))
}

impl<'p> Events<'p> {
    pub(crate) fn of(packages: &'p [Package]) -> Events<'p> {
        let mut all: Vec<Known<'p>> = Vec::new();
        for package in packages {
            let model = &package.outcome.model;
            // The newest version of each event comes first.
            for event in model.events.iter().rev() {
                all.push(Known {
                    model,
                    event,
                    about: Box::leak(Box::new(about(model, event))),
                    avro: OnceCell::new(),
                    validator: OnceCell::new(),
                    plan: OnceCell::new(),
                });
            }
        }
        Events {
            catalogue: Catalogue::new(all.iter().map(|known| known.about)),
            all,
        }
    }

    /// The version with this description.
    fn known(&self, about: &'static Descriptor) -> Option<&Known<'p>> {
        self.all
            .iter()
            .find(|known| std::ptr::eq(known.about, about))
    }

    /// The version a word names, as in [`Package::event`].
    pub(crate) fn named(
        &self,
        packages: &'p [Package],
        wanted: &str,
    ) -> Result<&Known<'p>, Failure> {
        let event = package::event(packages, wanted)?.1;
        let mut all = self.all.iter();
        let known = all.find(|known| std::ptr::eq(known.event, event));
        known.ok_or_else(|| format!("no spec describes `{wanted}`").into())
    }

    fn newest(&self, of: &Known<'p>) -> Option<&Known<'p>> {
        self.all
            .iter()
            .find(|known| known.event.newest && known.event.event_type == of.event.event_type)
    }

    /// The topics of all events.
    pub(crate) fn topics(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|known| known.about.topic)
    }

    /// Whether something that is not to be seen may be in records of a topic, or of a type.
    fn guarded(&self, topic: &str, event_type: Option<&str>) -> bool {
        self.all.iter().any(|known| {
            (known.about.topic == topic || Some(known.about.event_type) == event_type)
                && known.sensitive()
        })
    }
}

impl Known<'_> {
    /// Something in it is personal or secret.
    pub(crate) fn sensitive(&self) -> bool {
        self.model.get(self.event.ty).sensitive
    }

    /// The message key is made of something that is.
    pub(crate) fn key_is_sensitive(&self) -> bool {
        let mut fields = self.about.fields.iter();
        fields.any(|field| field.key && (field.pii.is_some() || field.secret))
    }

    /// Its schema of Avro, if it has one.
    pub(crate) fn avro(&self) -> Option<Schema<'_>> {
        let set = self
            .avro
            .get_or_init(|| avro::parse::read_text(&self.event.schema).ok());
        Schema::of_set(set.as_ref()?)
    }

    fn validator(&self) -> Option<&Validator> {
        let validator = self.validator.get_or_init(|| {
            Validator::from_text(&self.event.schema, ValidatorOptions::default()).ok()
        });
        validator.as_ref()
    }
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.into())
}

/// What generated code says of the same version, as far as records depend on it.
fn about(model: &Model, event: &model::Event) -> Descriptor {
    let ty = model.get(event.ty);
    let fields: &[Field] = match &ty.kind {
        TypeKind::Record(record) => &record.fields,
        _ => &[],
    };
    let marked = fields
        .iter()
        .filter(|field| field.obs != model::FieldObs::default());
    Descriptor {
        wire_name: leak(&ty.wire_name),
        event_type: leak(&event.event_type),
        version: leak(&event.version.to_string()),
        major: event.version.major,
        topic: leak(&event.topic),
        subject: leak(&event.subject),
        schema: leak(&event.schema),
        rabin: event.rabin,
        sha256: event.sha256,
        dialect: match event.dialect {
            model::Dialect::Avro => Dialect::Avro,
            model::Dialect::JsonSchema => Dialect::JsonSchema,
            model::Dialect::Rust => Dialect::Rust,
        },
        encoding: match event.encoding {
            model::Encoding::Json => Encoding::Json,
            model::Encoding::Avro => Encoding::Avro,
        },
        envelope: match event.envelope {
            model::Envelope::Obs => Envelope::Obs,
            model::Envelope::CloudEvents => Envelope::CloudEvents,
            model::Envelope::None => Envelope::None,
        },
        audit: event.audit,
        fields: Box::leak(marked.map(info).collect()),
        ..Descriptor::BLANK
    }
}

fn info(field: &Field) -> FieldInfo {
    let obs = &field.obs;
    FieldInfo {
        wire: leak(&field.wire),
        pii: obs.pii.map(|how| match how {
            model::Redaction::Drop => Redaction::Drop,
            model::Redaction::Mask => Redaction::Mask,
            model::Redaction::Hash => Redaction::Hash,
            model::Redaction::Truncate => Redaction::Truncate,
        }),
        secret: obs.secret,
        key: obs.key,
        tenant: obs.tenant,
        correlation: obs.correlation,
        ..FieldInfo::BLANK
    }
}

//! Models by hand, for tests of emitters.

use super::paths::Scope;
use super::printer::Code;
use super::traits::Traits;
use super::{Artifacts, FailedFile, Layout, artifacts};
use crate::draft::{EventKeys, FieldKeys};
use crate::model::{
    Branch, CheckedBy, Dialect, Encoding, Enum, Envelope, Event, EventLog, Field, FieldObs, Level,
    Model, Record, RustName, Shape, Symbol, Type, TypeDef, TypeId, TypeKind, Union, Unknown,
    Version,
};
use crate::settings::Settings;
use obs_schema::json::{Json, Number};
use obs_schema::source::{FileId, Loc, SourceMap};

/// A Model in the making. What is not said is as plain as can be.
pub(crate) struct Build {
    pub(crate) model: Model,
    pub(crate) settings: Settings,
    pub(crate) sources: SourceMap,
    pub(crate) failed: Vec<FailedFile>,
    pub(crate) dialect: Dialect,
    module: Vec<String>,
    file: FileId,
}

impl Build {
    /// An empty Model; types go to `acme::user` and come from `specs/user.avsc`.
    pub(crate) fn new() -> Build {
        let mut sources = SourceMap::default();
        let file = sources.add("specs/user.avsc", "");
        Build {
            model: Model::default(),
            settings: Settings {
                json: false,
                setters: false,
                ..Settings::default()
            },
            sources,
            failed: Vec::new(),
            dialect: Dialect::Avro,
            module: vec!["acme".to_owned(), "user".to_owned()],
            file,
        }
    }

    /// What follows goes to another module.
    pub(crate) fn module(&mut self, path: &str) {
        self.module = path
            .split("::")
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
    }

    /// What follows comes from another file.
    pub(crate) fn file(&mut self, path: &str) -> FileId {
        self.file = self.sources.add(path, "");
        self.file
    }

    fn define(&mut self, ident: &str, kind: TypeKind) -> TypeId {
        let wire = bare(ident);
        self.model.types.push(TypeDef {
            name: RustName {
                module: self.module.clone(),
                ident: ident.to_owned(),
            },
            wire_name: format!("acme.user.{wire}"),
            doc: None,
            deprecated: None,
            dialect: self.dialect,
            kind,
            file: self.file,
            loc: Loc::file(self.file),
            sensitive: false,
            extern_path: None,
            attributes: Vec::new(),
        });
        TypeId(u32::try_from(self.model.types.len() - 1).unwrap())
    }

    /// A struct.
    pub(crate) fn record(&mut self, ident: &str, fields: Vec<Field>) -> TypeId {
        let record = Record {
            fields,
            unknown: Unknown::Refuse,
            unknown_ident: String::new(),
            assertions: Vec::new(),
        };
        self.define(ident, TypeKind::Record(record))
    }

    /// An enum of symbols.
    pub(crate) fn enum_(
        &mut self,
        ident: &str,
        symbols: &[&str],
        default: Option<usize>,
    ) -> TypeId {
        let symbols = symbols
            .iter()
            .map(|wire| {
                let (first, rest) = wire.split_at(1);
                Symbol {
                    ident: first.to_uppercase() + &rest.to_lowercase(),
                    wire: (*wire).to_owned(),
                }
            })
            .collect();
        self.define(ident, TypeKind::Enum(Enum { symbols, default }))
    }

    /// An enum of branches: variant, index and type.
    pub(crate) fn union(&mut self, ident: &str, branches: Vec<(&str, usize, Type)>) -> TypeId {
        let branches = branches
            .into_iter()
            .map(|(ident, index, ty)| Branch {
                ident: ident.to_owned(),
                wire: ident.to_lowercase(),
                index,
                ty,
                tag: None,
            })
            .collect();
        self.define(ident, TypeKind::Union(Union { branches }))
    }

    /// A byte array.
    pub(crate) fn fixed(&mut self, ident: &str, size: usize) -> TypeId {
        self.define(ident, TypeKind::Fixed { size })
    }

    /// A tuple struct.
    pub(crate) fn newtype(&mut self, ident: &str, ty: Type) -> TypeId {
        self.define(ident, TypeKind::Newtype(ty))
    }

    /// An event with the given payload; the last one of its type is the newest.
    pub(crate) fn event(
        &mut self,
        ty: TypeId,
        event_type: &str,
        version: (u32, u32, u32),
    ) -> &mut Event {
        let encoding = if self.dialect == Dialect::JsonSchema {
            Encoding::Json
        } else {
            Encoding::Avro
        };
        for event in &mut self.model.events {
            event.newest &= event.event_type != event_type;
        }
        let version = Version {
            major: version.0,
            minor: version.1,
            patch: version.2,
        };
        self.model.events.push(Event {
            ty,
            event_type: event_type.to_owned(),
            version,
            newest: true,
            topic: format!("{event_type}.v{}", version.major),
            subject: format!("{event_type}-value"),
            owner: Some("identity".to_owned()),
            domain: None,
            service: None,
            tags: Vec::new(),
            runbook: None,
            encoding,
            envelope: Envelope::Obs,
            log: EventLog {
                level: Some(Level::Info),
                sample: 1.0,
            },
            slow_ns: 250_000_000,
            slos: Vec::new(),
            min_rate: None,
            compatibility: "BACKWARD".to_owned(),
            max_series: None,
            metrics: Vec::new(),
            audit: false,
            deprecated: None,
            dialect: self.dialect,
            schema: format!(
                r#"{{"type":"record","name":"{}","fields":[]}}"#,
                self.model.get(ty).wire_name
            ),
            rabin: 0x0123_4567_89ab_cdef + u64::from(version.minor),
            sha256: [0xab; 32],
            feeds: Vec::new(),
            times: Vec::new(),
            checked_by: CheckedBy::Nothing,
            upcast: None,
            keys: EventKeys::default(),
            file: self.file,
            loc: Loc::file(self.file),
        });
        self.model.events.last_mut().unwrap()
    }

    /// The type behind an id, to say more about it.
    pub(crate) fn get(&mut self, id: TypeId) -> &mut TypeDef {
        &mut self.model.types[id.0 as usize]
    }

    /// Emits. Whatever comes out is Rust.
    pub(crate) fn artifacts(&self) -> Artifacts {
        let artifacts = artifacts(
            &self.model,
            &self.settings,
            &self.sources,
            &self.failed,
            Layout::OutDir,
        );
        for (name, text) in &artifacts {
            if let Err(error) = syn::parse_file(text) {
                panic!("{name}: {error}\n{text}");
            }
        }
        artifacts
    }

    /// One kind of output for all types, and nothing else. It parses.
    pub(crate) fn each(&self, emit: impl Fn(&mut Code, &Scope<'_>, TypeId, &TypeDef)) -> String {
        let traits = Traits::of(&self.model, &self.settings);
        let roots = super::roots(&self.model);
        let mut code = Code::new();
        for (id, ty) in (0u32..).map(TypeId).zip(&self.model.types) {
            let scope = Scope {
                model: &self.model,
                settings: &self.settings,
                obs: "__obs",
                module: &ty.name.module,
                traits: &traits,
                roots: &roots,
                derived: ty.dialect == Dialect::Rust,
            };
            emit(&mut code, &scope, id, ty);
        }
        let text = code.finish();
        syn::parse_file(&text).unwrap();
        text
    }

    /// Emits, and gives all files but the include file as one text.
    pub(crate) fn text(&self) -> String {
        let artifacts = self.artifacts();
        let files = artifacts
            .iter()
            .filter(|(name, _)| *name != super::INCLUDE_FILE);
        files
            .map(|(_, text)| text.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn bare(ident: &str) -> &str {
    ident.strip_prefix("r#").unwrap_or(ident)
}

/// A field that has nothing but a name and a type.
pub(crate) fn field(ident: &str, wire: &str, ty: Type) -> Field {
    let mut sources = SourceMap::default();
    let file = sources.add("", "");
    Field {
        ident: ident.to_owned(),
        wire: wire.to_owned(),
        aliases: Vec::new(),
        ty,
        optional: false,
        default: None,
        doc: None,
        deprecated: None,
        obs: FieldObs::default(),
        attributes: Vec::new(),
        keys: FieldKeys::default(),
        loc: Loc::file(file),
    }
}

/// A type of a shape.
pub(crate) fn of(shape: Shape) -> Type {
    Type::plain(shape)
}

/// A type of the Model.
pub(crate) fn named(id: TypeId) -> Type {
    of(Shape::Named(id))
}

/// `["null", T]`
pub(crate) fn nullable(inner: Type) -> Type {
    of(Shape::Option {
        inner: Box::new(inner),
        null_index: 0,
    })
}

/// A list.
pub(crate) fn array(inner: Type) -> Type {
    of(Shape::Array(Box::new(inner)))
}

/// A map.
pub(crate) fn map(inner: Type) -> Type {
    of(Shape::Map(Box::new(inner)))
}

/// A JSON text.
pub(crate) fn text(value: &str) -> Json {
    Json::String(value.to_owned())
}

/// A JSON number.
pub(crate) fn number(value: i64) -> Json {
    Json::Number(Number::Int(value))
}

//! How a type of the Model is spelled in Rust, seen from the module that mentions it.
//!
//! Whatever stands for the prelude or the runtime is reached through the alias of the runtime (`__obs`),
//! so that a user's record called `Option` or `String` shadows nothing of ours.

use super::traits::Traits;
use crate::model::{
    Enum, Field, Logical, Model, RustName, Sensitivity, Shape, Type, TypeDef, TypeId,
};
use crate::settings::{MapType, Settings};
use obs_schema::table::Table;

/// Where text is being written: everything an emitter needs to know beside the item itself.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The whole Model.
    pub(crate) model: &'a Model,
    /// What the user decided.
    pub(crate) settings: &'a Settings,
    /// The path of the runtime's private module: `__obs` in modules of ours, the full path in a derive.
    pub(crate) obs: &'a str,
    /// The module the text goes to.
    pub(crate) module: &'a [String],
    /// Which standard traits each type can have.
    pub(crate) traits: &'a Traits,
    /// The types that are events, with the event's place in the Model: they are encoded and decoded on their own.
    pub(crate) roots: &'a Table<u128, usize>,
    /// The text is the output of a derive: the type and its methods are the user's.
    pub(crate) derived: bool,
}

impl<'a> Scope<'a> {
    /// The same, seen from another module.
    pub(crate) fn within(self, module: &'a [String]) -> Scope<'a> {
        Scope { module, ..self }
    }

    /// The type as written in a position: box, wrapper and shape.
    pub(crate) fn type_text(&self, ty: &Type) -> String {
        let mut text = self.shape_text(&ty.shape);
        if let Some(sensitivity) = ty.sensitive {
            text = format!("{}::{}<{text}>", self.obs, wrapper(sensitivity));
        }
        if ty.boxed {
            text = format!("{}::Box<{text}>", self.obs);
        }
        text
    }

    /// The type of a struct's field: an optional member is an `Option` around the type it has when present.
    pub(crate) fn field_text(&self, field: &Field) -> String {
        let text = self.type_text(&field.ty);
        if field.optional {
            format!("{}::Option<{text}>", self.obs)
        } else {
            text
        }
    }

    /// The type without box and wrapper.
    pub(crate) fn shape_text(&self, shape: &Shape) -> String {
        let obs = self.obs;
        match shape {
            Shape::Null => "()".to_owned(),
            Shape::Bool => "bool".to_owned(),
            Shape::I32 => "i32".to_owned(),
            Shape::I64 => "i64".to_owned(),
            Shape::U64 => "u64".to_owned(),
            Shape::F32 => "f32".to_owned(),
            Shape::F64 => "f64".to_owned(),
            Shape::Bytes => format!("{obs}::Vec<u8>"),
            Shape::String => format!("{obs}::String"),
            Shape::Array(item) => format!("{obs}::Vec<{}>", self.type_text(item)),
            Shape::Map(value) => {
                format!(
                    "{obs}::{}<{obs}::String, {}>",
                    self.map_name(),
                    self.type_text(value)
                )
            }
            Shape::Tuple(items) => {
                let items: Vec<String> = items.iter().map(|item| self.type_text(item)).collect();
                match items.as_slice() {
                    [only] => format!("({only},)"),
                    items => format!("({})", items.join(", ")),
                }
            }
            Shape::Option { inner, .. } => format!("{obs}::Option<{}>", self.type_text(inner)),
            Shape::Named(id) => self.named_text(*id),
            Shape::Logical(logical) => format!("{obs}::types::{}", logical_name(*logical)),
            Shape::Json => format!("{obs}::Json"),
            Shape::Rust(path) => path.clone(),
        }
    }

    /// A function of a codec trait for a type that has one.
    ///
    /// A derive goes through one trait for a type of the user's own: when that is missing, one message says so.
    pub(crate) fn codec(&self, shape: &Shape, of: &str, function: &str) -> String {
        match shape {
            Shape::Rust(path) if self.derived => {
                format!("<{path} as {}::EventPart>::__{function}", self.obs)
            }
            _ => format!("{}::{of}::{function}", self.obs),
        }
    }

    /// `BTreeMap` or `HashMap`.
    pub(crate) fn map_name(&self) -> &'static str {
        match self.settings.map {
            MapType::BTreeMap => "BTreeMap",
            MapType::HashMap => "HashMap",
        }
    }

    /// A type of the Model, by path from here; the user's own path where there is one.
    pub(crate) fn named_text(&self, id: TypeId) -> String {
        let ty = self.model.get(id);
        match &ty.extern_path {
            Some(path) => path.clone(),
            None => self.name_text(&ty.name),
        }
    }

    /// A name of the generated code, by path from here.
    pub(crate) fn name_text(&self, name: &RustName) -> String {
        if name.module == self.module {
            return name.ident.clone();
        }
        // Items of the root live in a private module of their own, so that lints can be set on it;
        // seen from there every other module is a sibling.
        let steps = if self.module.is_empty() {
            1
        } else {
            self.module.len()
        };
        let common = name
            .module
            .iter()
            .zip(self.module)
            .take_while(|(a, b)| a == b)
            .count();
        let mut text = "super::".repeat(steps - common);
        for part in &name.module[common..] {
            text.push_str(part);
            text.push_str("::");
        }
        text.push_str(&name.ident);
        text
    }

    /// The Avro binary codec is wanted for this type.
    pub(crate) fn has_avro(&self, ty: &TypeDef) -> bool {
        use crate::model::Dialect;
        self.settings.avro && matches!(ty.dialect, Dialect::Avro | Dialect::Rust)
    }

    /// The JSON codec is wanted for this type. It is the only one a JSON Schema has.
    pub(crate) fn has_json(&self, ty: &TypeDef) -> bool {
        self.settings.json || ty.dialect == crate::model::Dialect::JsonSchema
    }
}

/// `Pii` or `Secret`.
pub(crate) fn wrapper(sensitivity: Sensitivity) -> &'static str {
    match sensitivity {
        Sensitivity::Pii => "Pii",
        Sensitivity::Secret => "Secret",
    }
}

/// The runtime's type for a logical type.
pub(crate) fn logical_name(logical: Logical) -> &'static str {
    match logical {
        Logical::Decimal { .. } => "Decimal",
        Logical::BigDecimal => "BigDecimal",
        Logical::Uuid { .. } => "Uuid",
        Logical::Date => "Date",
        Logical::TimeMillis => "TimeMillis",
        Logical::TimeMicros => "TimeMicros",
        Logical::TimestampMillis => "TimestampMillis",
        Logical::TimestampMicros => "TimestampMicros",
        Logical::TimestampNanos => "TimestampNanos",
        Logical::LocalTimestampMillis => "LocalTimestampMillis",
        Logical::LocalTimestampMicros => "LocalTimestampMicros",
        Logical::LocalTimestampNanos => "LocalTimestampNanos",
        Logical::Duration => "Duration",
    }
}

/// The variant for symbols of newer schemas; a schema may have a symbol of that name already.
pub(crate) fn unrecognised(symbols: &Enum) -> String {
    let mut ident = "Unrecognised".to_owned();
    while symbols.symbols.iter().any(|symbol| symbol.ident == ident) {
        ident.push('_');
    }
    ident
}

/// An identifier without its `r#`, for building other identifiers from it.
pub(crate) fn bare(ident: &str) -> &str {
    ident.strip_prefix("r#").unwrap_or(ident)
}

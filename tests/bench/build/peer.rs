//! Serde types for an Avro schema.

use obs_schema::avro::{Kind, Logical, NamedId, NamedKind, Set, Type};
use std::fmt::Write as _;

/// What the types are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// The way serde_avro_fast wants them: decimals are `rust_decimal`, union branches go by Rust's names.
    Avro,
    /// The way serde_json writes what we write: union branches go by Avro's names, and bytes become text.
    Json,
}

/// Writes the types.
pub struct Peer<'a> {
    set: &'a Set,
    wire: Wire,
    text: String,
    unions: usize,
}

const DERIVE: &str = "#[derive(Debug, serde::Serialize, serde::Deserialize)]";

impl<'a> Peer<'a> {
    /// All types, and the name of the root among them.
    pub fn types(
        set: &'a Set,
        root: NamedId,
        wire: Wire,
    ) -> Result<(String, String), &'static str> {
        let mut peer = Peer {
            set,
            wire,
            text: String::new(),
            unions: 0,
        };
        for id in set.reachable(&[root]) {
            peer.define(id)?;
        }
        Ok((peer.text, format!("T{}", root.0)))
    }

    fn define(&mut self, id: NamedId) -> Result<(), &'static str> {
        let set = self.set;
        let mut body = String::new();
        match &set.get(id).kind {
            NamedKind::Fixed { .. } => {}
            NamedKind::Enum { symbols, .. } => {
                for (at, symbol) in symbols.iter().enumerate() {
                    let _ = write!(body, "#[serde(rename = {symbol:?})] S{at}, ");
                }
                let _ = write!(self.text, "{DERIVE} pub enum T{} {{ {body} }} ", id.0);
            }
            NamedKind::Record { fields, .. } => {
                for (at, field) in fields.iter().enumerate() {
                    let ty = self.ty(&field.ty)?;
                    let _ = write!(
                        body,
                        "#[serde(rename = {:?})] pub f{at}: {ty}, ",
                        field.name
                    );
                }
                let _ = write!(self.text, "{DERIVE} pub struct T{} {{ {body} }} ", id.0);
            }
        }
        Ok(())
    }

    fn ty(&mut self, ty: &Type) -> Result<String, &'static str> {
        Ok(match &ty.kind {
            Kind::Null => "()".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Int => "i32".to_owned(),
            Kind::Long => "i64".to_owned(),
            Kind::Float => "f32".to_owned(),
            Kind::Double => "f64".to_owned(),
            Kind::Bytes if self.wire == Wire::Json => "crate::Latin".to_owned(),
            Kind::Bytes if matches!(ty.logical, Some(Logical::Decimal { .. })) => {
                "rust_decimal::Decimal".to_owned()
            }
            Kind::Bytes if ty.logical == Some(Logical::BigDecimal) => {
                "rust_decimal::Decimal".to_owned()
            }
            Kind::Bytes => "serde_bytes::ByteBuf".to_owned(),
            Kind::String => "String".to_owned(),
            Kind::Array(inner) => format!("Vec<{}>", self.ty(inner)?),
            Kind::Map(inner) => {
                format!("std::collections::BTreeMap<String, {}>", self.ty(inner)?)
            }
            Kind::Named(id) => self.named(*id),
            Kind::Union(branches) => {
                let is_null = |branch: &&Type| matches!(branch.kind, Kind::Null);
                let null = branches.iter().any(|branch| is_null(&branch));
                let rest: Vec<_> = branches.iter().filter(|branch| !is_null(branch)).collect();
                match rest.as_slice() {
                    [] => "()".to_owned(),
                    [only] if null => format!("Option<{}>", self.ty(only)?),
                    [only] => self.ty(only)?,
                    _ if null => format!("Option<{}>", self.union(&rest)?),
                    _ => self.union(&rest)?,
                }
            }
        })
    }

    fn named(&self, id: NamedId) -> String {
        let named = self.set.get(id);
        let logical = named.logical;
        match named.kind {
            NamedKind::Fixed { .. } if self.wire == Wire::Json => "crate::Latin".to_owned(),
            NamedKind::Fixed { .. } if matches!(logical, Some(Logical::Decimal { .. })) => {
                "rust_decimal::Decimal".to_owned()
            }
            NamedKind::Fixed { size } => format!("serde_bytes::ByteArray<{size}>"),
            // A box costs next to nothing, and a recursive type needs it.
            NamedKind::Record { .. } if self.recursive(id) => format!("Box<T{}>", id.0),
            _ => format!("T{}", id.0),
        }
    }

    fn recursive(&self, id: NamedId) -> bool {
        let mut found = false;
        for other in self.set.reachable(&[id]) {
            if let NamedKind::Record { fields, .. } = &self.set.get(other).kind {
                for field in fields {
                    field
                        .ty
                        .each_named(&mut |mentioned| found |= mentioned == id);
                }
            }
        }
        found
    }

    fn union(&mut self, branches: &[&Type]) -> Result<String, &'static str> {
        let mut body = String::new();
        for (at, branch) in branches.iter().enumerate() {
            let word = self.word(branch);
            let ty = self.ty(branch)?;
            let _ = write!(body, "#[serde(rename = {word:?})] B{at}({ty}), ");
        }
        let name = format!("Union{}", self.unions);
        self.unions += 1;
        let _ = write!(self.text, "{DERIVE} pub enum {name} {{ {body} }} ");
        Ok(name)
    }

    /// What a branch is called on this wire.
    fn word(&self, branch: &Type) -> String {
        let plain = match &branch.kind {
            Kind::Named(id) => {
                let name = &self.set.get(*id).name;
                return if name.namespace.is_empty() {
                    name.name.clone()
                } else {
                    format!("{}.{}", name.namespace, name.name)
                };
            }
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes => "bytes",
            Kind::String => "string",
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) => "union",
        };
        if self.wire == Wire::Json {
            return plain.to_owned();
        }
        let known = match branch.logical {
            Some(
                Logical::Decimal { .. }
                | Logical::Uuid
                | Logical::Date
                | Logical::TimeMillis
                | Logical::TimeMicros
                | Logical::TimestampMillis
                | Logical::TimestampMicros,
            ) => branch.logical.map_or(plain, Logical::name),
            _ => plain,
        };
        known
            .split('-')
            .map(|part| part[..1].to_uppercase() + &part[1..])
            .collect()
    }
}

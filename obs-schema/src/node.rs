//! The located tree: JSON with the place of every key and value.
//!
//! Specs in JSON, YAML and TOML all become this tree, so that one reader serves every spelling.

mod members;
mod text;

use crate::json::{Json, Number};
use crate::source::Loc;
use members::Index;

pub use members::Members;
pub use text::{parse_json, parse_json_with_comments};

/// Objects and arrays may nest this deep; deeper input is refused, not recursed into.
pub const MAX_DEPTH: usize = 128;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// The place of the whole value.
    pub loc: Loc,
    /// What it is.
    pub value: Value,
}

/// The kinds of value.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    Array(Vec<Node>),
    /// Members as written.
    Object(Vec<Member>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Member {
    /// The key.
    pub name: String,
    /// The place of the key.
    pub name_loc: Loc,
    /// The value.
    pub value: Node,
}

/// The member of a name, the last one when it is repeated.
pub(crate) fn member<'m>(members: &'m [Member], name: &str) -> Option<&'m Member> {
    members.iter().rev().find(|member| member.name == name)
}

impl Node {
    /// The value of a member; the last one when a key is repeated.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|member| &member.value)
    }

    /// A member with the place of its key.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Member> {
        member(self.as_object()?, name)
    }

    /// The members of an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[Member]> {
        match &self.value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements of a list.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A number.
    #[must_use]
    pub fn as_number(&self) -> Option<&Number> {
        match &self.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A whole number.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::as_i64)
    }

    /// The kind in words, for "expected a string, found …".
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }

    /// The value without its places; the last of repeated keys wins.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => Json::Number(number.clone()),
            Value::String(text) => Json::String(text.clone()),
            Value::Array(items) => Json::Array(list_to_json(items)),
            Value::Object(members) => {
                let mut out: Vec<(String, Json)> = Vec::with_capacity(members.len());
                let mut index = Index::default();
                for member in members {
                    let value = member.value.to_json();
                    match index.find(&out, |(name, _)| name, &member.name) {
                        Some(at) => out[at].1 = value,
                        None => out.push((member.name.clone(), value)),
                    }
                }
                Json::Object(out)
            }
        }
    }
}

/// The values of a list without their places.
pub(crate) fn list_to_json(items: &[Node]) -> Vec<Json> {
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        list.push(item.to_json());
    }
    list
}

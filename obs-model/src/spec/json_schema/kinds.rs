//! Sets of kinds of instance, with whole and broken numbers apart, so that `integer` and `number` intersect as they should.

use obs_schema::json::Json;
use obs_schema::json_schema::InstanceType;

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NONE: Kinds = Kinds(0);
    pub(super) const NULL: Kinds = Kinds(1);
    pub(super) const BOOL: Kinds = Kinds(2);
    /// Numbers without a fraction, also those written `1.0`.
    pub(super) const WHOLE: Kinds = Kinds(4);
    /// Numbers with a fraction.
    pub(super) const BROKEN: Kinds = Kinds(8);
    pub(super) const NUMBER: Kinds = Kinds(4 | 8);
    pub(super) const STRING: Kinds = Kinds(16);
    pub(super) const ARRAY: Kinds = Kinds(32);
    pub(super) const OBJECT: Kinds = Kinds(64);
    pub(super) const ALL: Kinds = Kinds(127);
    /// What has parts of its own.
    pub(super) const STRUCTURED: Kinds = Kinds(32 | 64);

    pub(super) fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    pub(super) fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub(super) fn meets(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn covers(self, other: Kinds) -> bool {
        other.0 & !self.0 == 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What `type` allows; everything when it says nothing.
    pub(super) fn of_types(types: &[InstanceType]) -> Kinds {
        if types.is_empty() {
            return Kinds::ALL;
        }
        types.iter().fold(Kinds::NONE, |all, ty| {
            all.or(match ty {
                InstanceType::Null => Kinds::NULL,
                InstanceType::Boolean => Kinds::BOOL,
                InstanceType::Integer => Kinds::WHOLE,
                InstanceType::Number => Kinds::NUMBER,
                InstanceType::String => Kinds::STRING,
                InstanceType::Array => Kinds::ARRAY,
                InstanceType::Object => Kinds::OBJECT,
            })
        })
    }

    /// The kind of a value.
    pub(super) fn of(value: &Json) -> Kinds {
        match value {
            Json::Null => Kinds::NULL,
            Json::Bool(_) => Kinds::BOOL,
            Json::Number(number) if number.is_integer() => Kinds::WHOLE,
            Json::Number(_) => Kinds::BROKEN,
            Json::String(_) => Kinds::STRING,
            Json::Array(_) => Kinds::ARRAY,
            Json::Object(_) => Kinds::OBJECT,
        }
    }
}

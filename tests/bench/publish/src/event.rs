//! The event as each side has it, and its values.

use crate::events::bench::{ReadingStored, ReadingTaken};
use serde::Serialize;

/// As a user of serde writes it.
#[derive(Clone, Serialize, Debug)]
pub struct Reading {
    pub device: String,
    pub site: String,
    pub sensor: String,
    pub unit: String,
    pub firmware: String,
    pub value: f64,
    pub previous: Option<f64>,
    pub sequence: i32,
    #[serde(rename = "takenAt")]
    pub taken_at: i64,
    pub valid: bool,
}

/// How many values take turns.
pub const VALUES: usize = 8;

/// The values that everybody publishes, in turns.
#[must_use]
pub fn readings() -> [Reading; VALUES] {
    let sites = ["hamburg-2", "bremen-1", "kiel-11", "rostock-7"];
    std::array::from_fn(|at| {
        let step = u32::try_from(at).unwrap_or_default();
        Reading {
            device: format!("device-{:06}", 17 + step * 31),
            site: sites[at % sites.len()].to_owned(),
            sensor: "temperature".to_owned(),
            unit: "celsius".to_owned(),
            firmware: format!("4.{at}.0-rc2"),
            value: 21.375 + f64::from(step) * 0.125,
            previous: (at % 2 == 0).then_some(21.25),
            sequence: 70_123 + i32::try_from(at).unwrap_or_default(),
            taken_at: 1_780_000_000_123 + i64::from(step) * 1_000,
            valid: true,
        }
    })
}

macro_rules! typed {
    ($($name:ident),*) => {$(
        impl From<&Reading> for $name {
            fn from(reading: &Reading) -> $name {
                let reading = reading.clone();
                $name {
                    device: reading.device,
                    site: reading.site,
                    sensor: reading.sensor,
                    unit: reading.unit,
                    firmware: reading.firmware,
                    value: reading.value,
                    previous: reading.previous,
                    sequence: reading.sequence,
                    taken_at: reading.taken_at,
                    valid: reading.valid,
                }
            }
        }
    )*};
}

typed!(ReadingTaken, ReadingStored);

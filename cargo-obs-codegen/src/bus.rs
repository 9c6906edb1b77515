//! The bus a command is about.

use crate::cli::Address;
use crate::events::harmless;
use crate::package::{Failure, instead};
use obs_codegen::fs;
use obs_runtime::bus::{BusErrorKind, Scheme};
use obs_runtime::{Bus, BusError};
use std::path::Path;
use std::time::Duration;

/// Buses by their addresses, beside those that the runtime knows.
const SCHEMES: &[Scheme] = &[
    #[cfg(feature = "kafka")]
    obs_kafka::SCHEME,
    #[cfg(feature = "nats")]
    obs_nats::SCHEME,
    #[cfg(feature = "http")]
    obs_http::SCHEME,
    #[cfg(feature = "http")]
    obs_http::SCHEME_TLS,
];

/// How often, and after how long, a bus is asked for that somebody has.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(50);

/// How many topics are named where none is meant.
const SOME: usize = 20;

/// What is done with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Looking alone. Whoever has it does not notice.
    Look,
    /// Sending too.
    Send,
}

/// Opens the bus at the address that was given, or that stands in the environment, where programs find theirs.
pub(crate) fn open(address: &Address, access: Access) -> Result<Bus, Failure> {
    let given = match &address.bus {
        Some(given) => given.clone(),
        None => fs::variable("OBS_BUS").ok_or(
            "no bus is named\nhelp: name one with `--bus` or in OBS_BUS: `file:FOLDER`, `kafka://BROKER:9092`",
        )?,
    };
    let (scheme, rest) = given.split_once(':').unwrap_or((&given, ""));
    let mut address = given.clone();
    match scheme {
        "memory" | "null" => {
            return Err(format!(
                "`{scheme}:` is inside its program alone, and nobody else can look into it\nhelp: let the program keep its events in files: `OBS_BUS=file:FOLDER`"
            )
            .into());
        }
        "file" => {
            let folder = rest.split('?').next().unwrap_or_default();
            if access == Access::Look {
                set(&mut address, "access", "read");
            } else if !Path::new(folder.strip_prefix("//").unwrap_or(folder)).is_dir() {
                // Opening it would make one, wherever a misspelt name leads.
                return Err(format!(
                    "there is no folder `{folder}`\nhelp: make it, or name another with `--bus`"
                )
                .into());
            }
        }
        "kafka" if cfg!(not(feature = "kafka")) => {
            return Err(built_without(
                "kafka",
                ", which takes a compiler for C and C++ and `make`",
            ));
        }
        "nats" if cfg!(not(feature = "nats")) => return Err(built_without("nats", "")),
        "http" | "https" if cfg!(not(feature = "http")) => {
            return Err(built_without("http", ""));
        }
        // Somebody waits in front of a terminal.
        "nats" | "http" | "https" => set(&mut address, "give_up.ms", "10000"),
        "kafka" => {
            // Somebody waits in front of a terminal, and nobody goes on before it is there.
            set(&mut address, "message.timeout.ms", "10000");
            set(&mut address, "confirm", "delivered");
        }
        _ => {}
    }
    for _ in 0..TRIES {
        match Bus::open(&address, SCHEMES) {
            // Whoever starts a process lends it the lock for a moment, even if he lets go of it meanwhile.
            Err(error) if error.kind() == BusErrorKind::InUse => std::thread::sleep(PAUSE),
            opened => return opened.map_err(|error| told(&error)),
        }
    }
    Bus::open(&address, SCHEMES).map_err(|error| told(&error))
}

/// A bus that this tool could know.
fn built_without(feature: &str, takes: &str) -> Failure {
    format!("this tool was built without the feature `{feature}`\nhelp: `cargo install cargo-obs-codegen --features {feature}`{takes}").into()
}

/// Sets what is not said.
fn set(address: &mut String, name: &str, value: &str) {
    let settings = address.split_once('?').map(|(_, settings)| settings);
    let mut said = settings.unwrap_or_default().split('&');
    if said.any(|setting| setting.split('=').next() == Some(name)) {
        return;
    }
    address.push(if settings.is_some() { '&' } else { '?' });
    address.push_str(&format!("{name}={value}"));
}

/// What the bus says, and what to do about it.
pub(crate) fn told(error: &BusError) -> Failure {
    let help = match error.kind() {
        BusErrorKind::InUse => {
            "stop the program that has it for a moment; looking at it (`tail`, `dlq list`) works meanwhile"
        }
        BusErrorKind::Unsupported if error.reason().is_empty() => {
            "buses in files (`file:FOLDER`), of Kafka and of NATS can be looked at"
        }
        BusErrorKind::Unavailable | BusErrorKind::Timeout => {
            "see that it is there, and that its address is right"
        }
        _ => "see what the bus says",
    };
    format!("{error}\nhelp: {help}").into()
}

/// Whether a topic is there, or what to say of that: which one may be meant. Where nobody knows it may be there.
pub(crate) fn has_topic(bus: &Bus, topic: &str) -> Result<Result<(), Failure>, Failure> {
    let topics = match bus.topics() {
        Ok(topics) => topics,
        Err(error) if error.kind() == BusErrorKind::Unsupported => return Ok(Ok(())),
        Err(error) => return Err(told(&error)),
    };
    if topics.iter().any(|known| known == topic) {
        return Ok(Ok(()));
    }
    let topics: Vec<String> = topics.iter().map(|known| harmless(known)).collect();
    let topic = harmless(topic);
    let all = match &topics[..] {
        [] => "the bus has no topics yet".to_owned(),
        [some @ .., _] if topics.len() > SOME => {
            format!(
                "the bus has {} topics, such as {}",
                topics.len(),
                some[..SOME].join(", ")
            )
        }
        topics => format!("the bus has {}", topics.join(", ")),
    };
    let help = instead(&topic, topics.iter().map(String::as_str), &all);
    Ok(Err(
        format!("the bus has no topic `{topic}`\nhelp: {help}").into()
    ))
}

#[cfg(test)]
mod tests {
    use super::set;

    #[test]
    fn what_is_said_stays() {
        for (address, expected) in [
            ("file:a", "file:a?access=read"),
            ("file:a?max_bytes=9", "file:a?max_bytes=9&access=read"),
            ("file:a?access=own", "file:a?access=own"),
        ] {
            let mut address = address.to_owned();
            set(&mut address, "access", "read");
            assert_eq!(address, expected);
        }
    }
}

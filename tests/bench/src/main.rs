//! Our codecs beside serde_avro_fast and serde_json: the same values, the same bytes, reused buffers, one interleaved run.
//!
//! Times are medians of short batches that take turns; what counts is the ratio. Outputs are compared before timing.

use obs_runtime::{AvroCodec, JsonCodec};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

/// A schema with the measurements of both sides.
pub struct Case {
    name: &'static str,
    run: fn(&'static str, &[&[u8]]) -> Result<Figures, String>,
    schema: &'static str,
    samples: &'static [&'static [u8]],
}

/// Nanoseconds a value: ours, the peer's.
#[derive(Clone, Copy, Default)]
struct Figures {
    bytes: usize,
    encode: (f64, f64),
    decode: (f64, f64),
    json: (f64, f64),
}

macro_rules! case {
    ($ours:path, $avro:path, $json:path, $name:expr, $schema:expr, $samples:expr) => {
        crate::Case {
            name: $name,
            run: crate::run::<$ours, $avro, $json>,
            schema: $schema,
            samples: $samples,
        }
    };
}

mod cases {
    include!(concat!(env!("OUT_DIR"), "/cases.rs"));
}

/// Bytes that become text when they are written, each a character: what a user of serde_json writes for Avro's JSON.
#[derive(Debug)]
pub struct Latin(Vec<u8>);

impl Serialize for Latin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: String = self.0.iter().map(|byte| char::from(*byte)).collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Latin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Latin, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
        bytes.map(Latin).map_err(serde::de::Error::custom)
    }
}

/// Batches of each side; they take turns.
const BATCHES: usize = 31;

fn run<Ours, Peer, JsonPeer>(schema: &'static str, samples: &[&[u8]]) -> Result<Figures, String>
where
    Ours: AvroCodec + JsonCodec,
    Peer: Serialize + DeserializeOwned,
    JsonPeer: Serialize + DeserializeOwned,
{
    let schema: serde_avro_fast::Schema = schema
        .parse()
        .map_err(|error| format!("peer: schema: {error}"))?;
    let mut ours = Vec::new();
    let mut peers: Vec<Peer> = Vec::new();
    for sample in samples {
        ours.push(Ours::decode_avro(sample).map_err(|error| format!("ours: {error}"))?);
        peers.push(
            serde_avro_fast::from_datum_slice(sample, &schema)
                .map_err(|error| format!("peer: {error}"))?,
        );
    }
    let mut config = serde_avro_fast::ser::SerializerConfig::new(&schema);
    let mut buffer = Vec::with_capacity(1 << 16);
    for (sample, (own, peer)) in samples.iter().zip(ours.iter().zip(&peers)) {
        buffer.clear();
        own.encode_avro(&mut buffer)
            .map_err(|error| format!("ours: {error}"))?;
        if buffer != *sample {
            return Err("ours: other bytes".to_owned());
        }
        buffer.clear();
        buffer = serde_avro_fast::to_datum(peer, buffer, &mut config)
            .map_err(|error| format!("peer: {error}"))?;
        if buffer != *sample {
            return Err("peer: other bytes".to_owned());
        }
    }
    let mut figures = Figures {
        bytes: samples.iter().map(|sample| sample.len()).sum::<usize>() / samples.len(),
        ..Figures::default()
    };
    let mut other = Vec::with_capacity(1 << 16);
    figures.encode = turns(
        samples.len(),
        || {
            for value in &ours {
                buffer.clear();
                black_box(value)
                    .encode_avro(&mut buffer)
                    .expect("it did before");
                black_box(&buffer);
            }
        },
        || {
            for value in &peers {
                other.clear();
                other = serde_avro_fast::to_datum(
                    black_box(value),
                    std::mem::take(&mut other),
                    &mut config,
                )
                .expect("it did before");
                black_box(&other);
            }
        },
    );
    figures.decode = turns(
        samples.len(),
        || {
            samples.iter().for_each(|sample| {
                drop(black_box(Ours::decode_avro(black_box(sample))));
            })
        },
        || {
            samples.iter().for_each(|sample| {
                drop(black_box(serde_avro_fast::from_datum_slice::<Peer>(
                    black_box(sample),
                    &schema,
                )))
            })
        },
    );
    figures.json = json::<Ours, JsonPeer>(&ours)?;
    Ok(figures)
}

fn json<Ours: JsonCodec, Peer: Serialize + DeserializeOwned>(
    ours: &[Ours],
) -> Result<(f64, f64), String> {
    let (mut buffer, mut other) = (Vec::with_capacity(1 << 16), Vec::with_capacity(1 << 16));
    let mut peers = Vec::new();
    for own in ours {
        buffer.clear();
        other.clear();
        own.encode_json(&mut buffer)
            .map_err(|error| format!("ours: JSON: {error}"))?;
        let peer: Peer =
            serde_json::from_slice(&buffer).map_err(|error| format!("peer: JSON: {error}"))?;
        serde_json::to_writer(&mut other, &peer).map_err(|error| format!("peer: JSON: {error}"))?;
        if buffer != other {
            return Err("peer: other JSON".to_owned());
        }
        peers.push(peer);
    }
    Ok(turns(
        ours.len(),
        || {
            for value in ours {
                buffer.clear();
                black_box(value)
                    .encode_json(&mut buffer)
                    .expect("it did before");
                black_box(&buffer);
            }
        },
        || {
            for value in &peers {
                other.clear();
                serde_json::to_writer(&mut other, black_box(value)).expect("it did before");
                black_box(&other);
            }
        },
    ))
}

/// Medians of batches that take turns, in nanoseconds a value.
fn turns(values: usize, mut ours: impl FnMut(), mut peer: impl FnMut()) -> (f64, f64) {
    let mut repeat = 1;
    while time(repeat, &mut ours) < 200_000.0 {
        repeat *= 2;
    }
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        a.push(time(repeat, &mut ours));
        b.push(time(repeat, &mut peer));
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2] / (repeat * values) as f64
    };
    (median(&mut a), median(&mut b))
}

fn time(repeat: usize, work: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..repeat).for_each(|_| work());
    start.elapsed().as_nanos() as f64
}

fn main() {
    let short = std::env::args().any(|argument| argument == "--short");
    println!(
        "| schema | bytes | Avro encode, ns: ours / serde_avro_fast | × | Avro decode, ns: ours / serde_avro_fast | × | JSON encode, ns: ours / serde_json | × |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut ratios = [const { Vec::new() }; 3];
    let mut left_out: Vec<(&str, String)> = cases::LEFT_OUT
        .iter()
        .map(|(name, why)| (*name, (*why).to_owned()))
        .collect();
    for case in cases::CASES {
        let figures = match (case.run)(case.schema, case.samples) {
            Ok(figures) => figures,
            Err(why) => {
                left_out.push((case.name, why));
                continue;
            }
        };
        let mut line = format!("| {} | {} |", case.name, figures.bytes);
        let pairs = [figures.encode, figures.decode, figures.json];
        for (ratios, (ours, peer)) in ratios.iter_mut().zip(pairs) {
            let ratio = peer / ours;
            ratios.push(ratio);
            let _ = write!(line, " {ours:.0} / {peer:.0} | {ratio:.1} |");
        }
        println!("{line}");
    }
    let mean = |ratios: &[f64]| {
        let logarithms = ratios.iter().map(|ratio| ratio.ln()).sum::<f64>();
        (logarithms / ratios.len() as f64).exp()
    };
    println!();
    let mut missed = false;
    let goals = [
        ("Avro encode", "serde_avro_fast", 5.0),
        ("Avro decode", "serde_avro_fast", 1.5),
        ("JSON encode", "serde_json", 2.0),
    ];
    for ((what, peer, goal), ratios) in goals.into_iter().zip(&ratios) {
        let mean = mean(ratios);
        missed |= mean < goal;
        println!(
            "{what}: {mean:.2} times faster than {peer}, geometric mean over {} schemas (goal: {goal})",
            ratios.len()
        );
    }
    if !short {
        for (name, why) in left_out {
            println!("left out: {name}: {why}");
        }
    }
    if missed {
        println!("a goal was missed");
        std::process::exit(1);
    }
}

//! Our codecs beside serde_avro_fast and serde_json: the same values, the same bytes, reused buffers, one interleaved run.
//!
//! Times are medians of short batches that take turns; what counts is the ratio. Outputs are compared before timing.

use obs_runtime::{AvroCodec, JsonCodec};
use serde::{Serialize, de::DeserializeOwned};
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
    /// Only where both write the same JSON.
    json: Option<(f64, f64)>,
}

macro_rules! case {
    ($ours:path, $peer:path, $name:expr, $schema:expr, $samples:expr) => {
        crate::Case { name: $name, run: crate::run::<$ours, $peer>, schema: $schema, samples: $samples }
    };
}

mod cases {
    include!(concat!(env!("OUT_DIR"), "/cases.rs"));
}

/// Batches of each side; they take turns.
const BATCHES: usize = 31;

fn run<Ours: AvroCodec + JsonCodec, Peer: Serialize + DeserializeOwned>(
    schema: &'static str,
    samples: &[&[u8]],
) -> Result<Figures, String> {
    let schema: serde_avro_fast::Schema = schema.parse().map_err(|error| format!("peer: schema: {error}"))?;
    let mut ours = Vec::new();
    let mut peers: Vec<Peer> = Vec::new();
    for sample in samples {
        ours.push(Ours::decode_avro(sample).map_err(|error| format!("ours: {error}"))?);
        peers.push(serde_avro_fast::from_datum_slice(sample, &schema).map_err(|error| format!("peer: {error}"))?);
    }
    let mut config = serde_avro_fast::ser::SerializerConfig::new(&schema);
    let mut buffer = Vec::with_capacity(1 << 16);
    for (sample, (own, peer)) in samples.iter().zip(ours.iter().zip(&peers)) {
        buffer.clear();
        own.encode_avro(&mut buffer).map_err(|error| format!("ours: {error}"))?;
        if buffer != *sample {
            return Err("ours: other bytes".to_owned());
        }
        buffer.clear();
        buffer = serde_avro_fast::to_datum(peer, buffer, &mut config).map_err(|error| format!("peer: {error}"))?;
        if buffer != *sample {
            return Err("peer: other bytes".to_owned());
        }
    }
    let mut figures = Figures { bytes: samples.iter().map(|sample| sample.len()).sum::<usize>() / samples.len(), ..Figures::default() };
    let mut other = Vec::with_capacity(1 << 16);
    figures.encode = turns(
        samples.len(),
        || {
            for value in &ours {
                buffer.clear();
                black_box(value).encode_avro(&mut buffer).expect("it did before");
                black_box(&buffer);
            }
        },
        || {
            for value in &peers {
                other.clear();
                other = serde_avro_fast::to_datum(black_box(value), std::mem::take(&mut other), &mut config).expect("it did before");
                black_box(&other);
            }
        },
    );
    figures.decode = turns(
        samples.len(),
        || samples.iter().for_each(|sample| drop(black_box(Ours::decode_avro(black_box(sample))))),
        || samples.iter().for_each(|sample| drop(black_box(serde_avro_fast::from_datum_slice::<Peer>(black_box(sample), &schema)))),
    );
    figures.json = json(&ours, &peers);
    Ok(figures)
}

fn json<Ours: JsonCodec, Peer: Serialize>(ours: &[Ours], peers: &[Peer]) -> Option<(f64, f64)> {
    let (mut buffer, mut other) = (Vec::with_capacity(1 << 16), Vec::with_capacity(1 << 16));
    for (own, peer) in ours.iter().zip(peers) {
        buffer.clear();
        other.clear();
        own.encode_json(&mut buffer).ok()?;
        serde_json::to_writer(&mut other, peer).ok()?;
        if buffer != other {
            return None;
        }
    }
    Some(turns(
        ours.len(),
        || {
            for value in ours {
                buffer.clear();
                black_box(value).encode_json(&mut buffer).expect("it did before");
                black_box(&buffer);
            }
        },
        || {
            for value in peers {
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
    println!("| schema | bytes | encode ours / serde_avro_fast, ns | × | decode ours / serde_avro_fast, ns | × | JSON ours / serde_json, ns | × |");
    println!("|---|---|---|---|---|---|---|---|");
    let (mut encode, mut decode, mut json) = (Vec::new(), Vec::new(), Vec::new());
    let mut left_out = Vec::new();
    for case in cases::CASES {
        match (case.run)(case.schema, case.samples) {
            Err(why) => left_out.push((case.name, why)),
            Ok(figures) => {
                let ratio = |(ours, peer): (f64, f64)| peer / ours;
                encode.push(ratio(figures.encode));
                decode.push(ratio(figures.decode));
                json.extend(figures.json.map(ratio));
                let (e, d) = (figures.encode, figures.decode);
                let shown = figures.json.map_or("other JSON | –".to_owned(), |j| format!("{:.0} / {:.0} | {:.1}", j.0, j.1, ratio(j)));
                println!(
                    "| {} | {} | {:.0} / {:.0} | {:.1} | {:.0} / {:.0} | {:.1} | {shown} |",
                    case.name, figures.bytes, e.0, e.1, ratio(e), d.0, d.1, ratio(d)
                );
            }
        }
    }
    let mean = |ratios: &[f64]| (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    println!("\ngeometric means: Avro encode {:.2}× over {} schemas, Avro decode {:.2}× over {}, JSON encode {:.2}× over {}",
        mean(&encode), encode.len(), mean(&decode), decode.len(), mean(&json), json.len());
    for (name, why) in left_out {
        println!("left out: {name}: {why}");
    }
}

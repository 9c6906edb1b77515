//! Random Avro specs, and bodies of them written by hand, as a second opinion on the codec.

use super::Random;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Deeper than this a spec has leaves only, and a body the shortest value.
const DEPTH: usize = 4;

const INTS: &[&str] = &["", "", "date", "time-millis"];
const LONGS: &[&str] = &[
    "",
    "",
    "time-micros",
    "timestamp-millis",
    "timestamp-micros",
    "timestamp-nanos",
    "local-timestamp-millis",
    "local-timestamp-micros",
    "local-timestamp-nanos",
];

/// Types by use; named ones are an index into [`Specs`].
enum Ty {
    Null,
    Boolean,
    Int(&'static str),
    Long(&'static str),
    Float,
    Double,
    Bytes,
    Decimal,
    Text,
    Uuid,
    Array(Box<Ty>),
    Map(Box<Ty>),
    Union(Vec<Ty>),
    Named(usize),
}

/// What stands behind a name.
enum Named {
    /// Still being made: only where a value may leave it out.
    Open,
    Record(Vec<Ty>),
    Enum(usize),
    Fixed(usize),
}

/// The types of all files of a seed.
pub(super) struct Specs {
    named: Vec<Named>,
    roots: Vec<usize>,
}

/// Two files, the second of which may name types of the first.
pub(super) fn specs(random: &mut Random) -> (Specs, Vec<String>) {
    let mut specs = Specs {
        named: Vec::new(),
        roots: Vec::new(),
    };
    for _ in 0..2 {
        let root = specs.record(random, 0);
        specs.roots.push(root);
    }
    let mut written = BTreeSet::new();
    let texts = specs
        .roots
        .iter()
        .map(|root| {
            let mut text = String::new();
            specs.write_named(random, *root, &mut written, &mut text);
            text
        })
        .collect();
    (specs, texts)
}

impl Specs {
    fn add(&mut self, named: Named) -> usize {
        self.named.push(named);
        self.named.len() - 1
    }

    fn record(&mut self, random: &mut Random, depth: usize) -> usize {
        let at = self.add(Named::Open);
        let fields = (0..=random.below(5))
            .map(|_| self.ty(random, depth + 1))
            .collect();
        self.named[at] = Named::Record(fields);
        at
    }

    fn ty(&mut self, random: &mut Random, depth: usize) -> Ty {
        let kinds = if depth < DEPTH { 18 } else { 12 };
        match random.below(kinds) {
            0 => Ty::Boolean,
            1 => Ty::Int(random.pick(INTS)),
            2 | 3 => Ty::Long(random.pick(LONGS)),
            4 => Ty::Float,
            5 => Ty::Double,
            6 => Ty::Bytes,
            7 => Ty::Decimal,
            8 | 9 => Ty::Text,
            10 => Ty::Uuid,
            11 => self.known(random, false).unwrap_or(Ty::Null),
            12 => Ty::Array(Box::new(self.element(random, depth))),
            13 => Ty::Map(Box::new(self.element(random, depth))),
            14 => Ty::Union(self.branches(random, depth)),
            15 => Ty::Named(self.record(random, depth)),
            16 => Ty::Named(self.add(Named::Enum(1 + random.below(5)))),
            _ => Ty::Named(self.add(Named::Fixed(1 + random.below(20)))),
        }
    }

    /// A type where there may be none of it, so it may be one that is not finished.
    fn element(&mut self, random: &mut Random, depth: usize) -> Ty {
        let known = random.one_in(4).then(|| self.known(random, true)).flatten();
        known.unwrap_or_else(|| self.ty(random, depth + 1))
    }

    fn known(&self, random: &mut Random, open: bool) -> Option<Ty> {
        let at = random.below(self.named.len());
        let fits = open || !matches!(self.named[at], Named::Open);
        fits.then_some(Ty::Named(at))
    }

    /// Null comes first, so every body can end here.
    fn branches(&mut self, random: &mut Random, depth: usize) -> Vec<Ty> {
        let mut branches = vec![Ty::Null];
        let mut seen = BTreeSet::from([Ty::Null.branch()]);
        for _ in 0..=random.below(3) {
            let ty = self.element(random, depth);
            if !matches!(ty, Ty::Union(_)) && seen.insert(ty.branch()) {
                branches.push(ty);
            }
        }
        branches
    }

    fn write_named(
        &self,
        random: &mut Random,
        at: usize,
        written: &mut BTreeSet<usize>,
        out: &mut String,
    ) {
        if !written.insert(at) {
            let _ = write!(out, "\"soak.N{at}\"");
            return;
        }
        let head = format!("\"name\":\"N{at}\",\"namespace\":\"soak\"");
        match &self.named[at] {
            Named::Open => {}
            Named::Fixed(size) => {
                let _ = write!(out, "{{\"type\":\"fixed\",{head},\"size\":{size}}}");
            }
            Named::Enum(symbols) => {
                let symbols: Vec<_> = (0..*symbols).map(|at| format!("\"S{at}\"")).collect();
                let symbols = symbols.join(",");
                let _ = write!(out, "{{\"type\":\"enum\",{head},\"symbols\":[{symbols}]}}");
            }
            Named::Record(fields) => {
                let _ = write!(out, "{{\"type\":\"record\",{head},\"fields\":[");
                for (field, ty) in fields.iter().enumerate() {
                    let comma = if field == 0 { "" } else { "," };
                    let _ = write!(out, "{comma}{{\"name\":\"field{field}\",\"type\":");
                    self.write(random, ty, written, out);
                    if let Some(default) = self.default(ty)
                        && random.one_in(2)
                    {
                        let _ = write!(out, ",\"default\":{default}");
                    }
                    out.push('}');
                }
                out.push_str("]}");
            }
        }
    }

    fn write(&self, random: &mut Random, ty: &Ty, written: &mut BTreeSet<usize>, out: &mut String) {
        match ty {
            Ty::Named(at) => self.write_named(random, *at, written, out),
            Ty::Array(items) => {
                out.push_str("{\"type\":\"array\",\"items\":");
                self.write(random, items, written, out);
                out.push('}');
            }
            Ty::Map(values) => {
                out.push_str("{\"type\":\"map\",\"values\":");
                self.write(random, values, written, out);
                out.push('}');
            }
            Ty::Union(branches) => {
                out.push('[');
                for (at, branch) in branches.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    self.write(random, branch, written, out);
                }
                out.push(']');
            }
            leaf => {
                let more = match leaf {
                    Ty::Int("") | Ty::Long("") => String::new(),
                    Ty::Int(logical) | Ty::Long(logical) => {
                        format!(",\"logicalType\":\"{logical}\"")
                    }
                    Ty::Decimal => {
                        ",\"logicalType\":\"decimal\",\"precision\":6,\"scale\":2".to_owned()
                    }
                    Ty::Uuid => ",\"logicalType\":\"uuid\"".to_owned(),
                    _ => String::new(),
                };
                let name = leaf.branch();
                let _ = write!(out, "{{\"type\":\"{name}\"{more}}}");
            }
        }
    }

    fn default(&self, ty: &Ty) -> Option<&'static str> {
        Some(match ty {
            Ty::Null | Ty::Union(_) => "null",
            Ty::Boolean => "true",
            Ty::Int(_) | Ty::Long(_) => "7",
            Ty::Float | Ty::Double => "0.5",
            Ty::Bytes => "\"\\u00ff\"",
            Ty::Text => "\"a \\\"b\\\" {c}\"",
            Ty::Array(_) => "[]",
            Ty::Map(_) => "{}",
            Ty::Named(at) if matches!(self.named[*at], Named::Enum(_)) => "\"S0\"",
            Ty::Named(_) | Ty::Decimal | Ty::Uuid => return None,
        })
    }

    /// A value of the root of a file, as Avro has it.
    pub(super) fn body(&self, random: &mut Random, file: usize) -> Vec<u8> {
        let mut out = Vec::new();
        self.named_body(random, self.roots[file], 0, &mut out);
        out
    }

    fn named_body(&self, random: &mut Random, at: usize, depth: usize, out: &mut Vec<u8>) {
        match &self.named[at] {
            Named::Open => {}
            Named::Record(fields) => {
                for field in fields {
                    self.value(random, field, depth + 1, out);
                }
            }
            Named::Enum(symbols) => length(random.below(*symbols), out),
            Named::Fixed(size) => (0..*size).for_each(|_| out.push(byte(random))),
        }
    }

    fn value(&self, random: &mut Random, ty: &Ty, depth: usize, out: &mut Vec<u8>) {
        let many = |random: &mut Random| random.below(if depth < 2 * DEPTH { 4 } else { 1 });
        match ty {
            Ty::Null => {}
            Ty::Boolean => out.push(u8::from(random.one_in(2))),
            // Within every logical type: a time of day ends at 86 400 000 milliseconds.
            Ty::Int(_) => long(i64::try_from(random.below(80_000)).unwrap_or(0), out),
            Ty::Long("") => long(random.next().cast_signed(), out),
            Ty::Long(_) => long(
                i64::try_from(random.below(80_000_000_000)).unwrap_or(0),
                out,
            ),
            // JSON has no number for the infinities.
            Ty::Float => out.extend((f32::from(byte(random)) / 3.0).to_le_bytes()),
            Ty::Double => out.extend((f64::from(byte(random)) / 3.0).to_le_bytes()),
            Ty::Bytes => {
                let bytes: Vec<u8> = (0..random.below(9)).map(|_| byte(random)).collect();
                text(&bytes, out);
            }
            Ty::Decimal => text(&[1 + byte(random) / 4, byte(random)], out),
            Ty::Text => text("aé\"\\\u{1}𝄞".repeat(random.below(3)).as_bytes(), out),
            Ty::Uuid => {
                let end = random.next() >> 16;
                let uuid = format!("01890a5d-ac96-774b-bcce-{end:012x}");
                text(uuid.as_bytes(), out);
            }
            Ty::Array(items) => {
                let count = many(random);
                if count > 0 {
                    length(count, out);
                    (0..count).for_each(|_| self.value(random, items, depth + 1, out));
                }
                out.push(0);
            }
            Ty::Map(values) => {
                let count = many(random);
                if count > 0 {
                    length(count, out);
                    for key in 0..count {
                        text(format!("key {key}").as_bytes(), out);
                        self.value(random, values, depth + 1, out);
                    }
                }
                out.push(0);
            }
            Ty::Union(branches) => {
                let last = if depth < 2 * DEPTH { branches.len() } else { 1 };
                let branch = random.below(last);
                length(branch, out);
                self.value(random, &branches[branch], depth + 1, out);
            }
            Ty::Named(at) => self.named_body(random, *at, depth, out),
        }
    }
}

impl Ty {
    /// What a union tells branches apart by.
    fn branch(&self) -> String {
        let name = match self {
            Ty::Null => "null",
            Ty::Boolean => "boolean",
            Ty::Int(_) => "int",
            Ty::Long(_) => "long",
            Ty::Float => "float",
            Ty::Double => "double",
            Ty::Bytes | Ty::Decimal => "bytes",
            Ty::Text | Ty::Uuid => "string",
            Ty::Array(_) => "array",
            Ty::Map(_) => "map",
            Ty::Union(_) => "union",
            Ty::Named(at) => return format!("N{at}"),
        };
        name.to_owned()
    }
}

fn byte(random: &mut Random) -> u8 {
    u8::try_from(random.below(256)).unwrap_or(0)
}

fn text(bytes: &[u8], out: &mut Vec<u8>) {
    length(bytes.len(), out);
    out.extend(bytes);
}

fn length(length: usize, out: &mut Vec<u8>) {
    long(i64::try_from(length).unwrap_or(0), out);
}

/// Zigzag, then seven bits at a time.
fn long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest > 0x7f {
        out.push(u8::try_from(rest & 0x7f).unwrap_or(0) | 0x80);
        rest >>= 7;
    }
    out.push(u8::try_from(rest).unwrap_or(0));
}

//! YAML to the located tree.

use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::json::Number;
use obs_schema::node::{MAX_DEPTH, Member, Members, Node, Value};
use obs_schema::source::{FileId, Loc, Position, SourceFile};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};
use std::collections::BTreeMap;

/// What anchors and aliases may copy, in nodes; more is an attack or an accident. Nodes that are written are not counted.
const MAX_COPIED: usize = 200_000;

/// A text of this many bytes counts as a node more, so that copies of long texts are bounded too.
const TEXT_PER_NODE: usize = 64;

/// Reads the first document of a YAML text.
pub fn parse(cx: &mut Diagnostics, file: FileId, source: &SourceFile) -> Option<Node> {
    let mut reader = Reader {
        cx,
        source,
        file,
        stack: Vec::new(),
        anchors: BTreeMap::new(),
        copied: 0,
        root: None,
        walked: (0, 0, 0),
    };
    for event in Parser::new_from_str(&source.text) {
        let taken = match event {
            Ok((event, span)) => reader.take(event, span),
            Err(error) => {
                let at = reader.offset(*error.marker());
                let loc = Loc::new(file, at, at + 1);
                Err(match error.info() {
                    "recursion limit exceeded" => too_deep(loc),
                    info => Box::new(
                        Diagnostic::error("yaml-syntax", loc, info.to_owned())
                            .help("correct the indentation or the quoting here"),
                    ),
                })
            }
        };
        match taken {
            Ok(true) => {}
            Ok(false) => break,
            Err(diagnostic) => {
                reader.cx.push(*diagnostic);
                return None;
            }
        }
    }
    if reader.root.is_none() {
        reader.cx.push(
            Diagnostic::error("yaml-syntax", Loc::file(file), "the file is empty")
                .help("write a schema, or remove the file"),
        );
    }
    reader.root
}

struct Reader<'a, 'c> {
    cx: &'c mut Diagnostics,
    source: &'a SourceFile,
    file: FileId,
    stack: Vec<Open>,
    anchors: BTreeMap<usize, Anchored>,
    copied: usize,
    root: Option<Node>,
    /// A line, how many of its characters have been walked, and how many bytes those are.
    walked: (usize, usize, usize),
}

/// A value with an anchor, and what each alias of it costs.
struct Anchored {
    node: Node,
    depth: usize,
    size: usize,
}

/// A collection being read.
struct Open {
    start: usize,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    Array(Vec<Node>),
    /// Members so far, and the key that waits for its value.
    Object(Members, Option<(String, Loc)>),
}

impl Reader<'_, '_> {
    /// The byte a marker means. Events come in order, so a long line is walked once and not anew for each of them.
    fn offset(&mut self, marker: Marker) -> usize {
        let (line, column) = (marker.line(), marker.col());
        let (seen, passed, behind) = self.walked;
        let (passed, behind) = if seen == line && passed <= column {
            (passed, behind)
        } else {
            (0, 0)
        };
        let rest = self.source.line(line).get(behind..).unwrap_or_default();
        let further = rest.char_indices().nth(column - passed);
        let within = behind + further.map_or(rest.len(), |(at, _)| at);
        self.walked = (line, column, within);
        within + self.source.offset(Position { line, column: 1 })
    }

    /// Takes an event; false when the first document is complete.
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<bool, Box<Diagnostic>> {
        let (start, end) = (self.offset(span.start), self.offset(span.end));
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let loc = Loc::new(self.file, start, end);
                let value = if style == ScalarStyle::Plain {
                    plain(&text)
                } else {
                    Value::String(text.into_owned())
                };
                self.add(Node { loc, value }, anchor)?;
            }
            Event::SequenceStart(anchor, _) => self.open(start, anchor, Kind::Array(Vec::new()))?,
            Event::MappingStart(anchor, _) => {
                self.open(start, anchor, Kind::Object(Members::default(), None))?
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.stack.pop() {
                    let value = match open.kind {
                        Kind::Array(items) => Value::Array(items),
                        Kind::Object(members, _) => members.value(),
                    };
                    self.add(
                        Node {
                            loc: Loc::new(self.file, open.start, end),
                            value,
                        },
                        open.anchor,
                    )?;
                }
            }
            Event::Alias(anchor) => {
                let loc = Loc::new(self.file, start, end);
                let Some(anchored) = self.anchors.get(&anchor) else {
                    return Err(Box::new(
                        Diagnostic::error(
                            "yaml-syntax",
                            loc,
                            "this alias stands inside its own anchor",
                        )
                        .help("write the value out"),
                    ));
                };
                // Chained aliases nest without a bracket being written: what a value has inside counts.
                if self.stack.len() + anchored.depth > MAX_DEPTH {
                    return Err(too_deep(loc));
                }
                copy(&mut self.copied, anchored.size, loc)?;
                let value = anchored.node.value.clone();
                self.add(Node { loc, value }, 0)?;
            }
            Event::DocumentEnd => return Ok(self.root.is_none()),
            _ => {}
        }
        Ok(true)
    }

    fn open(&mut self, start: usize, anchor: usize, kind: Kind) -> Result<(), Box<Diagnostic>> {
        if self.stack.len() == MAX_DEPTH {
            return Err(too_deep(Loc::new(self.file, start, start + 1)));
        }
        self.stack.push(Open {
            start,
            anchor,
            kind,
        });
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Box<Diagnostic>> {
        if anchor > 0 {
            // Anchors inside anchors copy the same text once for each of them.
            let (depth, size) = measure(&node);
            copy(&mut self.copied, size, node.loc)?;
            let node = node.clone();
            self.anchors.insert(anchor, Anchored { node, depth, size });
        }
        match self.stack.last_mut().map(|open| &mut open.kind) {
            None => self.root = self.root.take().or(Some(node)),
            Some(Kind::Array(items)) => items.push(node),
            Some(Kind::Object(members, waiting)) => match waiting.take() {
                Some((name, name_loc)) => {
                    let member = Member {
                        name,
                        name_loc,
                        value: node,
                    };
                    members.push(self.cx, member);
                }
                None => *waiting = Some((key(&node)?, node.loc)),
            },
        }
        Ok(())
    }
}

fn key(node: &Node) -> Result<String, Box<Diagnostic>> {
    match &node.value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Ok("null".to_owned()),
        Value::Array(_) | Value::Object(_) => Err(Box::new(
            Diagnostic::error("yaml-syntax", node.loc, "a key must be a plain word")
                .help("write the key as text"),
        )),
    }
}

/// A plain scalar by the core schema of YAML 1.2.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => {
            let digits = text.strip_prefix('+').unwrap_or(text);
            let radix =
                |prefix, radix| u64::from_str_radix(digits.strip_prefix(prefix)?, radix).ok();
            match Number::parse(digits)
                .or_else(|| radix("0x", 16).or_else(|| radix("0o", 8)).map(Number::UInt))
            {
                Some(Number::UInt(value)) if i64::try_from(value).is_ok() => {
                    Value::Number(Number::Int(i64::try_from(value).unwrap_or_default()))
                }
                Some(number) => Value::Number(number),
                None => Value::String(text.to_owned()),
            }
        }
    }
}

/// Counts what is about to be copied.
fn copy(copied: &mut usize, size: usize, loc: Loc) -> Result<(), Box<Diagnostic>> {
    *copied = copied.saturating_add(size);
    if *copied <= MAX_COPIED {
        return Ok(());
    }
    Err(Box::new(
        Diagnostic::error(
            "yaml-syntax",
            loc,
            "anchors and aliases make this document too large",
        )
        .help("write fewer aliases of aliases"),
    ))
}

fn too_deep(loc: Loc) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error(
            "deep-nesting",
            loc,
            format!("values nest more than {MAX_DEPTH} deep"),
        )
        .help("flatten the document"),
    )
}

/// How deep a value nests, and how many nodes a copy of it is. No value is deeper than `MAX_DEPTH`.
fn measure(node: &Node) -> (usize, usize) {
    let (mut depth, mut size) = (0, 1);
    let mut inner = |node: &Node| {
        let (below, more) = measure(node);
        depth = depth.max(below);
        size += more;
    };
    match &node.value {
        Value::Array(items) => items.iter().for_each(inner),
        Value::Object(members) => {
            for member in members {
                inner(&member.value);
            }
            size += members
                .iter()
                .map(|member| member.name.len() / TEXT_PER_NODE)
                .sum::<usize>();
        }
        Value::String(text) => return (0, 1 + text.len() / TEXT_PER_NODE),
        _ => return (0, 1),
    }
    (depth + 1, size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use obs_schema::source::SourceMap;

    fn check(text: &str, expected: &str) {
        let mut sources = SourceMap::default();
        let file = sources.add("t.yaml", text);
        let mut cx = Diagnostics::default();
        let node = parse(&mut cx, file, sources.get(file).expect("just added"));
        let mut got = node.map_or("nothing".to_owned(), |node| node.to_json().to_string());
        for diagnostic in cx.into_sorted() {
            let position = sources
                .position(diagnostic.primary.loc)
                .expect("a file place");
            got += &format!(
                " | {}:{} {}",
                position.line, position.column, diagnostic.message
            );
        }
        assert_eq!(got, expected);
    }

    #[test]
    fn reads_yaml() {
        check(
            "a: 1\nb: [x, 'true', ~, 0x1f]\nc:\n  d: 1.5\n",
            r#"{"a":1,"b":["x","true",null,31],"c":{"d":1.5}}"#,
        );
        check("a: &x {k: v}\nb: *x\n", r#"{"a":{"k":"v"},"b":{"k":"v"}}"#);
        check(
            "é: 1\né: 2\na: 1\na: 2\n",
            r#"{"é":2,"a":2} | 2:1 key `é` is written twice | 4:1 key `a` is written twice"#,
        );
        check("", "nothing | 1:1 the file is empty");
        check(
            "a: [1\n",
            "nothing | 2:1 while parsing a flow sequence, expected ',' or ']'",
        );
        check("a: |\n  two\n  lines\n", r#"{"a":"two\nlines\n"}"#);
    }

    #[test]
    fn places_are_bytes() {
        let mut sources = SourceMap::default();
        let file = sources.add("t.yaml", "é: {b: word}\n");
        let mut cx = Diagnostics::default();
        let source = sources.get(file).expect("just added");
        let node = parse(&mut cx, file, source).expect("valid");
        let word = node
            .get("é")
            .and_then(|inner| inner.get("b"))
            .expect("there");
        assert_eq!(
            &source.text[word.loc.start as usize..word.loc.end as usize],
            "word"
        );
    }

    const TOO_LARGE: &str = "anchors and aliases make this document too large";

    /// `a0: &a0 first`, and then a line for each level, made of the last one's alias.
    fn chain(first: &str, levels: usize, next: fn(String) -> String) -> String {
        (1..=levels).fold(format!("a0: &a0 {first}\n"), |text, level| {
            text + &format!("a{level}: &a{level} {}\n", next(format!("*a{}", level - 1)))
        })
    }

    #[test]
    fn aliases_do_not_explode() {
        let ten = |alias: String| format!("[{}]", vec![alias; 10].join(", "));
        check(
            &chain("[x, x, x, x, x, x, x, x, x, x]", 11, ten),
            &format!("nothing | 5:5 {TOO_LARGE}"),
        );
        // Few nodes, and each of them long.
        check(
            &chain(&"x".repeat(100_000), 4, ten),
            &format!("nothing | 3:5 {TOO_LARGE}"),
        );
        // Many anchors around the same nodes, without an alias.
        let nested: String = (0..100).map(|level| format!("&a{level} [")).collect();
        let text = format!("{nested}{}{}", "x,\n".repeat(10_000), "]".repeat(100));
        check(&text, &format!("nothing | 1:471 {TOO_LARGE}"));
    }

    #[test]
    fn what_is_written_is_no_copy() {
        let text = "- x\n".repeat(MAX_COPIED + 1);
        let mut sources = SourceMap::default();
        let file = sources.add("t.yaml", text);
        let mut cx = Diagnostics::default();
        assert!(parse(&mut cx, file, sources.get(file).expect("just added")).is_some());
        assert_eq!(cx.as_slice().len(), 0);
    }

    #[test]
    fn depth_is_bounded() {
        check(
            &"[".repeat(100_000),
            "nothing | 1:256 values nest more than 128 deep",
        );
        check(
            &"[".repeat(200),
            "nothing | 1:129 values nest more than 128 deep",
        );
        check(
            &"- ".repeat(100_000),
            "nothing | 1:257 values nest more than 128 deep",
        );
        let list = |alias: String| format!("[{alias}]");
        let member = |alias: String| format!("{{k: {alias}}}");
        // The mapping around them is a level too.
        check(
            &chain("[]", 127, list),
            "nothing | 128:14 values nest more than 128 deep",
        );
        check(
            &chain("[]", 100_000, member),
            "nothing | 128:17 values nest more than 128 deep",
        );
        let mut sources = SourceMap::default();
        let file = sources.add("t.yaml", chain("[]", 126, list));
        let mut cx = Diagnostics::default();
        let node = parse(&mut cx, file, sources.get(file).expect("just added"));
        assert_eq!(node.map(|node| measure(&node).0), Some(MAX_DEPTH));
    }
}

//! Each case is a file, or several, and what comes of it: canonical forms, then complaints by position.
//! Apostrophes stand for double quotes, which keeps schemas legible inside strings.

mod defaults;
mod files;
mod hostile;

use super::*;
use crate::avro::{Kind, canonical, full_text};

/// Reads files by their endings and says what came out.
fn read(files: &[(&str, &str)]) -> (Set, Vec<String>) {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let ids: Vec<FileId> = files
        .iter()
        .map(|(path, text)| sources.add(*path, text.replace('\'', "\"")))
        .collect();
    let nodes: Vec<Option<Node>> = ids
        .iter()
        .map(|id| {
            let source = sources.get(*id).unwrap();
            let json = !source.path.ends_with(".avdl");
            json.then(|| node::parse_json_with_comments(&mut cx, *id, &source.text))
                .flatten()
        })
        .collect();
    let inputs: Vec<Input<'_>> = ids
        .iter()
        .zip(&nodes)
        .filter(|(id, _)| !sources.path(**id).starts_with("outside/"))
        .filter_map(|(file, node)| match node {
            Some(node) => Some(Input {
                file: *file,
                content: Content::Node(node),
            }),
            None => sources.path(*file).ends_with(".avdl").then_some(Input {
                file: *file,
                content: Content::Idl,
            }),
        })
        .collect();
    let set = read_set(&mut cx, &sources, &inputs);
    let sound = set.documents.iter().filter(|document| !document.broken);
    let mut out: Vec<String> = sound
        .filter_map(|document| document.root.as_ref())
        .map(|root| canonical::of(&set, root))
        .collect();
    for diagnostic in cx.into_sorted() {
        let at = sources.position(diagnostic.primary.loc).unwrap();
        let file = match files.len() {
            1 => String::new(),
            _ => format!("{}:", sources.path(diagnostic.primary.loc.file)),
        };
        let help = diagnostic.help.unwrap_or_default();
        let mark = if diagnostic.severity == crate::diag::Severity::Error {
            ""
        } else {
            "?"
        };
        out.push(format!(
            "{file}{}:{} {}{mark}: {} ({help})",
            at.line, at.column, diagnostic.code, diagnostic.message
        ));
    }
    (
        set,
        out.into_iter().map(|line| line.replace('"', "'")).collect(),
    )
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    check_all(&[("a.avsc", text)], expected);
}

#[track_caller]
fn check_all(files: &[(&str, &str)], expected: &[&str]) {
    let (_, got) = read(files);
    assert_eq!(got, expected, "\n{}\n", got.join("\n"));
}

/// A record with one field, and its complaints alone.
#[track_caller]
fn check_field(rest: &str, expected: &[&str]) {
    let text = format!("{{'type':'record','name':'R','fields':[\n{{'name':'f',{rest}}}]}}");
    let (_, got) = read(&[("a.avsc", &text)]);
    let got: Vec<&String> = got.iter().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(got, expected, "\n{got:#?}\n");
}

#[test]
fn types() {
    check("'int'", &["'int'"]);
    check("{'type':{'type':{'type':'int'}}}", &["'int'"]);
    check(
        "{'type':'array','items':{'type':'null'}}",
        &["{'type':'array','items':'null'}"],
    );
    check(
        "{'values':'bytes','type':'map'}",
        &["{'type':'map','values':'bytes'}"],
    );
    check("['int']", &["['int']"]);
    check(
        "['string','null',{'type':'long'}]",
        &["['string','null','long']"],
    );
    check(
        "[{'type':'enum','name':'E','symbols':['A']},{'type':'fixed','name':'F','size':2},'E2']",
        &["1:82 unknown-type: nothing defines the type `E2` (write `E`)"],
    );
    check(
        "[]",
        &[
            "[]",
            "1:1 empty-union?: this union has no branches, so no value fits it (list the types a value may have)",
        ],
    );
    check(
        "\u{feff}{\r\n'type': 'record', // \u{e9}\r\n'name': 'a.R',\r\n'fields': [{'name': 'f', 'type': ['null', 'R']}]}\r\n",
        &["{'name':'a.R','type':'record','fields':[{'name':'f','type':['null','a.R']}]}"],
    );
    check(
        "{'type':'error','name':'E','fields':[]}",
        &["{'name':'E','type':'record','fields':[]}"],
    );
}

#[test]
fn types_that_are_none() {
    check(
        "1",
        &[
            "1:1 invalid-type: a number stands where a type should be (write the name of a type, a list of types for a union, or an object with a `type`)",
        ],
    );
    check(
        "{'type':1}",
        &["1:9 invalid-type: `type` is a number (write the name of a type, or a type)"],
    );
    check(
        "{'fields':[]}",
        &["1:2 missing-type: this type has no `type` (add `'type': 'record'`)"],
    );
    check(
        "{'type':'array','values':'int'}",
        &["1:9 missing-items: this array has no `items` (rename `values` to `items`)"],
    );
    check(
        "{'type':'map'}",
        &[
            "1:9 missing-values: this map has no `values` (add `'values'` with the type of its values)",
        ],
    );
    check(
        "['int',['string']]",
        &[
            "1:8 nested-union: a union stands directly in a union (list its branches in the outer union)",
        ],
    );
    check(
        "['int',{'type':['string']}]",
        &[
            "1:8 nested-union: a union stands directly in a union (list its branches in the outer union)",
        ],
    );
    check(
        "['int','string','int']",
        &["1:17 duplicate-branch: the union holds `int` twice (remove one of the two)"],
    );
    check(
        "['string',{'type':'string','logicalType':'uuid'}]",
        &[
            "['string','string']",
            "1:11 duplicate-branch?: the union holds `string` twice (keep one of the two: the logical types differ, but most Avro tools refuse the union all the same)",
        ],
    );
    check(
        "[{'type':'fixed','name':'F','size':1},'null','F']",
        &["1:46 duplicate-branch: the union holds `F` twice (remove one of the two)"],
    );
}

#[test]
fn unknown_types_are_named_with_a_way_out() {
    let field = |ty: &str, help: &str| {
        let name = ty.trim_matches('\'');
        check_field(
            &format!("'type':{ty}"),
            &[&format!(
                "2:20 unknown-type: nothing defines the type `{name}` ({help})"
            )],
        );
    };
    field(
        "'String'",
        "write `string`: names of primitive types are lower-case",
    );
    field("'bool'", "write `boolean`, which is what Avro calls it");
    field("'sting'", "write `string`");
    field("'date'", "write `{'type': 'int', 'logicalType': 'date'}`");
    field("'x.R'", "write `R`");
    field("'Nowhere'", "define it, or add the file that defines it");
    check_field(
        "'type':'array','items':'int'",
        &[
            "2:28 unnested-type: `items` stands beside the type of the field, not in it (write `'type': {'type': 'array', 'items': …}`)",
        ],
    );
}

#[test]
fn namespaces() {
    check(
        "{'type':'record','name':'Example','namespace':'out','fields':[
          {'name':'a','type':{'type':'enum','name':'Simple','symbols':['a']}},
          {'name':'b','type':{'type':'fixed','name':'Simple','namespace':'explicit','size':12}},
          {'name':'c','type':{'type':'record','name':'a.full.Name','namespace':'ignored','fields':[
            {'name':'d','type':{'type':'enum','name':'Understanding','symbols':['d']}},
            {'name':'e','type':'out.Simple'}]}},
          {'name':'f','type':{'type':'record','name':'Null','namespace':'','fields':[
            {'name':'g','type':{'type':'fixed','name':'Inner','size':1}}]}},
          {'name':'h','type':'Simple'},{'name':'i','type':'Inner'},{'name':'j','type':'Null'}]}",
        &["{'name':'out.Example','type':'record','fields':[\
            {'name':'a','type':{'name':'out.Simple','type':'enum','symbols':['a']}},\
            {'name':'b','type':{'name':'explicit.Simple','type':'fixed','size':12}},\
            {'name':'c','type':{'name':'a.full.Name','type':'record','fields':[\
            {'name':'d','type':{'name':'a.full.Understanding','type':'enum','symbols':['d']}},\
            {'name':'e','type':'out.Simple'}]}},\
            {'name':'f','type':{'name':'Null','type':'record','fields':[\
            {'name':'g','type':{'name':'Inner','type':'fixed','size':1}}]}},\
            {'name':'h','type':'out.Simple'},{'name':'i','type':'Inner'},{'name':'j','type':'Null'}]}"],
    );
    check(
        "{'type':'fixed','name':'F','namespace':'a-b','size':1}",
        &[
            "{'name':'a-b.F','type':'fixed','size':1}",
            "1:40 name-not-portable?: namespace `a-b` is none by Avro's rules, and some tools refuse it (write names of letters, digits and underscores, joined by dots)",
        ],
    );
    check(
        "{'type':'fixed','name':'a..F','size':1}",
        &["1:24 invalid-namespace: `a.` cannot be a namespace (write names joined by single dots)"],
    );
    check(
        "{'type':'fixed','name':'F','namespace':null,'size':1}",
        &["{'name':'F','type':'fixed','size':1}"],
    );
    check(
        "{'type':'fixed','name':'F','namespace':1,'size':1}",
        &[
            "1:40 invalid-namespace: `namespace` is a number (write names joined by dots, or '' for none)",
        ],
    );
}

#[test]
fn names() {
    check(
        "{'type':'fixed','size':1}",
        &[
            "1:9 missing-name: this fixed has no `name` (add a `name`: definitions are told apart by it)",
        ],
    );
    check(
        "{'type':'fixed','name':'','size':1}",
        &["1:24 invalid-name: a type name is empty (write a name)"],
    );
    check(
        "{'type':'fixed','name':1,'size':1}",
        &["1:24 invalid-name: `name` is a number (write a name in quotes)"],
    );
    check(
        "{'type':'fixed','name':'int','size':1}",
        &["1:24 invalid-name: `int` is the name of a primitive type (choose another name)"],
    );
    check(
        "{'type':'fixed','name':'record','size':1}",
        &["{'name':'record','type':'fixed','size':1}"],
    );
    check(
        "{'type':'enum','name':'E','symbols':['a b','1','\\n']}",
        &[
            "1:38 name-not-portable?: symbol `a b` is not a name by Avro's rules, and many tools refuse it (begin with a letter or underscore, go on with letters, digits and underscores, and keep this name as an alias)",
            "1:44 name-not-portable?: symbol `1` is not a name by Avro's rules, and many tools refuse it (begin with a letter or underscore, go on with letters, digits and underscores, and keep this name as an alias)",
            "1:48 invalid-name: symbol `\\n` cannot be a name (begin with a letter or underscore, go on with letters, digits and underscores)",
        ],
    );
}

#[test]
fn records() {
    check(
        "{'type':'record','name':'R'}",
        &[
            "1:9 missing-fields: this record has no `fields` (add `'fields': []` with a name and a type each)",
        ],
    );
    check(
        "{'type':'record','name':'R','fields':{}}",
        &["1:38 missing-fields: `fields` is an object (write a list of fields)"],
    );
    check(
        "{'type':'record','name':'R','fields':['x',{'type':'int'},{'name':'a'},{'name':2,'type':'int'},{'name':'b','type':'int'},{'name':'b','type':'long'}]}",
        &[
            "1:39 invalid-field: a field is a string where an object should be (write an object with `name` and `type`)",
            "1:43 missing-name: this field has no `name` (add a `name`)",
            "1:66 missing-type: field `a` has no `type` (add a `type`)",
            "1:79 invalid-name: `name` is a number (write a name in quotes)",
            "1:129 duplicate-field: field `b` is declared twice (rename one of them, or remove the second)",
        ],
    );
    check_field(
        "'type':'int','order':'descnding'",
        &["2:34 invalid-order: `'descnding'` is no order of sorting (write `descending`)"],
    );
    check_field(
        "'type':'int','order':1",
        &[
            "2:34 invalid-order: `1` is no order of sorting (write `ascending`, `descending` or `ignore`)",
        ],
    );
    check_field(
        "'type':'int','aliases':'g'",
        &["2:36 invalid-alias: `aliases` is a string (put it in a list)"],
    );
    check_field(
        "'type':'int','aliases':['g',1]",
        &[
            "2:41 invalid-alias: an alias is a number where a name should be (write a name in quotes)",
        ],
    );
    check_field(
        "'type':'int','doc':1",
        &[
            "2:32 invalid-doc?: `doc` is a number where a text should be, and is ignored (write text in quotes)",
        ],
    );
    check_field(
        "'type':'long','logicalType':'timestamp-millis'",
        &[
            "2:27 misplaced-logical-type?: `logicalType` stands beside the type of field `f`, not in it, and is ignored (move it into the type: `'type': {'type': …, 'logicalType': …}`)",
        ],
    );
}

#[test]
fn enums_and_fixed() {
    check(
        "{'type':'enum','name':'E'}",
        &["1:9 missing-symbols: this enum has no `symbols` (add `'symbols'` with a list of names)"],
    );
    check(
        "{'type':'enum','name':'E','symbol':['A']}",
        &["1:9 missing-symbols: this enum has no `symbols` (rename `symbol` to `symbols`)"],
    );
    check(
        "{'type':'enum','name':'E','symbols':['A','B','A',1]}",
        &[
            "1:46 duplicate-symbol: symbol `A` is listed twice (remove one of the two)",
            "1:50 invalid-name: a symbol is a number (write a name in quotes)",
        ],
    );
    check(
        "{'type':'enum','name':'E','symbols':['OPEN'],'default':'OPNE'}",
        &["1:56 invalid-enum-default: the default `'OPNE'` is none of the symbols (write `OPEN`)"],
    );
    check(
        "{'type':'enum','name':'E','symbols':[]}",
        &[
            "{'name':'E','type':'enum','symbols':[]}",
            "1:37 empty-enum?: this enum has no symbols, so no value fits it (list the symbols a value may have)",
        ],
    );
    check(
        "{'type':'fixed','name':'F'}",
        &["1:9 missing-size: this fixed has no `size` (add `'size'` with the number of bytes)"],
    );
    check(
        "{'type':'fixed','name':'F','size':-1}",
        &[
            "1:35 invalid-size: `size` is `-1` where a number of bytes should be (write a whole number from 0 to 2147483647)",
        ],
    );
    check(
        "{'type':'fixed','name':'F','size':'16'}",
        &[
            "{'name':'F','type':'fixed','size':16}",
            "1:35 invalid-size?: `size` is a number in quotes (remove the quotes: most Avro tools refuse them)",
        ],
    );
}

#[test]
fn logical_types() {
    use crate::avro::Logical::{self, *};
    #[track_caller]
    fn field(ty: &str, expected: Option<Logical>, complaint: &str) {
        let text =
            format!("{{'type':'record','name':'R','fields':[{{'name':'f','type':{{{ty}}}}}]}}");
        let (set, got) = read(&[("a.avsc", &text)]);
        let NamedKind::Record { fields, .. } = &set.named[0].kind else {
            panic!()
        };
        let logical = match fields[0].ty.kind {
            Kind::Named(id) => set.get(id).logical,
            _ => fields[0].ty.logical,
        };
        assert_eq!(logical, expected, "{ty}");
        let complaints = got[1..].join("");
        assert!(
            complaints.contains(complaint) && complaint.is_empty() == complaints.is_empty(),
            "{ty}: {complaints}"
        );
    }
    field(
        "'type':'bytes','logicalType':'decimal','precision':4,'scale':2",
        Some(Decimal {
            precision: 4,
            scale: 2,
        }),
        "",
    );
    field(
        "'type':'bytes','logicalType':'decimal','precision':4",
        Some(Decimal {
            precision: 4,
            scale: 0,
        }),
        "",
    );
    field(
        "'type':'fixed','name':'F','size':4,'logicalType':'decimal','precision':9",
        Some(Decimal {
            precision: 9,
            scale: 0,
        }),
        "",
    );
    field(
        "'type':'bytes','logicalType':'big-decimal'",
        Some(BigDecimal),
        "",
    );
    field("'type':'string','logicalType':'uuid'", Some(Uuid), "");
    field(
        "'type':'fixed','name':'F','size':16,'logicalType':'uuid'",
        Some(Uuid),
        "",
    );
    field(
        "'type':'fixed','name':'F','size':12,'logicalType':'duration'",
        Some(Duration),
        "",
    );
    field("'type':'int','logicalType':'date'", Some(Date), "");
    field(
        "'type':'int','logicalType':'time-millis'",
        Some(TimeMillis),
        "",
    );
    field(
        "'type':{'type':'long','logicalType':'time-micros'}",
        Some(TimeMicros),
        "",
    );
    field(
        "'type':{'type':'long'},'logicalType':'timestamp-millis'",
        Some(TimestampMillis),
        "",
    );
    field(
        "'type':'long','logicalType':'timestamp-micros'",
        Some(TimestampMicros),
        "",
    );
    field(
        "'type':'long','logicalType':'timestamp-nanos'",
        Some(TimestampNanos),
        "",
    );
    field(
        "'type':'long','logicalType':'local-timestamp-millis'",
        Some(LocalTimestampMillis),
        "",
    );
    field(
        "'type':'long','logicalType':'local-timestamp-micros'",
        Some(LocalTimestampMicros),
        "",
    );
    field(
        "'type':'long','logicalType':'local-timestamp-nanos'",
        Some(LocalTimestampNanos),
        "",
    );
    field("'type':'string','logicalType':'phone-number'", None, "");
    field(
        "'type':'long','logicalType':'timestamp-milis'",
        None,
        "there is no logical type `timestamp-milis`, and it is ignored (write `timestamp-millis`)",
    );
    field(
        "'type':'string','logicalType':'timestamp-millis'",
        None,
        "`timestamp-millis` does not fit this type, and is ignored (put it on a long)",
    );
    field(
        "'type':'fixed','name':'F','size':15,'logicalType':'uuid'",
        None,
        "put it on a string or a fixed of 16 bytes",
    );
    field(
        "'type':'string','logicalType':1",
        None,
        "`logicalType` is a number where a string should be",
    );
    field(
        "'type':'int','logicalType':'decimal','precision':4",
        None,
        "put it on bytes or a fixed",
    );
    field(
        "'type':'bytes','logicalType':'decimal'",
        None,
        "the decimal has no `precision`",
    );
    field(
        "'type':'bytes','logicalType':'decimal','precision':0",
        None,
        "a `precision` that is no positive integer",
    );
    field(
        "'type':'bytes','logicalType':'decimal','precision':2,'scale':3",
        None,
        "`scale` is 3, larger than the precision 2",
    );
    field(
        "'type':'bytes','logicalType':'decimal','precision':2,'scale':-1",
        None,
        "a `scale` that is no whole number",
    );
    field(
        "'type':'fixed','name':'F','size':4,'logicalType':'decimal','precision':10",
        None,
        "`precision` is 10, the type holds 9 digits",
    );
}

#[test]
fn records_without_values() {
    check(
        "{'type':'record','name':'A','fields':[{'name':'a','type':'A'}]}",
        &[
            "1:58 uninhabitable-type: record `A` always contains another `A`, so it has no finite value (make one of the fields nullable, an array or a map)",
        ],
    );
    // One circle is one mistake, and what merely leads into it is none.
    check(
        "{'type':'record','name':'Z','fields':[{'name':'x','type':{'type':'record','name':'A','fields':[
           {'name':'b','type':[{'type':'record','name':'B','fields':[{'name':'a','type':'A'}]}]}]}}]}",
        &["2:31 uninhabitable-type: record `A` always contains another `A`, so it has no finite value (make one of the fields nullable, an array or a map)"],
    );
    for fine in [
        "['null','A']",
        "{'type':'array','items':'A'}",
        "{'type':'map','values':'A'}",
        "['A',{'type':'fixed','name':'F','size':0}]",
    ] {
        let (_, got) = read(&[(
            "a.avsc",
            &format!("{{'type':'record','name':'A','fields':[{{'name':'a','type':{fine}}}]}}"),
        )]);
        assert_eq!(got.len(), 1, "{got:?}");
    }
}

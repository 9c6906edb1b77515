//! Each case is a text, and the JSON it becomes, then the complaints.

use super::*;
use crate::source::SourceMap;

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let mut sources = SourceMap::default();
    let file = sources.add("t.avdl", text);
    let mut cx = Diagnostics::default();
    let read = parse(&mut cx, file, &sources.get(file).unwrap().text);
    let mut got: Vec<String> = Vec::new();
    got.extend(read.protocol.map(|node| node.to_json().to_string()));
    got.extend(
        read.namespace
            .map(|node| format!("namespace {}", node.to_json())),
    );
    got.extend(read.schema.map(|node| format!("schema {}", node.to_json())));
    got.extend(read.types.iter().map(|node| node.to_json().to_string()));
    got.extend(
        read.imports
            .iter()
            .map(|import| format!("{:?} {}", import.kind, import.path)),
    );
    for diagnostic in cx.into_sorted() {
        let at = sources.position(diagnostic.primary.loc).unwrap();
        got.push(format!(
            "{}:{} {}: {}",
            at.line, at.column, diagnostic.code, diagnostic.message
        ));
    }
    let got: Vec<String> = got.into_iter().map(|line| line.replace('"', "'")).collect();
    assert_eq!(got, expected, "\n{}\n", got.join("\n"));
}

#[test]
fn protocols() {
    check(
        "/** Says hello. */ @namespace(\"a.b\") @version(\"1\") protocol P {
           import idl \"x.avdl\"; import protocol \"../y.avpr\"; import schema \"z.avsc\";
           record R { string s; }
           /** Hello! */ @x(1) string hello(R r, int n = 2);
           void bye() oneway; void `error`() throws E, a.F;
         }",
        &[
            "{'protocol':'P','doc':'Says hello.','namespace':'a.b','version':'1','types':[\
             {'type':'record','name':'R','fields':[{'name':'s','type':'string'}]}],'messages':{\
             'hello':{'doc':'Hello!','x':1,'request':[{'name':'r','type':'R'},{'name':'n','type':'int','default':2}],'response':'string'},\
             'bye':{'request':[],'response':'null','one-way':true},\
             'error':{'request':[],'response':'null','errors':['E','a.F']}}}",
            "Idl x.avdl",
            "Protocol ../y.avpr",
            "Schema z.avsc",
        ],
    );
}

#[test]
fn schemas() {
    check(
        "namespace a.b; schema array<R>; record R {} import schema \"z.avsc\"; enum E { A } \u{1a} anything",
        &[
            "namespace 'a.b'",
            "schema {'type':'array','items':'R'}",
            "{'type':'record','name':'R','fields':[]}",
            "{'type':'enum','name':'E','symbols':['A']}",
            "Schema z.avsc",
        ],
    );
    check("schema int?;", &["schema ['null','int']"]);
    check(
        "record protocol { string protocol; }",
        &["{'type':'record','name':'protocol','fields':[{'name':'protocol','type':'string'}]}"],
    );
    check(
        "fixed F(1); schema F; schema F;",
        &[
            "schema 'F'",
            "{'type':'fixed','name':'F','size':1}",
            "1:13 idl-syntax: the main schema stands behind imports or types",
            "1:23 idl-syntax: expected a declaration",
        ],
    );
    check(
        "schema array<; fixed F(1);",
        &[
            "{'type':'fixed','name':'F','size':1}",
            "1:14 idl-syntax: expected a type, found `;`",
        ],
    );
    check("\n", &["1:1 idl-syntax: the file is empty"]);
    check("// Nothing yet.", &[]);
}

#[test]
fn definitions() {
    check(
        "/** Of the pack. */ @aliases([\"Colour\"]) enum Suit { @a(1) SPADES, /** red */ HEARTS } = HEARTS;
         @namespace(\"x\") fixed MD5(0x10); error `record` { }",
        &[
            "{'type':'enum','name':'Suit','doc':'Of the pack.','aliases':['Colour'],'symbols':['SPADES','HEARTS'],'default':'HEARTS'}",
            "{'type':'fixed','name':'MD5','namespace':'x','size':16}",
            "{'type':'error','name':'record','fields':[]}",
        ],
    );
}

#[test]
fn fields() {
    let field = |text: &str, expected: &str| {
        check(
            &format!("record R {{ {text} }}"),
            &[&format!(
                "{{'type':'record','name':'R','fields':[{expected}]}}"
            )],
        );
    };
    field(
        "string s = \"a\\\"\\u00ff\";",
        "{'name':'s','type':'string','default':'a\\'ÿ'}",
    );
    field("string? s;", "{'name':'s','type':['null','string']}");
    field(
        "string? s = null;",
        "{'name':'s','type':['null','string'],'default':null}",
    );
    field(
        "string? s = \"x\";",
        "{'name':'s','type':['string','null'],'default':'x'}",
    );
    field(
        "union { null, decimal(6, 2), Foo } u;",
        "{'name':'u','type':['null',{'type':'bytes','logicalType':'decimal','precision':6,'scale':2},'Foo']}",
    );
    field(
        "union { map<array<long>> } u;",
        "{'name':'u','type':[{'type':'map','values':{'type':'array','items':'long'}}]}",
    );
    field(
        "date a; time_ms b; timestamp_ms c; local_timestamp_ms d; uuid e; decimal(3) f;",
        concat!(
            "{'name':'a','type':{'type':'int','logicalType':'date'}},",
            "{'name':'b','type':{'type':'int','logicalType':'time-millis'}},",
            "{'name':'c','type':{'type':'long','logicalType':'timestamp-millis'}},",
            "{'name':'d','type':{'type':'long','logicalType':'local-timestamp-millis'}},",
            "{'name':'e','type':{'type':'string','logicalType':'uuid'}},",
            "{'name':'f','type':{'type':'bytes','logicalType':'decimal','precision':3}}",
        ),
    );
    field(
        "/** Both. */ @logicalType(\"timestamp-micros\") long a, /** Second. */ @order(\"ignore\") @x-obs({\"pii\": true, \"n\": [1, 2.5]}) b = 1;",
        concat!(
            "{'name':'a','type':{'type':'long','logicalType':'timestamp-micros'},'doc':'Both.'},",
            "{'name':'b','type':{'type':'long','logicalType':'timestamp-micros'},'doc':'Second.','default':1,'order':'ignore','x-obs':{'pii':true,'n':[1,2.5]}}",
        ),
    );
    field(
        "array<@a.b-c.`int`(\"x\") string> xs = [];",
        "{'name':'xs','type':{'type':'array','items':{'type':'string','a.b-c.int':'x'}},'default':[]}",
    );
    field(
        "@p(1) string? s = null;",
        "{'name':'s','type':['null',{'type':'string','p':1}],'default':null}",
    );
    field(
        "`string` `date`; ns.`enum`.T x-y;",
        "{'name':'date','type':'string'},{'name':'x-y','type':'ns.enum.T'}",
    );
    field(
        "double d = NaN; float f = -Infinity; int h = -0x1F;",
        "{'name':'d','type':'double','default':'NaN'},{'name':'f','type':'float','default':'-Infinity'},{'name':'h','type':'int','default':-31}",
    );
}

#[test]
fn comments_and_line_ends() {
    check(
        "/** Licence. */\r\n// x\r\n/* y */ /**/ record R {\r\n  /**\r\n   * One.\r\n   * Two.\r\n   */\r\n  string s; // end\r\n}",
        &[
            "{'type':'record','name':'R','doc':'Licence.','fields':[{'name':'s','type':'string','doc':'One.\\nTwo.'}]}",
        ],
    );
    check(
        "/** Licence. */ /** Doc. */ record R { /** a */ /** b */ string s /** c */; }",
        &[
            "{'type':'record','name':'R','doc':'Doc.','fields':[{'name':'s','type':'string','doc':'b'}]}",
            "1:40 misplaced-doc: this documentation comment belongs to nothing, and is ignored",
            "1:67 misplaced-doc: this documentation comment belongs to nothing, and is ignored",
        ],
    );
}

#[test]
fn mistakes_are_told_and_left_behind() {
    check(
        "record R { string a int b; union { null; string } c; array<int d; long e; } enum E { A B } fixed F(x); error G { int g; }",
        &[
            "{'type':'record','name':'R','fields':[{'name':'a','type':'string'},{'name':'e','type':'long'}]}",
            "{'type':'error','name':'G','fields':[{'name':'g','type':'int'}]}",
            "1:21 idl-syntax: expected `;` after the field, found `int`",
            "1:40 idl-syntax: expected `,` or `}`, found `;`",
            "1:64 idl-syntax: expected `>` after the type inside, found `d`",
            "1:88 idl-syntax: expected `,` or `}`, found `B`",
            "1:100 idl-syntax: expected a whole number, found `x`",
        ],
    );
    check(
        "protocol P { record R { string a; enum E { A } string f( ; void g(); ",
        &[
            "{'protocol':'P','types':[{'type':'record','name':'R','fields':[{'name':'a','type':'string'}]},{'type':'enum','name':'E','symbols':['A']}],'messages':{'g':{'request':[],'response':'null'}}}",
            "1:23 idl-syntax: this record is never closed",
            "1:58 idl-syntax: expected a type, found `;`",
            "1:70 idl-syntax: expected `}` to end the protocol, found the end of the file",
        ],
    );
    check(
        "protcol P { record R { string s; } } enum E { A, }",
        &[
            "{'type':'enum','name':'E','symbols':['A']}",
            "1:1 idl-syntax: expected a declaration",
            "1:48 idl-syntax: a comma follows the last element",
        ],
    );
    check(
        "record R { array<int>? a; int b; } ; # enum E { A }",
        &[
            "{'type':'record','name':'R','fields':[{'name':'a','type':['null',{'type':'array','items':'int'}]},{'name':'b','type':'int'}]}",
            "{'type':'enum','name':'E','symbols':['A']}",
            "1:22 idl-syntax: `?` cannot follow array",
            "1:36 idl-syntax: nothing stands before this semicolon",
            "1:38 idl-syntax: this character means nothing here",
        ],
    );
    check(
        "protocol P { import foo \"x\"; int a(); int a(); } more",
        &[
            "{'protocol':'P','types':[],'messages':{'a':{'request':[],'response':'int'}}}",
            "1:21 idl-syntax: expected `idl`, `protocol` or `schema`, found `foo`",
            "1:43 duplicate-message: message `a` is declared twice",
            "1:50 idl-syntax: expected the end of the file after the protocol, found `more`",
        ],
    );
    check(
        "record R { @b(2) union { int } x; @c(3) Foo y; }",
        &[
            "{'type':'record','name':'R','fields':[{'name':'x','type':['int']},{'name':'y','type':{'type':'Foo','c':3}}]}",
            "1:13 misplaced-annotation: `@b` stands before a union, and is ignored",
            "1:36 annotated-reference: `@c` stands before a reference, where Avro's own tools refuse it",
        ],
    );
}

#[test]
fn hostile_texts_end() {
    for text in [
        "record R { ".to_owned() + &"array<".repeat(10_000),
        "record R { ".to_owned() + &"union {".repeat(10_000),
        "@a(".to_owned() + &"[".repeat(10_000),
        "@a({\"k\":".repeat(10_000),
        "@".repeat(10_000),
        "@a(1)".repeat(10_000),
        "record R {".repeat(10_000),
        "{".repeat(10_000),
        "}".repeat(10_000),
        "enum E { ".to_owned() + &"A, ".repeat(10_000),
        "/** x */".repeat(10_000) + "x",
        "`a".repeat(10_000),
        "\"".repeat(10_001),
    ] {
        let mut cx = Diagnostics::default();
        parse(&mut cx, FileId::TOKENS, &text);
        assert!(cx.has_errors(), "{}", &text[..20]);
    }
}

#[test]
fn every_prefix_of_a_text_is_survived() {
    let text = "/** d */ @namespace(\"a\") protocol P { import idl \"é\"; @x({\"k\": [1, -0x1p3, null]}) record `R` { \
                /** x */ union { null, array<map<decimal(4,2)>> }? @order(\"ignore\") é = {\"a\": \"\\u00ff\\é\"}, b; } \
                enum E { A, B } = A; fixed F(0x10); void m(R? r = null) throws E; int n() oneway; }";
    for (end, _) in text.char_indices() {
        let mut cx = Diagnostics::default();
        parse(&mut cx, FileId::TOKENS, &text[..end]);
        let mut cx = Diagnostics::default();
        parse(&mut cx, FileId::TOKENS, &text[end..]);
    }
}

#[test]
fn imports_are_listed_without_parsing() {
    let text = "protocol P { import idl \"a.avdl\"; /* import idl \"no\" */ import schema \"b\\u002eavsc\"; import \"c\";";
    assert_eq!(imports(text), ["a.avdl", "b.avsc"]);
}

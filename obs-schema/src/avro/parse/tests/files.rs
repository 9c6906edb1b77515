//! Several files, protocols, imports, and what is written of them.

use super::*;

#[test]
fn definitions_repeated_in_a_file() {
    let twice = |second: &str| {
        format!(
            "{{'type':'record','name':'R','fields':[{{'name':'a','type':{{'type':'fixed','name':'F','size':2}}}},\n{{'name':'b','type':{second}}}]}}"
        )
    };
    check(
        &twice("{'type':'fixed','name':'F','size':2,'doc':'again'}"),
        &[
            "{'name':'R','type':'record','fields':[{'name':'a','type':{'name':'F','type':'fixed','size':2}},{'name':'b','type':'F'}]}",
            "2:43 duplicate-definition?: `F` is defined twice in this file (write the name alone the second time: few Avro tools accept a repeated definition)",
        ],
    );
    check(
        &twice("{'type':'fixed','name':'F','size':3}"),
        &[
            "2:43 duplicate-definition: `F` is defined twice in this file (rename one of the two: they differ)",
        ],
    );
}

const USER: &str =
    "{'type':'record','name':'User','namespace':'a','fields':[{'name':'id','type':'Id'}]}";

fn id(size: usize) -> String {
    format!("{{'type':'fixed','name':'Id','namespace':'a','size':{size}}}")
}

fn user(size: usize) -> String {
    format!(
        "{{'name':'a.User','type':'record','fields':[{{'name':'id','type':{}}}]}}",
        form(size)
    )
}

fn form(size: usize) -> String {
    format!("{{'name':'a.Id','type':'fixed','size':{size}}}")
}

#[test]
fn files_refer_to_each_other() {
    check_all(
        &[("user.avsc", USER), ("id.avsc", &id(8))],
        &[&user(8), &form(8)],
    );
    check_all(
        &[("id.avsc", &id(8)), ("user.avsc", USER)],
        &[&form(8), &user(8)],
    );
    // The same folder wins, then the highest version; equal definitions never matter.
    check_all(
        &[
            ("v1/user.avsc", USER),
            ("v2/id.avsc", &id(2)),
            ("v1/id.avsc", &id(1)),
        ],
        &[&user(1), &form(2), &form(1)],
    );
    check_all(
        &[
            ("user.avsc", USER),
            ("id.v2.avsc", &id(2)),
            ("id.v10.avsc", &id(10)),
            ("id.avsc", &id(1)),
        ],
        &[&user(10), &form(2), &form(10), &form(1)],
    );
    check_all(
        &[
            ("x/user.avsc", USER),
            ("y/id.avsc", &id(1)),
            ("z/id.avsc", &id(1)),
        ],
        &[&user(1), &form(1), &form(1)],
    );
    check_all(
        &[
            ("x/user.avsc", USER),
            ("y/id.avsc", &id(1)),
            ("z/id.avsc", &id(2)),
        ],
        &[
            &form(1),
            &form(2),
            "x/user.avsc:1:78 ambiguous-reference: `a.Id` is defined differently in `y/id.avsc` and in `z/id.avsc` (keep one definition, give the files versions, or put the right one into this folder)",
        ],
    );
    // A definition in the file itself wins over all.
    check_all(
        &[
            (
                "a.avsc",
                "[{'type':'fixed','name':'a.Id','size':3},'a.Id2',{'type':'array','items':'a.Id'}]",
            ),
            ("b.avsc", &id(1).replace("'Id'", "'Id2'")),
            ("c.avsc", &id(9)),
        ],
        &[
            "[{'name':'a.Id','type':'fixed','size':3},{'name':'a.Id2','type':'fixed','size':1},{'type':'array','items':'a.Id'}]",
            "{'name':'a.Id2','type':'fixed','size':1}",
            &form(9),
        ],
    );
}

#[test]
fn a_schema_gives_a_name_one_meaning() {
    check_all(
        &[
            (
                "a.v1.avsc",
                "{'type':'record','name':'a.R','fields':[{'name':'x','type':{'type':'fixed','name':'Id','size':1}},{'name':'u','type':'a.User'}]}",
            ),
            (
                "b.avsc",
                "{'type':'record','name':'a.User','fields':[{'name':'id','type':{'type':'fixed','name':'Id','size':2}}]}",
            ),
        ],
        &[
            &user(2),
            "a.v1.avsc:1:25 conflicting-definitions: `a.R` needs two different definitions of `a.Id`, from `a.v1.avsc` and from `b.avsc` (refer to one definition everywhere: a schema may hold a name once only)",
        ],
    );
}

#[test]
fn faults_spoil_what_needs_them_and_nothing_else() {
    let (set, _) = read(&[
        (
            "bad.avsc",
            "{'type':'record','name':'Bad','fields':[{'name':'a','type':'Nothing'}]}",
        ),
        (
            "user.avsc",
            "{'type':'record','name':'User','fields':[{'name':'a','type':['null','Bad']}]}",
        ),
        (
            "good.avsc",
            "{'type':'record','name':'Good','fields':[{'name':'a','type':'int'}]}",
        ),
        (
            "many.avdl",
            "protocol P { record A { Good g; } record B { Bad b; } record C { union { null, B } b; } }",
        ),
    ]);
    let broken: Vec<&str> = set
        .named
        .iter()
        .filter(|named| named.broken)
        .map(|named| named.name.name.as_str())
        .collect();
    assert_eq!(broken, ["Bad", "User", "B", "C"]);
    let broken: Vec<bool> = set
        .documents
        .iter()
        .map(|document| document.broken)
        .collect();
    assert_eq!(broken, [true, true, false, false]);
}

#[test]
fn a_bad_namespace_spoils_what_inherits_it() {
    let text = "protocol P { record A {} @namespace('fine') record B {} record fine.C {} }";
    let (set, _) = read(&[("p.avdl", &format!("@namespace('a..b') {text}"))]);
    let broken: Vec<bool> = set.named.iter().map(|named| named.broken).collect();
    assert_eq!(broken, [true, false, false]);
}

#[test]
fn protocols() {
    let (set, got) = read(&[(
        "p.avpr",
        "{'protocol':'P','namespace':'a.b','doc':'Does.','x-obs':{'owner':'me'},
          'types':[{'type':'error','name':'E','fields':[]},{'type':'fixed','name':'F','size':1}],
          'messages':{'m':{'request':[{'name':'r','type':['null',{'type':'enum','name':'In','symbols':['A']}],'default':null}],'response':'F','errors':['E']},
                      'n':{'request':[],'one-way':true}}}",
    )]);
    assert_eq!(got, [""; 0]);
    let names: Vec<String> = set
        .named
        .iter()
        .map(|named| named.name.to_string())
        .collect();
    assert_eq!(names, ["a.b.E", "a.b.F", "a.b.In"]);
    assert!(matches!(
        set.named[0].kind,
        NamedKind::Record { error: true, .. }
    ));
    let protocol = set.documents[0].protocol.as_ref().unwrap();
    assert_eq!(
        (protocol.name.to_string().as_str(), protocol.doc.as_deref()),
        ("a.b.P", Some("Does."))
    );
    assert_eq!(protocol.props[0].name, "x-obs");
    check(
        "{'protocol':1,'types':['int',{'type':'array','items':'int'}],'messages':{
          'a':{'response':'null'},'b':{'request':{},'response':'Nope'},'c':{'request':[]},
          'd':{'request':[],'response':'int','one-way':true,'errors':[]},'e':{'request':[],'response':'null','errors':'E'}}}",
        &[
            "1:13 invalid-name: `protocol` is a number (write the name of the protocol in quotes)",
            "1:24 invalid-protocol: this defines no named type (write a record, error, enum or fixed)",
            "1:30 invalid-protocol: this defines no named type (write a record, error, enum or fixed)",
            "2:11 invalid-protocol: message `a` has no `request` (add `'request': []` with its parameters)",
            "2:50 invalid-protocol: `request` is an object (write a list of parameters)",
            "2:64 unknown-type: nothing defines the type `Nope` (define it, or add the file that defines it)",
            "2:72 invalid-protocol: message `c` has no `response` (add a `response`, or `'one-way': true`)",
            "3:40 invalid-protocol: one-way message `d` has a response (make the response `null`, or the message two-way)",
            "3:70 invalid-protocol: one-way message `d` has errors (remove them, or make the message two-way)",
            "3:119 invalid-protocol: `errors` is a string (write a list of error types)",
        ],
    );
}

#[test]
fn idl_imports() {
    let (set, got) = read(&[
        (
            "specs/p.avdl",
            "@namespace('a') protocol P { import idl './q.avdl'; import schema '../outside/id.avsc'; record R { Id id; Q q; far.Far f; } }",
        ),
        (
            "specs/q.avdl",
            "namespace a; schema map<Q>; import idl 'p.avdl'; import protocol 'far.avpr'; record Q { Id? id; }",
        ),
        ("outside/id.avsc", &id(8)),
        (
            "outside/lib/far.avpr",
            "{'protocol':'Far','namespace':'far','types':[{'type':'fixed','name':'Far','size':1}]}",
        ),
        ("else/id.v9.avsc", &id(9)),
    ]);
    assert_eq!(
        got,
        [
            format!(
                "{{'type':'map','values':{{'name':'a.Q','type':'record','fields':[{{'name':'id','type':['null',{}]}}]}}}}",
                form(8)
            ),
            form(9),
            form(8)
        ]
    );
    let imported: Vec<bool> = set
        .documents
        .iter()
        .map(|document| document.imported)
        .collect();
    assert_eq!(imported, [false, false, false, true, true]);
    check_all(
        &[
            (
                "a/main.avdl",
                "protocol P { import idl 'ps.avdl'; import schema '/etc/passwd'; }",
            ),
            ("outside/qs.avdl", ""),
        ],
        &[
            "a/main.avdl:1:25 missing-import: the imported file `ps.avdl` is not among the specs (write `qs.avdl`)",
            "a/main.avdl:1:50 missing-import: the imported file `/etc/passwd` is not among the specs (correct the path, which is relative to this file, or add the folder it is in)",
        ],
    );
}

#[test]
fn full_text_keeps_everything() {
    let text = "{'type':'record','name':'R','namespace':'a','doc':'A record.','aliases':['Old','b.Older'],'x-obs':{'event':'r'},'fields':[\
        {'name':'f','doc':'A field.','type':{'type':'long','logicalType':'timestamp-millis','unit':'ms'},'default':0,'order':'ignore','aliases':['g'],'x-obs':{'pii':true}},\
        {'name':'e','type':{'type':'enum','name':'E','namespace':'','doc':'One.','symbols':['A','B'],'default':'B'}},\
        {'name':'d','type':['null',{'type':'fixed','name':'D','logicalType':'decimal','precision':4,'scale':1,'size':4}],'default':null},\
        {'name':'u','type':{'type':'bytes','logicalType':'big-decimal'}},\
        {'name':'x','type':{'type':'array','items':{'type':'map','values':['E','D','R'],'deep':[1,2.5]},'java-class':'List'}},\
        {'name':'w','type':{'type':'string','logicalType':'decimal','precision':1}},\
        {'name':'y','type':'double','default':'NaN','order':'descending'}]}";
    let (set, _) = read(&[("a.avsc", text)]);
    let root = set.documents[0].root.as_ref().unwrap();
    assert_eq!(full_text::of(&set, root).replace('"', "'"), text);
    // A name that also means something in the namespace around it is written in full.
    let text = "{'type':'error','name':'long','namespace':'a','fields':[{'name':'n','type':['null','a.long']}]}";
    let (set, _) = read(&[("a.avsc", text)]);
    assert_eq!(full_text::named(&set, NamedId(0)).replace('"', "'"), text);
}

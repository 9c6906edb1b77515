//! Input made to hurt.

use super::*;

#[test]
fn hostile_input_ends() {
    let nest = |open: &str, inner: &str, close: &str, times: usize| {
        open.repeat(times) + inner + &close.repeat(times)
    };
    for (text, code) in [
        (nest("{'type':", "'int'", "}", 100), ""),
        (nest("{'type':'array','items':", "'int'", "}", 127), ""),
        (
            nest("{'type':'array','items':", "'int'", "}", 5000),
            "deep-nesting",
        ),
        (nest("[", "", "]", 100), "nested-union"),
        (
            "{'type':'record','name':'R','fields':[".to_owned(),
            "json-syntax",
        ),
        (
            "{'type':'record','name':'R','fields':[{'name':'a','type':{'type':'record','name':'"
                .to_owned(),
            "json-syntax",
        ),
        (
            format!("[{}'null']", "'null',".repeat(20_000)),
            "duplicate-branch",
        ),
        (
            format!("[{}'null']", "'Unknown',".repeat(2_000)),
            "unknown-type",
        ),
        (
            format!(
                "[{}{{'type':'fixed','name':'F','size':1}}]",
                "'F',".repeat(20_000)
            ),
            "duplicate-branch",
        ),
        (
            format!(
                "[{}]",
                vec!["{'type':'fixed','name':'F','size':1}"; 2_000].join(",")
            ),
            "duplicate-definition",
        ),
    ] {
        let (_, got) = read(&[("a.avsc", &text)]);
        assert!(
            got.iter().any(|line| line.contains(code)),
            "{}: {:?}",
            &text[..40],
            got.first()
        );
    }
}

#[test]
fn long_chains_need_no_stack() {
    let link = |at: usize, ty: &str| {
        format!("{{'type':'record','name':'R{at}','fields':[{{'name':'f','type':{ty}}}]}}")
    };
    let files: Vec<(String, String)> = (0..3_000)
        .map(|at| {
            (
                format!("r{at}.avsc"),
                link(at, &format!("'R{}'", (at + 1) % 3_000)),
            )
        })
        .collect();
    let borrowed: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    // A circle of three thousand records is one mistake.
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let nodes: Vec<(FileId, Node)> = borrowed
        .iter()
        .map(|(path, text)| {
            let text = text.replace('\'', "\"");
            let id = sources.add(*path, text.clone());
            (id, node::parse_json(&mut cx, id, &text).unwrap())
        })
        .collect();
    let inputs: Vec<Input<'_>> = nodes
        .iter()
        .map(|(file, node)| Input {
            file: *file,
            content: Content::Node(node),
        })
        .collect();
    let set = read_set(&mut cx, &sources, &inputs);
    let complaints = |code| cx.as_slice().iter().filter(|one| one.code == code).count();
    assert_eq!(complaints("uninhabitable-type"), 1);
    assert_eq!(complaints("deep-nesting"), 3_000);
    assert_eq!(cx.as_slice().len(), 3_001);
    assert_eq!(
        canonical::named(&set, NamedId(0))
            .matches("\"fields\"")
            .count(),
        3_000
    );
    assert_eq!(
        full_text::named(&set, NamedId(0))
            .matches("\"fields\"")
            .count(),
        3_000
    );
    assert_eq!(set.reachable(&[NamedId(7)]).len(), 3_000);
}

#[test]
fn branches_upon_branches_are_not_all_tried() {
    // Each level of the default can be tried as two records, and fails only at its end.
    let record = |name: &str| {
        format!(
            "{{'type':'record','name':'{name}','fields':[{{'name':'f','type':['null','A','B']}}]}}"
        )
    };
    let depth = 60;
    let default = "{'f':".repeat(depth) + "1" + &"}".repeat(depth);
    let text = format!(
        "{{'type':'record','name':'R','fields':[{{'name':'a','type':['null',{},{}],'default':{default}}}]}}",
        record("A"),
        record("B")
    );
    let (_, got) = read(&[("a.avsc", &text)]);
    assert!(got[0].contains("invalid-default"), "{got:?}");
}

#[test]
fn every_prefix_of_a_schema_is_survived() {
    let text = "{'type':'record','name':'a.R','aliases':['é'],'fields':[{'name':'f','type':['null',{'type':'bytes',\
                'logicalType':'decimal','precision':4}],'default':null,'x':[1.5,true]}]} // end"
        .replace('\'', "\"");
    for (end, _) in text.char_indices() {
        let _ = read_text(&text[..end]);
        let _ = read_text(&text[end..]);
    }
    assert!(read_text(&text).is_ok());
}

#[test]
fn a_schema_is_as_deep_as_its_text() {
    for depth in [30, 39, 42, 60] {
        let files: Vec<(String, String)> = (0..depth)
            .map(|at| {
                let ty = if at + 1 < depth { format!("'R{}'", at + 1) } else { "'int'".to_owned() };
                let text = format!(
                    "{{'type':'record','name':'R{at}','fields':[{{'name':'f','type':{ty}}},{{'name':'g','type':['null','R{}']}}]}}",
                    depth - 1
                );
                (format!("r{at}.avsc"), text)
            })
            .collect();
        let borrowed: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let (set, got) = read(&borrowed);
        let told = got
            .iter()
            .any(|line| line.contains("r0.avsc:1:1 deep-nesting"));
        let readable = read_text(&full_text::named(&set, NamedId(0))).is_ok();
        assert_eq!(told, depth > 40, "{depth}");
        assert!(readable || told, "{depth}");
    }
}

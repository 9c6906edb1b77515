use super::*;

#[track_caller]
fn check(pattern: &str, yes: &[&str], no: &[&str]) {
    let compiled = Pattern::new(pattern).expect(pattern);
    for text in yes {
        assert!(compiled.is_match(text), "{pattern} should match {text}");
    }
    for text in no {
        assert!(
            !compiled.is_match(text),
            "{pattern} should not match {text}"
        );
    }
}

#[track_caller]
fn refused(pattern: &str, expected: &str) {
    match Pattern::new(pattern) {
        Ok(_) => panic!("{pattern} should be refused"),
        Err(invalid) => assert_eq!(invalid.to_string(), expected, "{pattern}"),
    }
}

#[test]
fn sequences() {
    check(
        "^[A-Z]{2}-\\d{2,4}$",
        &["AB-12", "AB-1234"],
        &["AB-1", "AB-12345", "xAB-12", "AB-12 "],
    );
    check("^$", &[""], &["a"]);
    check("", &["", "a"], &[]);
    check("b", &["abc"], &["ac"]);
    check("^a?ab$", &["ab", "aab"], &["b", "aaab"]);
    check("^[^/]+/[^/]+$", &["a/b"], &["a", "a/b/c", "/b"]);
    check("^.{1,65535}$", &["a", "é"], &["", "a\nb"]);
    check("^\\p{Lu}\\p{L}*$", &["Éa", "Я"], &["a", "1"]);
}

#[test]
fn structure() {
    check("^(?:a|bc)*d$", &["d", "abcad"], &["bd", "abc"]);
    check("^(a*)*$", &["", "aaa"], &["b"]);
    check("^(?:a{2,3}){2}$", &["aaaa", "aaaaaa"], &["aaa", "aaaaaaa"]);
    check("a{0}b", &["b"], &["a"]);
    check("cat|dog", &["hotdog"], &["cow"]);
    check("\\bcat\\b", &["a cat.", "cat"], &["concat", "cats"]);
    check("^(?i:AB)c$", &["abc", "aBc"], &["abC"]);
}

#[test]
fn looks_around() {
    check(
        "^(?=.*\\d)(?=.*[a-z]).{4,}$",
        &["abc1", "1zzz"],
        &["abcd", "1234", "a1"],
    );
    check("^(?!foo)", &["bar", "fo"], &["foo", "foobar"]);
    check("(?<=\\$)\\d+", &["cost $5"], &["cost 5"]);
    check("(?<!\\$)\\b\\d+", &["cost 5"], &["$5"]);
    check("(?<=^|,)x(?=,|$)", &["x", "a,x", "x,b"], &["xx", "a,xx"]);
    check("^(?!.*(?<!a)b)", &["ab", "c"], &["cb"]);
}

#[test]
fn back_references() {
    check("^(['\"]).*\\1$", &["'a'", "\"b\""], &["'a\""]);
    check("(?<n>a)\\k<n>", &["baa"], &["aba"]);
    check("^(?:(a)|b)*\\1$", &["ab", "aa"], &["c"]);
    check("(?<=\\1(.))c", &["aac"], &["abc"]);
    check("^(?=(a+))\\1b$", &["aab"], &["aaab c"]);
    check("^(a*)*\\1$", &["aa"], &["b"]);
}

#[test]
fn classes() {
    check("^[\\w.-]+$", &["a_b.c-d"], &["a b"]);
    check("^[]$", &[], &["", "a"]);
    check("^[^]$", &["a", "\n"], &[""]);
    check("^[\\b\\x41\\u0042\\u{1F600}]+$", &["AB\u{8}😀"], &["b"]);
    check("^[^\\d\\s]$", &["a"], &["1", " "]);
    check("^\\S\\D\\W$", &["aa-"], &[" a-"]);
    check("^[\\p{L}\\p{Nd}]+$", &["aé1٣"], &["a-b"]);
    check("^\\P{L}$", &["1"], &["a"]);
    check("^\\p{Script=Greek}$", &["α"], &["a"]);
    check("^\\cA$", &["\u{1}"], &["A"]);
    check("^😀$", &["😀"], &["a"]);
}

#[test]
fn lenient_forms() {
    check("\\A\\d+\\Z", &["1"], &["a1"]);
    check("(?i)^abc$", &["ABC"], &["abd"]);
    check("^(?P<y>\\d)(?P=y)$", &["11"], &["12"]);
    check("^a(?#nothing)b$", &["ab"], &["a"]);
    check("^(?#a (comment)(?P<x>a)(?P=x)$", &["aa"], &["a"]);
    check("^[\\w-.]+$", &["a-b.c"], &["a b"]);
    check("^{a}\\_$", &["{a}_"], &["a"]);
    assert!(Pattern::new("\\A").is_ok_and(|pattern| pattern.is_foreign()));
    assert!(Pattern::new("\\_").is_ok_and(|pattern| !pattern.is_foreign() && !pattern.is_strict()));
}

#[test]
fn mistakes() {
    refused("a(", "this group is never closed (at character 2)");
    refused("a)", "this parenthesis closes nothing (at character 2)");
    refused("[a", "this bracket is never closed (at character 1)");
    refused("*a", "there is nothing to repeat (at character 1)");
    refused("é++", "there is nothing to repeat (at character 3)");
    refused("\\a", "this escapes nothing (at character 2)");
    refused("[z-a]", "this range is backwards (at character 2)");
    refused("a{2,1}", "the smaller number comes first (at character 3)");
    refused(
        "(a)\\2",
        "there is no group of this number (at character 5)",
    );
    refused("\\k<x>", "no group has this name (at character 6)");
    refused(
        "\\p{Colour}",
        "no such property of characters is known (at character 3)",
    );
    refused(
        "(?<a>.)(?<a>.)",
        "two groups have the same name (at character 13)",
    );
    refused("(?>a)", "this is no kind of group (at character 2)");
    refused(
        "((a{1,999}){1,999}){1,999}",
        "this repeats too often to be followed (at character 1)",
    );
    refused(
        &"(".repeat(1_000),
        "groups nest too deep (at character 102)",
    );
    refused("\\", "the expression ends in a backslash (at character 2)");
}

#[test]
fn hostile_texts_take_no_time() {
    let long = "a".repeat(20_000);
    check("^(a+)+$", &[&long], &[&format!("{long}!")]);
    check("^(a|a)*$", &[], &[&format!("{long}!")]);
    check("(x+x+)+y", &[], &[&"x".repeat(20_000)]);
    check("^(?=(a+)+$)a*b", &[], &[&long]);
    // A step limit ends what only backtracking can do.
    check("^(a+)+\\1b$", &[], &[&long[..60]]);
    // Each of hundreds of rounds has a loop of its own, and a place where its last round began.
    check("^(||($)?\\1b*a){856}M", &[], &["b"]);
}

/// Our answers and those of an independent engine, over expressions and texts made by chance.
#[test]
fn agrees_with_another_engine() {
    let atoms = [
        "a", "b", ".", "[ab]", "[^a]", "\\w", "\\b", "^", "$", "(?:", "(", ")", "|", "*", "+?",
        "?", "{2}", "{1,2}", "(?=", "(?!", "(?<=", "(?<!", "\\1", "é", "\\n",
    ];
    let letters = ["a", "b", "ab", "é", " ", "\n", "c"];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).expect("small")
    };
    let mut compared = 0;
    for _ in 0..12_000 {
        let text: String = (0..=random(6))
            .map(|_| letters[random(letters.len())])
            .collect();
        let pattern: String = (0..=random(8))
            .map(|_| atoms[random(atoms.len())])
            .collect();
        let theirs = regress::Regex::with_flags(&pattern, "u");
        let ours = parse::parse(&pattern, false);
        // It lets `\\b` and looks behind be repeated, which the grammar does not.
        if ours
            .as_ref()
            .is_err_and(|invalid| invalid.reason == "this cannot be repeated")
        {
            continue;
        }
        assert_eq!(
            ours.is_ok(),
            theirs.is_ok(),
            "{pattern:?}: {:?} {:?}",
            ours.err(),
            theirs.err()
        );
        if let (Ok(_), Ok(theirs)) = (ours, theirs) {
            compared += 1;
            let ours = Pattern::new(&pattern).expect("just read");
            assert_eq!(
                ours.is_match(&text),
                theirs.find(&text).is_some(),
                "{pattern:?} on {text:?}"
            );
        }
    }
    assert!(compared > 800, "{compared}");
}

#[test]
fn tables_agree_with_another_engine() {
    for name in [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "N",
        "Nd",
        "P",
        "S",
        "Sc",
        "Z",
        "C",
        "Cn",
        "sc=Latin",
        "sc=Han",
        "sc=Zinh",
        "Alphabetic",
        "White_Space",
        "Uppercase",
    ] {
        let theirs = regress::Regex::with_flags(&format!("^\\p{{{name}}}$"), "u").expect(name);
        let ours = unicode::Property::named(name).expect(name);
        let mut buffer = [0; 4];
        // A part of the characters keeps this quick.
        for c in (0..=0x10_ffff).step_by(61).filter_map(char::from_u32) {
            assert_eq!(
                ours.has(c),
                theirs.find(c.encode_utf8(&mut buffer)).is_some(),
                "{name} {c:?}"
            );
        }
    }
}

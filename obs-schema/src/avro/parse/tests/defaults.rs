//! Defaults and the types they have to fit.

use super::*;

#[test]
fn defaults_that_fit() {
    for rest in [
        "'type':'null','default':null",
        "'type':'int','default':-2147483648",
        "'type':'long','default':9223372036854775807",
        "'type':'float','default':1",
        "'type':'double','default':1e300",
        "'type':'double','default':'NaN'",
        "'type':'float','default':'-Infinity'",
        "'type':'bytes','default':'\\u0000\\u00ff'",
        "'type':'string','default':'\\ud83d\\ude00'",
        "'type':{'type':'array','items':'int'},'default':[1,2]",
        "'type':{'type':'map','values':['null','int']},'default':{'a':1,'b':null}",
        "'type':['null','string'],'default':'second branch'",
        "'type':['string','null'],'default':null",
        "'type':['bytes','string'],'default':'\\u0100'",
        "'type':{'type':'enum','name':'E','symbols':['A','B']},'default':'B'",
        "'type':{'type':'fixed','name':'F','size':2},'default':'\\u00ff0'",
        "'type':{'type':'record','name':'S','fields':[{'name':'a','type':'int'},{'name':'b','type':'int','default':2}]},'default':{'a':1,'c':3}",
        "'type':['null',{'type':'record','name':'S','fields':[{'name':'a','type':['null','S'],'default':null}]}],'default':{'a':{}}",
    ] {
        check_field(rest, &[]);
    }
}

#[test]
fn defaults_that_do_not_fit() {
    let field = |rest: &str, complaint: &str| check_field(rest, &[complaint]);
    field(
        "'type':'int','default':2147483648",
        "2:36 invalid-default: the default of field `f` is `2147483648`, which does not fit an int (write a whole number from -2147483648 to 2147483647)",
    );
    field(
        "'type':'int','default':1.5",
        "2:36 invalid-default: the default of field `f` is `1.5`, which does not fit an int (write a whole number from -2147483648 to 2147483647)",
    );
    field(
        "'type':'long','default':0.0",
        "2:37 invalid-default?: the default of a long is written with a fraction (write `0`: most Avro tools refuse the fraction)",
    );
    field(
        "'type':'float','default':1e39",
        "2:38 invalid-default: the default of field `f` does not fit a float (use a double)",
    );
    field(
        "'type':'double','default':'1.5'",
        "2:39 invalid-default?: the default is a number in quotes (remove the quotes: many Avro tools refuse them)",
    );
    field(
        "'type':'double','default':'one'",
        "2:39 invalid-default: the default of field `f` is a string where a number should be (write a number)",
    );
    field(
        "'type':'string','default':null",
        "2:39 invalid-default: the default of field `f` is null where a string should be (write a string)",
    );
    field(
        "'type':['null','int'],'default':'null'",
        "2:45 invalid-default: the default of field `f` is a string where null or a whole number should be (write a value that fits a branch of the union)",
    );
    field(
        "'type':'bytes','default':'\\u0100'",
        "2:38 invalid-default: the default of field `f` holds `Ā`, which stands for no byte (write one character from U+0000 to U+00FF for each byte)",
    );
    field(
        "'type':{'type':'fixed','name':'F','size':2},'default':'x'",
        "2:67 invalid-default: the default of field `f` has 1 bytes where `F` has 2 (write one character from U+0000 to U+00FF for each byte)",
    );
    field(
        "'type':['null',{'type':'enum','name':'E','symbols':['AB']}],'default':'AC'",
        "2:83 invalid-default: the default of field `f` is `AC`, which is no symbol of `E` (write `AB`)",
    );
    field(
        "'type':{'type':'array','items':'int'},'default':[1,true]",
        "2:64 invalid-default: the default of field `f` is a boolean where a whole number should be (write a whole number)",
    );
    field(
        "'type':{'type':'record','name':'S','fields':[{'name':'a','type':'int'}]},'default':{}",
        "2:96 invalid-default: the default of field `f` leaves out `a`, which has no default in `S` (write the member, or give the field a default)",
    );
    // What is unknown is complained of once.
    field(
        "'type':'Unknown','default':'x'",
        "2:20 unknown-type: nothing defines the type `Unknown` (define it, or add the file that defines it)",
    );
}

#[test]
fn defaults_come_to_an_end() {
    check(
        "{'type':'record','name':'A','fields':[{'name':'b','type':['null','A'],'default':{}},{'name':'c','type':'int','default':0}]}",
        &[
            "1:81 endless-default: the default of field `b` needs itself to be complete (spell out the missing members, or remove a default)",
        ],
    );
    check(
        "{'type':'record','name':'A','fields':[{'name':'b','type':['null','A'],'default':{'b':null}}]}",
        &["{'name':'A','type':'record','fields':[{'name':'b','type':['null','A']}]}"],
    );
}

#[test]
fn a_foreign_default_may_be_useless() {
    for (rest, fine) in [
        (
            "'type':{'type':'enum','name':'E','symbols':['A']},'default':'B'",
            true,
        ),
        (
            "'type':{'type':'fixed','name':'F','size':2},'default':'B'",
            true,
        ),
        (
            "'type':['null',{'type':'enum','name':'E','symbols':['A']}],'default':'B'",
            true,
        ),
        (
            "'type':{'type':'enum','name':'E','symbols':['A']},'default':1",
            false,
        ),
    ] {
        let text = format!("{{'type':'record','name':'R','fields':[{{'name':'f',{rest}}}]}}")
            .replace('\'', "\"");
        assert_eq!(read_text(&text).is_ok(), fine, "{rest}");
    }
}

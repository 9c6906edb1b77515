//! Bad files: the exit code says what kind of trouble it is (1 findings, 2 usage or unreadable input), and the message
//! names the place and what to do. Each case is a package with a few files in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What lies under a name.
enum Entry {
    Text(&'static [u8]),
    /// As many opening brackets.
    Nest(usize),
    Folder,
    /// A link to what is not there.
    #[cfg(unix)]
    Dangling,
}

use Entry::{Folder, Nest, Text};

struct Case {
    files: &'static [(&'static str, Entry)],
    arguments: &'static str,
    code: i32,
    /// What is among the words; where there is trouble, a remedy is too.
    said: &'static [&'static str],
}

const SOUND: Entry = Text(
    br#"{"type": "record", "name": "UserRegistered", "x-obs": {"owner": "a"}, "fields": [{"name": "id", "type": "string"}]}"#,
);
const BROKEN: Entry = Text(b"{\"type\": \"record\", \"name\": \"Order\", \"x-obs\": {\"owner\": \"a\"}, \"fields\": [{\"name\": \"id\", \"type\": \"strin\"}]}");

const TWO_VERSIONS: Entry = Text(
    br#"
[[package]]
name = "shop"
version = "0.1.0"
dependencies = [
 "billing",
 "obs-runtime",
]

[[package]]
name = "billing"
version = "2.0.0"
source = "registry"
dependencies = [
 "opentelemetry 0.30.0",
]

[[package]]
name = "obs-runtime"
version = "0.1.0"
source = "registry"
dependencies = [
 "opentelemetry 0.33.1",
]

[[package]]
name = "opentelemetry"
version = "0.30.0"
source = "registry"

[[package]]
name = "opentelemetry"
version = "0.33.1"
source = "registry"
"#,
);

const CASES: &[Case] = &[
    Case {
        files: &[],
        arguments: "check",
        code: 2,
        said: &["cannot read the folder ", "specs: "],
    },
    Case {
        files: &[("specs", SOUND)],
        arguments: "check",
        code: 2,
        said: &["specs is no folder, and no spec by its name", ".avsc"],
    },
    Case {
        files: &[("specs", Folder)],
        arguments: "check --specs nowhere",
        code: 2,
        said: &["cannot read the folder ", "nowhere: "],
    },
    Case {
        files: &[("specs/a.avsc", SOUND), ("obs.toml", Text(b"[events\n"))],
        arguments: "check",
        code: 1,
        said: &["error[toml-syntax]", "obs.toml:1:8"],
    },
    Case {
        files: &[("specs/a.avsc", SOUND), ("obs.toml", Text(b"\xff"))],
        arguments: "check",
        code: 1,
        said: &["error[not-utf8]", "obs.toml:1:1"],
    },
    Case {
        files: &[("specs/a.avsc", Text(b"{\"name\": \"\xff\"}"))],
        arguments: "check",
        code: 1,
        said: &["error[not-utf8]", "specs/a.avsc:1:11"],
    },
    Case {
        files: &[
            ("specs/a.avsc", Text(b"")),
            ("specs/b.schema.json", Text(b" \n")),
            ("specs/c.schema.yaml", Text(b"# soon\n")),
            ("specs/d.avdl", Text(b"")),
        ],
        arguments: "check --message-format short",
        code: 1,
        said: &[
            "specs/a.avsc:1:1: error[json-syntax]: the file is empty",
            "specs/b.schema.json:2:1: error[json-syntax]: the file is empty",
            "specs/c.schema.yaml:1:1: error[yaml-syntax]: the file is empty",
            "specs/d.avdl:1:1: error[idl-syntax]: the file is empty",
        ],
    },
    Case {
        files: &[(
            "specs/a.avsc",
            Text(b"\xef\xbb\xbf{\"type\": \"record\",\r\n \"name\": \"A\", \"x-obs\": {\"owner\": \"a\"},\r\n \"fields\": []}\r\n"),
        )],
        arguments: "check --deny-warnings",
        code: 0,
        said: &["1 event version"],
    },
    Case {
        files: &[(
            "specs/a.avsc",
            Text(b"\xef\xbb\xbf{\"type\": \"record\",\r\n \"name\": \"A\", \"x-obs\": {\"owner\": \"a\"},\r\n \"fields\": {}}\r\n"),
        )],
        arguments: "check",
        code: 1,
        said: &["specs/a.avsc:3:12"],
    },
    Case {
        files: &[("specs/a.avsc", SOUND), ("Cargo.lock", TWO_VERSIONS)],
        arguments: "check --deny-warnings",
        code: 1,
        said: &[
            "warning: 2 versions of opentelemetry: spans of one do not nest in spans of another\n",
            "  shop → obs-runtime → opentelemetry 0.33.1\n",
            "  shop → billing → opentelemetry 0.30.0\n",
            "help: bring billing to the version of obs-runtime",
        ],
    },
    Case {
        files: &[("specs/x.avsc/a.avsc", BROKEN)],
        arguments: "check",
        code: 1,
        said: &["specs/x.avsc/a.avsc:1:96"],
    },
    Case {
        files: &[
            ("specs/a.avsc", Nest(100_000)),
            ("specs/b.schema.json", Nest(100_000)),
            ("specs/c.schema.yaml", Nest(100_000)),
            ("specs/d.schema.yaml", Nest(200)),
        ],
        arguments: "check --message-format short",
        code: 1,
        said: &[
            "specs/a.avsc:1:129: error[deep-nesting]",
            "specs/b.schema.json:1:129: error[deep-nesting]",
            "specs/c.schema.yaml:1:256: error[deep-nesting]",
            "specs/d.schema.yaml:1:129: error[deep-nesting]",
        ],
    },
    #[cfg(unix)]
    Case {
        files: &[("specs/a.avsc", Entry::Dangling)],
        arguments: "check",
        code: 2,
        said: &["cannot read ", "specs/a.avsc: "],
    },
    #[cfg(target_os = "linux")]
    Case {
        files: &[("specs/a.avsc", SOUND)],
        arguments: "generate --out /proc/events",
        code: 2,
        said: &["cannot write /proc/events/"],
    },
    Case {
        files: &[("specs/a.avsc", SOUND), ("out", Text(b"mine"))],
        arguments: "generate --out out",
        code: 2,
        said: &["cannot write ", "out", "`--out`"],
    },
    Case {
        files: &[("specs/a.avsc", SOUND), ("out/mod.rs", Folder)],
        arguments: "generate --out out",
        code: 2,
        said: &["cannot write ", "mod.rs: ", "`--out`"],
    },
    Case {
        files: &[("specs/a.avsc", SOUND), ("specs/b.avsc", BROKEN)],
        arguments: "generate --out out",
        code: 1,
        said: &["specs/b.avsc:1:96", "3 files, 3 changed"],
    },
    Case {
        files: &[("specs/a.avsc", SOUND), ("obs.lock", Folder)],
        arguments: "lock",
        code: 2,
        said: &["cannot write ", "obs.lock: "],
    },
    Case {
        files: &[("specs/a.avsc", SOUND)],
        arguments: "check --locked",
        code: 1,
        said: &["there is no obs.lock in "],
    },
    Case {
        files: &[("specs/a.avsc", SOUND)],
        arguments: "show user.registred",
        code: 2,
        said: &["no spec describes `user.registred`", "write `user.registered`"],
    },
    Case {
        files: &[("specs/a.avsc", SOUND)],
        arguments: "show order.placed",
        code: 2,
        said: &["no spec describes `order.placed`", "`cargo obs-codegen show`"],
    },
    Case {
        files: &[],
        arguments: "explain nothing-of-ours",
        code: 2,
        said: &["there is no diagnostic `nothing-of-ours`"],
    },
    Case {
        files: &[],
        arguments: "carried nowhere",
        code: 2,
        said: &["cannot read nowhere: "],
    },
    Case {
        files: &[],
        arguments: "check -p nobody",
        code: 2,
        said: &["no package `nobody`"],
    },
    Case {
        files: &[],
        arguments: "check --manifest-path nowhere/Cargo.toml",
        code: 2,
        said: &["nowhere/Cargo.toml", "`--manifest-path`"],
    },
];

/// A package with these files, in a folder of its own.
fn package(number: usize, files: &[(&str, Entry)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bad-files-{number}"));
    let _ = fs::remove_dir_all(&root);
    let manifest =
        "[workspace]\n\n[package]\nname = \"shop\"\nversion = \"0.0.0\"\nedition = \"2024\"\n";
    let own = [
        ("Cargo.toml", Text(manifest.as_bytes())),
        ("src/lib.rs", Text(b"")),
    ];
    for (name, entry) in own.iter().chain(files) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("it is below the root")).expect("a new folder");
        let made = match entry {
            Text(text) => fs::write(&path, text),
            Nest(times) => fs::write(&path, "[".repeat(*times)),
            Folder => fs::create_dir_all(&path),
            #[cfg(unix)]
            Entry::Dangling => std::os::unix::fs::symlink("nowhere", &path),
        };
        made.expect("a new file");
    }
    root
}

#[test]
fn bad_files_are_told_with_place_and_remedy() {
    for (number, case) in CASES.iter().enumerate() {
        let root = package(number, case.files);
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-obs-codegen"))
            .current_dir(&root)
            .args(case.arguments.split(' '))
            .output()
            .expect("the tool starts");
        let words = String::from_utf8_lossy(&output.stderr);
        let arguments = case.arguments;
        assert_eq!(
            output.status.code(),
            Some(case.code),
            "{arguments}: {words}"
        );
        for said in case.said {
            assert!(words.contains(said), "{arguments}: no `{said}` in\n{words}");
        }
        // The short form is one line a finding, and has no room for it.
        let remedy = words.contains("help: ") || arguments.contains("short");
        assert_eq!(case.code > 0, remedy, "{arguments}: {words}");
    }
}

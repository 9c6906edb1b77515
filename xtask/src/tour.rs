//! `docs/tour.md`, as its reader goes through it: what it shows of files stands in them, what it types works, and what it
//! says comes out does.

use crate::run::{cargo, go, root, target};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the tour keeps what it makes; here it is another folder.
const FOLDER: &str = "/tmp/tour";

/// What stands in place of what is another one each time.
const ANY: char = '…';

/// A block of code, with what kind it is and the file that is named before it.
struct Block<'a> {
    line: usize,
    kind: &'a str,
    file: Option<&'a str>,
    text: String,
}

/// Goes through all of it.
pub(crate) fn go_through() -> Result<(), String> {
    let page = root().join("docs/tour.md");
    let text = read(&page)?;
    go(cargo().args(["build", "--quiet", "-p", "tour", "-p", "cargo-obs-codegen"]))?;
    let folder = std::env::temp_dir().join(format!("obs-tour-{}", std::process::id()));
    let walked = walk(&blocks(&text), &folder);
    // What cannot be removed is in a folder that the system empties.
    let _ = std::fs::remove_dir_all(&folder);
    walked.map_err(|error| format!("{}:{error}", page.display()))
}

fn walk(blocks: &[Block<'_>], folder: &Path) -> Result<(), String> {
    let mut said = String::new();
    for block in blocks {
        let at = |why: String| format!("{}: {why}", block.line);
        match (block.kind, block.file) {
            (_, Some(file)) => {
                let there = read(&root().join(file)).map_err(at)?;
                if !there.contains(block.text.trim_end()) {
                    return Err(at(format!("this does not stand in {file}")));
                }
            }
            ("sh", None) => said = run(&block.text, folder, true).map_err(at)?,
            ("sh fails", None) => said = run(&block.text, folder, false).map_err(at)?,
            ("text", None) => {
                if let Some(line) = missing(&block.text, &said) {
                    return Err(at(format!("`{line}` does not come out, but\n{said}")));
                }
            }
            (kind, None) => return Err(at(format!("nobody knows what to do with `{kind}`"))),
        }
    }
    Ok(())
}

/// The blocks of a page. A line that is nothing but a name in backticks names the file of the block behind it.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut file = None;
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let inside = lines.by_ref().take_while(|(_, line)| *line != "```");
            let text = inside.map(|(_, line)| format!("{line}\n")).collect();
            blocks.push(Block {
                line: number + 1,
                kind,
                file: file.take(),
                text,
            });
        } else if !line.is_empty() {
            let name = line
                .strip_prefix('`')
                .and_then(|rest| rest.strip_suffix('`'));
            file = name.filter(|name| !name.contains('`'));
        }
    }
    blocks
}

/// Types commands, with the tools that are built here, and gives back what they say.
fn run(text: &str, folder: &Path, works: bool) -> Result<String, String> {
    let text = text.replace(FOLDER, &folder.display().to_string());
    let tools = target().join("debug");
    // The tool itself, and not another build of it.
    let text = text.replace("cargo obs-codegen", &tool(&tools, "cargo-obs-codegen"));
    let text = text.replace("cargo run -p tour", &tool(&tools, "tour"));
    let output = Command::new("sh")
        .current_dir(root())
        .args(["-ec", &text])
        .output()
        .map_err(|error| format!("there is no shell: {error}"))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    match output.status.success() == works {
        true => Ok(said),
        false => Err(format!("it ends with {}\n{said}", output.status)),
    }
}

fn tool(folder: &Path, name: &str) -> String {
    let file: PathBuf = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    format!("'{}'", file.display())
}

/// The first line that is nowhere said. Lines of a log have no order to those of their program.
fn missing<'a>(expected: &'a str, said: &str) -> Option<&'a str> {
    let mut lines = expected.lines().filter(|line| !line.trim().is_empty());
    lines.find(|line| !said.lines().any(|one| matches(line.trim(), one)))
}

/// Whether the parts of a line stand in another one, in their order.
fn matches(line: &str, said: &str) -> bool {
    let mut rest = said;
    line.split(ANY).all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

fn read(path: &Path) -> Result<String, String> {
    let read = std::fs::read_to_string(path);
    read.map_err(|error| format!("cannot read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_come_out_is_found() {
        for (expected, said, first) in [
            ("a\nc\n", "a\nb\nc\n", None),
            ("c\nd\n", "a\nb\nc\n", Some("d")),
            ("x … z\n", "x y z\n", None),
            ("x … z\n", "z y x\n", Some("x … z")),
        ] {
            assert_eq!(missing(expected, said), first, "{expected}");
        }
    }

    #[test]
    fn a_file_is_named_right_before_its_block() {
        let page = "`a/b.rs`\n\n```rust\nx\n```\n\n`c` is no file:\n\n```sh\ny\n```\n";
        let found: Vec<_> = blocks(page)
            .into_iter()
            .map(|block| (block.kind, block.file, block.text))
            .collect();
        let expected = [
            ("rust", Some("a/b.rs"), "x\n".to_owned()),
            ("sh", None, "y\n".to_owned()),
        ];
        assert_eq!(found, expected);
    }
}

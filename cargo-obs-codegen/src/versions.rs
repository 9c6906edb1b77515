//! Two versions of opentelemetry in one program: a trap that nothing else reports, for both compile and neither knows
//! the other's current span.

use crate::cli::Cli;
use crate::package::Package;
use crate::report;
use obs_codegen::fs;
use std::collections::{HashMap, VecDeque};

/// The crate there should be one version of, and the one of ours that names it.
const SHARED: &str = "opentelemetry";
const OURS: &str = "obs-runtime";

/// Warns when a package has several versions in its tree, by its `Cargo.lock`. Says whether it has one at most.
pub(crate) fn agree(cli: &Cli, package: &Package) -> bool {
    let mut folders = package.root.ancestors();
    let Some(text) = folders.find_map(|folder| fs::read_text(&folder.join("Cargo.lock"))) else {
        return true;
    };
    let lock = Lock::parse(&text);
    let found = lock.versions(&package.name);
    let Some(other) = found
        .iter()
        .find(|way| !way.through_ours)
        .filter(|_| found.len() > 1)
    else {
        return true;
    };
    let mut words = format!(
        "warning: {} versions of {SHARED}: spans of one do not nest in spans of another",
        found.len()
    );
    for way in &found {
        words.push_str("\n  ");
        words.push_str(&way.shown);
    }
    report::complain(&words);
    report::note(
        cli,
        &format!(
            "help: bring {} to the version of {OURS}, and use `obs_runtime::export::{SHARED}` where you name it yourself",
            other.who
        ),
    );
    false
}

/// How a version comes into the tree.
#[derive(PartialEq, Debug)]
struct Way {
    /// From the package on, with arrows between.
    shown: String,
    /// Who names the version.
    who: String,
    /// We do.
    through_ours: bool,
}

/// The packages of a `Cargo.lock`, as cargo writes it.
#[derive(Default)]
struct Lock<'t> {
    packages: Vec<Entry<'t>>,
    /// Their places, by name.
    named: HashMap<&'t str, Vec<usize>>,
}

#[derive(Default)]
struct Entry<'t> {
    name: &'t str,
    version: &'t str,
    /// It is not from a registry.
    local: bool,
    /// Names, with a version behind each that has several.
    dependencies: Vec<&'t str>,
}

impl<'t> Lock<'t> {
    fn parse(text: &'t str) -> Lock<'t> {
        let mut lock = Lock::default();
        for block in text.split("[[package]]").skip(1) {
            let mut entry = Entry {
                local: true,
                ..Entry::default()
            };
            for line in block.lines() {
                let value = |line: &'t str| line.trim_matches(['"', ',', ' ']);
                match line.split_once(" = ") {
                    Some(("name", name)) => entry.name = value(name),
                    Some(("version", version)) => entry.version = value(version),
                    Some(("source", _)) => entry.local = false,
                    None if line.starts_with(" \"") => entry.dependencies.push(value(line)),
                    _ => {}
                }
            }
            let at = lock.packages.len();
            lock.named.entry(entry.name).or_default().push(at);
            lock.packages.push(entry);
        }
        lock
    }

    /// The shortest way to each version below a package that has ours with one of them; below all of this workspace if
    /// the package has no name.
    fn versions(&self, package: &str) -> Vec<Way> {
        let starts = (0..self.packages.len()).filter(|at| {
            let entry = &self.packages[*at];
            entry.local && (package.is_empty() || entry.name == package)
        });
        let mut from: Vec<Option<usize>> = vec![None; self.packages.len()];
        let mut seen = vec![false; self.packages.len()];
        let mut queue: VecDeque<usize> = starts.collect();
        queue.iter().for_each(|at| seen[*at] = true);
        let mut ways = Vec::new();
        while let Some(at) = queue.pop_front() {
            if self.packages[at].name == SHARED {
                ways.push(self.way(at, &from));
            }
            for next in self.below(at) {
                if !std::mem::replace(&mut seen[next], true) {
                    from[next] = Some(at);
                    queue.push_back(next);
                }
            }
        }
        let with_ours = (0..seen.len()).any(|at| {
            let needs = |next: usize| self.packages[next].name == SHARED;
            seen[at] && self.packages[at].name == OURS && self.below(at).any(needs)
        });
        if with_ours { ways } else { Vec::new() }
    }

    fn below(&self, at: usize) -> impl Iterator<Item = usize> {
        self.packages[at].dependencies.iter().filter_map(|wanted| {
            let mut words = wanted.split(' ');
            let all = self.named.get(words.next()?)?;
            let version = words.next();
            all.iter()
                .copied()
                .find(|at| version.is_none_or(|version| self.packages[*at].version == version))
        })
    }

    fn way(&self, to: usize, from: &[Option<usize>]) -> Way {
        let mut names = vec![format!("{SHARED} {}", self.packages[to].version)];
        let mut at = to;
        while let Some(before) = from[at] {
            names.push(self.packages[before].name.to_owned());
            at = before;
        }
        let needs = |ours: &usize| {
            self.packages[*ours].name == OURS && self.below(*ours).any(|next| next == to)
        };
        let through_ours = (0..self.packages.len()).any(|at| needs(&at));
        let who = names.get(1).cloned().unwrap_or_default();
        names.reverse();
        Way {
            shown: names.join(" → "),
            who,
            through_ours,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packages as `name version: dependency, dependency`; those from a registry have a star in front.
    fn lock(packages: &[&str]) -> String {
        let mut text = "# This file is written by cargo.\nversion = 4\n".to_owned();
        for package in packages {
            let (head, dependencies) = package.split_once(": ").unwrap_or((package, ""));
            let (name, version) = head.split_once(' ').unwrap();
            let source = name.starts_with('*');
            text.push_str(&format!(
                "\n[[package]]\nname = \"{}\"\nversion = \"{version}\"\n",
                name.trim_start_matches('*')
            ));
            if source {
                text.push_str("source = \"registry\"\nchecksum = \"00\"\n");
            }
            if !dependencies.is_empty() {
                text.push_str("dependencies = [\n");
                for dependency in dependencies.split(", ") {
                    text.push_str(&format!(" \"{dependency}\",\n"));
                }
                text.push_str("]\n");
            }
        }
        text
    }

    #[test]
    fn versions_are_found_below_a_package() {
        const BOTH: &[&str] = &[
            "shop 0.1.0: billing, obs-runtime",
            "tool 0.1.0: billing",
            "*billing 2.0.0: deep",
            "*deep 1.0.0: opentelemetry 0.30.0",
            "*obs-runtime 0.1.0: opentelemetry 0.33.1",
            "*opentelemetry 0.30.0",
            "*opentelemetry 0.33.1",
        ];
        const ONE: &[&str] = &[
            "shop 0.1.0: billing, obs-runtime",
            "*billing 2.0.0: opentelemetry",
            "*obs-runtime 0.1.0: opentelemetry",
            "*opentelemetry 0.33.1",
        ];
        const WITHOUT: &[&str] = &[
            "shop 0.1.0: billing, obs-runtime, opentelemetry 0.33.1",
            "*billing 2.0.0: opentelemetry 0.30.0",
            "*obs-runtime 0.1.0",
            "*opentelemetry 0.30.0",
            "*opentelemetry 0.33.1",
        ];
        let ours = "shop → obs-runtime → opentelemetry 0.33.1";
        let theirs = "shop → billing → deep → opentelemetry 0.30.0";
        for (packages, package, expected) in [
            (BOTH, "shop", vec![(ours, true), (theirs, false)]),
            // All packages at once: the first that has it is shown.
            (BOTH, "", vec![(ours, true), (theirs, false)]),
            (BOTH, "tool", vec![]),
            (BOTH, "unknown", vec![]),
            (
                ONE,
                "shop",
                vec![("shop → billing → opentelemetry 0.33.1", true)],
            ),
            (WITHOUT, "shop", vec![]),
        ] {
            let text = lock(packages);
            let found = Lock::parse(&text).versions(package);
            let found: Vec<(&str, bool)> = found
                .iter()
                .map(|way| (&*way.shown, way.through_ours))
                .collect();
            assert_eq!(found, expected, "{package}");
        }
    }
}

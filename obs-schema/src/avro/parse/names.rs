//! What may be a name, and what a name means where it stands.
//!
//! The specification knows letters, digits and underscores. Java takes any letter, and Python and older tools take
//! nearly anything in fields and namespaces; such schemas exist, so a name is refused only when no tool could
//! carry it, and otherwise somebody is told that not every tool will.

use crate::avro::FullName;
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Loc;

/// How well a name keeps to the rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fit {
    /// Letters, digits and underscores.
    Plain,
    /// Java reads it: letters of any script.
    Letters,
    /// Some tools read it.
    Odd,
    /// Nothing can carry it.
    Unusable,
}

fn fit(name: &str) -> Fit {
    let bytes = name.as_bytes();
    let Some(first) = bytes.first() else {
        return Fit::Unusable;
    };
    if !first.is_ascii_digit()
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    {
        return Fit::Plain;
    }
    if name
        .chars()
        .any(|c| c.is_control() || matches!(c, '"' | '\\' | '.'))
    {
        Fit::Unusable
    } else if !first.is_ascii_digit() && name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        Fit::Letters
    } else {
        Fit::Odd
    }
}

/// Looks at a name without dots. `what` says whose: "field name", "symbol".
pub(super) fn check(cx: &mut Diagnostics, what: &str, name: &str, loc: Loc) {
    match fit(name) {
        Fit::Plain => {}
        Fit::Letters => cx.push(
            Diagnostic::warning("name-not-portable", loc, format!("{what} `{name}` holds letters that few Avro tools accept"))
                .help("use a-z, A-Z, digits and underscores, and keep this name as an alias"),
        ),
        Fit::Odd => cx.push(
            Diagnostic::warning(
                "name-not-portable",
                loc,
                format!("{what} `{name}` is not a name by Avro's rules, and many tools refuse it"),
            )
            .help("begin with a letter or underscore, go on with letters, digits and underscores, and keep this name as an alias"),
        ),
        Fit::Unusable if name.is_empty() => cx.push(
            Diagnostic::error("invalid-name", loc, format!("a {what} is empty")).help("write a name"),
        ),
        Fit::Unusable => cx.push(
            Diagnostic::error("invalid-name", loc, format!("{what} `{}` cannot be a name", name.escape_debug()))
                .help("begin with a letter or underscore, go on with letters, digits and underscores"),
        ),
    }
}

/// Whether something can carry a namespace.
pub(super) fn is_namespace(namespace: &str) -> bool {
    namespace.is_empty() || namespace.split('.').all(|part| fit(part) != Fit::Unusable)
}

/// Looks at every part of a namespace.
pub(super) fn check_namespace(cx: &mut Diagnostics, namespace: &str, loc: Loc) {
    if namespace.is_empty() {
        return;
    }
    let mut worst = None;
    for part in namespace.split('.') {
        worst = worst.max(Some(fit(part)));
    }
    match worst {
        Some(Fit::Unusable) => cx.push(
            Diagnostic::error(
                "invalid-namespace",
                loc,
                format!("`{}` cannot be a namespace", namespace.escape_debug()),
            )
            .help("write names joined by single dots"),
        ),
        Some(Fit::Odd | Fit::Letters) => cx.push(
            Diagnostic::warning(
                "name-not-portable",
                loc,
                format!(
                    "namespace `{namespace}` is none by Avro's rules, and some tools refuse it"
                ),
            )
            .help("write names of letters, digits and underscores, joined by dots"),
        ),
        _ => {}
    }
}

/// The full name of a name as written under a namespace: a dot in it makes it full already.
pub(super) fn qualify(name: &str, namespace: &str) -> FullName {
    let (namespace, name) = name.rsplit_once('.').unwrap_or((namespace, name));
    FullName {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// The same as one text, which is what names are looked up by.
pub(super) fn qualified(name: &str, namespace: &str) -> String {
    if namespace.is_empty() || name.contains('.') {
        // A leading dot says "in no namespace".
        return name.strip_prefix('.').unwrap_or(name).to_owned();
    }
    let mut full = String::with_capacity(namespace.len() + 1 + name.len());
    full.push_str(namespace);
    full.push('.');
    full.push_str(name);
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_more_or_less() {
        for (name, expected) in [
            ("a_1", Fit::Plain),
            ("_", Fit::Plain),
            ("Größe", Fit::Letters),
            ("a-b", Fit::Odd),
            ("1st", Fit::Odd),
            ("a b", Fit::Odd),
            ("", Fit::Unusable),
            ("a\"b", Fit::Unusable),
            ("a\nb", Fit::Unusable),
        ] {
            assert_eq!(fit(name), expected, "{name}");
        }
    }

    #[test]
    fn names_are_qualified() {
        for (name, namespace, expected) in [
            ("A", "", "A"),
            ("A", "x.y", "x.y.A"),
            ("b.A", "x", "b.A"),
            (".A", "x", "A"),
        ] {
            assert_eq!(qualified(name, namespace), expected);
            assert_eq!(qualify(name, namespace).to_string(), expected);
        }
    }
}

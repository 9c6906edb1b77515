//! Names in Rust: valid, unique in their scope, and the same on every run.

use crate::model::metrics::MetricSet;
use crate::model::{Model, RustName, TypeKind};
use crate::settings::Settings;
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::source::Loc;
use obs_schema::table::Table;

/// The names of a scope that are given away.
type Taken = Table<String, ()>;

/// How to choose a name of a schema.
const RENAME: &str = "give it a name of its own under `[build.rename]` in obs.toml";

/// Chooses every identifier of a model whose identifiers are still suggestions.
pub(super) fn choose(cx: &mut Diagnostics, model: &mut Model, settings: &Settings) {
    let mut scopes: Table<String, Taken> = Table::default();
    for def in &mut model.types {
        place(&mut def.name, &mut scopes, settings);
    }
    for set in &mut model.metric_sets {
        place(&mut set.name, &mut scopes, settings);
    }
    for def in &mut model.types {
        let renamed = settings.renames.get(&def.wire_name).cloned();
        let wanted = renamed.unwrap_or_else(|| type_ident(&def.name.ident));
        let scope = scopes.get_or(def.name.module.join("::"), Taken::default);
        def.name.ident = unique(cx, scope, wanted, &def.wire_name, def.loc, (true, RENAME));
        def.extern_path = settings.extern_types.get(&def.wire_name).cloned();
        def.attributes = attributes(settings, &def.wire_name, true);
        members(cx, settings, &def.wire_name, &mut def.kind);
    }
    for set in &mut model.metric_sets {
        let scope = scopes.get_or(set.name.module.join("::"), Taken::default);
        metric_set(cx, scope, set);
    }
}

/// The module of a name. Modules and types share a namespace.
fn place(name: &mut RustName, scopes: &mut Table<String, Taken>, settings: &Settings) {
    name.module = if settings.flat_modules {
        Vec::new()
    } else {
        name.module.iter().map(|part| module_ident(part)).collect()
    };
    for depth in 0..name.module.len() {
        scopes
            .get_or(name.module[..depth].join("::"), Taken::default)
            .insert(name.module[depth].clone(), ());
    }
}

/// The names of a set: its own, those of its labels, and those of its fields.
fn metric_set(cx: &mut Diagnostics, scope: &mut Taken, set: &mut MetricSet) {
    let name = set.name.ident.clone();
    set.name.ident = unique(
        cx,
        scope,
        type_ident(&name),
        &name,
        set.loc,
        (true, "give it another `name`"),
    );
    for label in set
        .labels
        .iter_mut()
        .filter(|label| !label.values.is_empty())
    {
        let wanted = type_ident(&label.name);
        label.ident = unique(
            cx,
            scope,
            wanted,
            &label.name,
            label.loc,
            (true, "call the label something else"),
        );
        let mut taken = Taken::default();
        for (word, ident) in &mut label.values {
            *ident = free(&mut taken, &variant_ident(word), true);
        }
    }
    let mut taken = Taken::default();
    for family in &mut set.families {
        let wanted = field_ident(&family.ident);
        family.ident = unique(
            cx,
            &mut taken,
            wanted,
            &family.name,
            family.name_loc,
            (false, "give it another `field`"),
        );
    }
}

/// The names inside a definition.
fn members(cx: &mut Diagnostics, settings: &Settings, wire_name: &str, kind: &mut TypeKind) {
    let mut taken = Taken::default();
    match kind {
        TypeKind::Record(record) => {
            for field in &mut record.fields {
                let path = format!("{wire_name}.{}", field.wire);
                let renamed = settings.renames.get(&path).cloned();
                let wanted = renamed.unwrap_or_else(|| field_ident(&field.ident));
                field.ident = unique(
                    cx,
                    &mut taken,
                    wanted,
                    &field.wire,
                    field.loc,
                    (false, RENAME),
                );
                field.attributes = attributes(settings, &path, false);
            }
            let wanted = if record.unknown_ident.is_empty() {
                "extra"
            } else {
                &record.unknown_ident
            };
            record.unknown_ident = free(&mut taken, wanted, false);
        }
        TypeKind::Enum(enum_) => {
            if enum_.default.is_none() {
                taken.insert("Unrecognised".to_owned(), ());
            }
            for symbol in &mut enum_.symbols {
                let renamed = settings
                    .renames
                    .get(&format!("{wire_name}.{}", symbol.wire))
                    .cloned();
                symbol.ident = free(
                    &mut taken,
                    &renamed.unwrap_or_else(|| variant_ident(&symbol.ident)),
                    true,
                );
            }
        }
        TypeKind::Union(union) => {
            for branch in &mut union.branches {
                branch.ident = free(&mut taken, &type_ident(&branch.ident), true);
            }
        }
        TypeKind::Fixed { .. } | TypeKind::Newtype(_) => {}
    }
}

fn attributes(settings: &Settings, path: &str, every: bool) -> Vec<String> {
    let general = settings.attributes.get(".").filter(|_| every);
    general
        .into_iter()
        .chain(settings.attributes.get(path))
        .flatten()
        .cloned()
        .collect()
}

/// A free name in a scope; a changed one is reported, since somebody will look for the other.
fn unique(
    cx: &mut Diagnostics,
    taken: &mut Taken,
    wanted: String,
    wire: &str,
    loc: Loc,
    (pascal, help): (bool, &str),
) -> String {
    let chosen = free(taken, &wanted, pascal);
    if chosen != wanted {
        cx.push(
            Diagnostic::warning(
                "name-collision",
                loc,
                format!(
                    "`{wire}` would be called `{wanted}` like another; it is called `{chosen}`"
                ),
            )
            .help(help),
        );
    }
    chosen
}

fn free(taken: &mut Taken, wanted: &str, pascal: bool) -> String {
    if taken.insert(wanted.to_owned(), ()).is_none() {
        return wanted.to_owned();
    }
    let base = wanted.strip_prefix("r#").unwrap_or(wanted);
    let mut number = 2u32;
    loop {
        let candidate = if pascal {
            format!("{base}{number}")
        } else {
            format!("{base}_{number}")
        };
        if taken.insert(candidate.clone(), ()).is_none() {
            return candidate;
        }
        number += 1;
    }
}

/// The type name for a schema name: `UserRegistered`, `user_registered` and `user-registered` are all `UserRegistered`.
#[must_use]
pub fn type_ident(name: &str) -> String {
    let words: Vec<&str> = split(name).collect();
    let several = words.len() > 1;
    let mut out = String::new();
    for word in words {
        title(&mut out, word, several && shouts(word));
    }
    valid(out, "Type")
}

/// The variant for a symbol: `TEAM_PLAN` is `TeamPlan`.
#[must_use]
pub fn variant_ident(symbol: &str) -> String {
    let mut out = String::new();
    for word in split(symbol) {
        let digits_meet = out.ends_with(|c: char| c.is_ascii_digit())
            && word.starts_with(|c: char| c.is_ascii_digit());
        if digits_meet {
            out.push('_');
        }
        title(&mut out, word, shouts(word));
    }
    if out.is_empty() {
        // A symbol of signs alone, such as `<=`, is spelled by its characters.
        out.extend(symbol.chars().map(sign));
    }
    valid(out, "Empty")
}

/// The field for a schema name: `userId` is `user_id`.
#[must_use]
pub fn field_ident(name: &str) -> String {
    valid(snake(name, '_'), "field")
}

/// The module for a namespace part.
#[must_use]
pub fn module_ident(name: &str) -> String {
    valid(snake(name, '_'), "module")
}

/// The event type for a schema name: `UserRegistered` is `user.registered`.
#[must_use]
pub fn event_type_of(name: &str) -> String {
    snake(name, '.')
}

/// Words between signs.
fn split(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| c == '_' || !unicode_ident::is_xid_continue(c))
        .filter(|word| !word.is_empty())
}

fn shouts(word: &str) -> bool {
    word.chars().count() > 1 && !word.chars().any(char::is_lowercase)
}

fn title(out: &mut String, word: &str, quiet: bool) {
    let mut chars = word.chars();
    out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
    if quiet {
        out.extend(chars.flat_map(char::to_lowercase));
    } else {
        out.extend(chars);
    }
}

/// Lower case with a sign between words, which also end where a capital follows a small letter or starts a new word.
fn snake(name: &str, between: char) -> String {
    let mut out = String::new();
    for word in split(name) {
        let chars: Vec<char> = word.chars().collect();
        for (at, c) in chars.iter().enumerate() {
            let starts = match at.checked_sub(1).map(|at| chars[at]) {
                None => true,
                Some(before) => {
                    let opens = before.is_uppercase()
                        && chars.get(at + 1).is_some_and(|after| after.is_lowercase());
                    c.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit() || opens)
                }
            };
            if starts && !out.is_empty() {
                out.push(between);
            }
            out.extend(c.to_lowercase());
        }
    }
    out
}

fn sign(c: char) -> &'static str {
    match c {
        '<' => "Less",
        '>' => "Greater",
        '=' => "Equal",
        '!' => "Not",
        '+' => "Plus",
        '-' => "Minus",
        '*' => "Star",
        '/' => "Slash",
        '%' => "Percent",
        '&' => "And",
        '|' => "Or",
        '#' => "Hash",
        '@' => "At",
        '$' => "Dollar",
        '.' => "Dot",
        ',' => "Comma",
        ':' => "Colon",
        '?' => "Question",
        ' ' => "Space",
        '_' => "Underscore",
        _ => "Sign",
    }
}

/// Makes a word an identifier: not empty, not starting with a digit, not a keyword.
fn valid(word: String, instead: &str) -> String {
    let Some(first) = word.chars().next() else {
        return instead.to_owned();
    };
    let word = if unicode_ident::is_xid_start(first) {
        word
    } else {
        format!("_{word}")
    };
    match word.as_str() {
        "self" | "Self" | "super" | "crate" | "_" => format!("{word}_"),
        _ if KEYWORDS.binary_search(&word.as_str()).is_ok() => format!("r#{word}"),
        _ => word,
    }
}

/// Keywords of every edition, sorted.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name_of: fn(&str) -> String, cases: &[(&str, &str)]) {
        for (name, expected) in cases {
            assert_eq!(name_of(name), *expected, "{name}");
        }
    }

    #[test]
    fn names() {
        assert!(KEYWORDS.is_sorted());
        check(
            type_ident,
            &[
                ("UserRegistered", "UserRegistered"),
                ("user_registered", "UserRegistered"),
                ("user-registered", "UserRegistered"),
                ("HTTP_REQUEST", "HttpRequest"),
                ("URL", "URL"),
                ("1st", "_1st"),
                ("", "Type"),
                ("self", "Self_"),
                ("日本", "日本"),
            ],
        );
        check(
            field_ident,
            &[
                ("userId", "user_id"),
                ("HTTPCode", "http_code"),
                ("type", "r#type"),
                ("self", "self_"),
                ("2fa", "_2fa"),
                ("%", "field"),
                ("already_snake", "already_snake"),
                ("x2Y", "x2_y"),
                ("a.b", "a_b"),
            ],
        );
        check(
            variant_ident,
            &[
                ("FREE", "Free"),
                ("TEAM_PLAN", "TeamPlan"),
                ("camelCase", "CamelCase"),
                ("1_2", "_1_2"),
                ("<=", "LessEqual"),
                ("Self", "Self_"),
                ("A", "A"),
            ],
        );
        assert_eq!(event_type_of("UserRegistered"), "user.registered");
    }
}

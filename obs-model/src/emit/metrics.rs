//! Sets of families: `impl MetricSet`, for a struct that is the user's own or a document's.

use super::printer::{Code, float_lit, lit};
#[cfg(feature = "specs")]
use crate::model::metrics::LabelType;
use crate::model::metrics::{Family, FamilyKind, LabelOf, MetricSet};

/// What a document describes: its labels as enums, and the struct.
#[cfg(feature = "specs")]
pub(crate) fn define(code: &mut Code, obs: &str, set: &MetricSet) {
    for label in set.labels.iter().filter(|label| !label.values.is_empty()) {
        self::label(code, obs, label);
    }
    code.blank();
    if let Some(doc) = &set.doc {
        code.doc(doc);
    }
    code.raw("#[derive(Clone, Copy, Debug)]");
    code.open(format_args!("pub struct {}", set.name.ident));
    for family in &set.families {
        code.doc(&family.help);
        code.line(format_args!(
            "pub {}: {},",
            family.ident,
            ty(obs, set, family)
        ));
    }
    code.close();
    code.blank();
    implementation(code, obs, set);
}

/// A label: one word or another.
#[cfg(feature = "specs")]
fn label(code: &mut Code, obs: &str, label: &LabelType) {
    let ident = &label.ident;
    code.blank();
    code.doc(&format!("The label `{}`.", label.name));
    code.raw("#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]");
    code.open(format_args!("pub enum {ident}"));
    for (word, variant) in &label.values {
        code.doc(&format!("`{word}`"));
        code.line(format_args!("{variant},"));
    }
    code.close();
    code.blank();
    code.raw("#[automatically_derived]");
    code.open(format_args!("impl {obs}::Label for {ident}"));
    let words: Vec<String> = label.values.iter().map(|(word, _)| lit(word)).collect();
    code.list("const VALUES: &'static [&'static str] = &[", &words, "];");
    code.blank();
    code.open(format_args!("fn index(&self) -> usize"));
    code.raw("*self as usize");
    code.close();
    code.close();
}

/// The type of an instrument.
fn ty(obs: &str, set: &MetricSet, family: &Family) -> String {
    if let Some(ty) = &family.ty {
        return ty.clone();
    }
    let kind = family.kind.ty();
    if family.kind == FamilyKind::Info {
        return format!("{obs}::{kind}<{}>", family.labels.len());
    }
    let labels: Vec<&str> = family
        .labels
        .iter()
        .filter_map(|label| match label.of {
            LabelOf::Declared(at) => Some(set.labels.get(at)?.ident.as_str()),
            LabelOf::Bool => Some("bool"),
            LabelOf::Words => None,
        })
        .collect();
    let labels = match labels.as_slice() {
        [] => "()".to_owned(),
        [label] => (*label).to_owned(),
        labels => format!("({})", labels.join(", ")),
    };
    let number = if family.float { ", f64" } else { "" };
    format!("{obs}::{kind}<{labels}{number}>")
}

/// The implementation, with what the compiler has to check beside it. `obs` is the path of the runtime's private module.
pub(crate) fn implementation(code: &mut Code, obs: &str, set: &MetricSet) {
    let ident = &set.name.ident;
    code.raw("#[automatically_derived]");
    code.open(format_args!("impl {obs}::MetricSet for {ident}"));
    code.enter(format_args!(
        "const FAMILIES: &'static [{obs}::FamilyInfo] = &["
    ));
    for family in &set.families {
        let (name, help, unit) = (lit(&family.name), lit(&family.help), lit(&family.unit));
        let of = format!("<{} as {obs}::Instrument>", ty(obs, set, family));
        code.enter(format_args!("{obs}::FamilyInfo {{"));
        code.line(format_args!("name: {name}, kind: {of}::KIND,"));
        code.line(format_args!("help: {help}, unit: {unit},"));
        if !family.labels.is_empty() {
            code.enter(format_args!("labels: &["));
            for (at, label) in family.labels.iter().enumerate() {
                let label = lit(&label.name);
                code.line(format_args!(
                    "{obs}::LabelInfo {{ name: {label}, values: {obs}::values_at({of}::SETS, {at}), ..{obs}::LabelInfo::BLANK }},"
                ));
            }
            code.leave("],");
        }
        for (key, numbers) in [
            ("buckets", &family.buckets),
            ("quantiles", &family.quantiles),
        ] {
            if let Some(numbers) = numbers {
                let numbers: Vec<String> =
                    numbers.iter().map(|number| float_lit(*number)).collect();
                code.line(format_args!("{key}: &[{}],", numbers.join(", ")));
            }
        }
        if let Some(window) = family.window_s {
            code.line(format_args!("window: {window},"));
        }
        code.line(format_args!("..{obs}::FamilyInfo::BLANK"));
        code.leave("},");
    }
    code.leave("];");
    code.blank();
    code.open(format_args!("fn get() -> &'static Self"));
    code.line(format_args!(
        "static SET: {obs}::OnceLock<{ident}> = {obs}::OnceLock::new();"
    ));
    code.enter(format_args!("SET.get_or_init(|| {ident} {{"));
    for (at, family) in set.families.iter().enumerate() {
        let (field, ty) = (&family.ident, ty(obs, set, family));
        code.line(format_args!(
            "{field}: <{ty} as {obs}::Instrument>::of(&<{ident} as {obs}::MetricSet>::FAMILIES[{at}]),"
        ));
    }
    code.leave("})");
    code.close();
    code.close();
    // What a document says is the type; of a type that is there already, only the compiler knows.
    for family in set.families.iter().filter(|family| family.ty.is_some()) {
        let (names, ty) = (family.labels.len(), ty(obs, set, family));
        let message = format!(
            "`{}` has {} in `labels`, and its type says otherwise",
            family.ident.trim_start_matches("r#"),
            match names {
                0 => "no name".to_owned(),
                1 => "one name".to_owned(),
                names => format!("{names} names"),
            }
        );
        code.line(format_args!(
            "const _: () = {obs}::labels_agree(<{ty} as {obs}::Instrument>::SETS, {names}, {});",
            lit(&message)
        ));
    }
    code.line(format_args!(
        "const _: () = {obs}::within_budget({}, <{ident} as {obs}::MetricSet>::FAMILIES, {});",
        lit(ident.trim_start_matches("r#")),
        set.max_series
    ));
}

//! Sets of families: `impl MetricSet`, for a struct that is the user's own or a document's.

use super::printer::{Code, float_lit, lit};
use crate::model::metrics::MetricSet;

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
        let of = format!("<{} as {obs}::Instrument>", family.ty);
        code.enter(format_args!("{obs}::FamilyInfo {{"));
        code.line(format_args!("name: {name}, kind: {of}::KIND,"));
        code.line(format_args!("help: {help}, unit: {unit},"));
        if !family.labels.is_empty() {
            code.enter(format_args!("labels: &["));
            for (at, label) in family.labels.iter().enumerate() {
                let label = lit(label);
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
        let (field, ty) = (&family.ident, &family.ty);
        code.line(format_args!(
            "{field}: <{ty} as {obs}::Instrument>::of(&<{ident} as {obs}::MetricSet>::FAMILIES[{at}]),"
        ));
    }
    code.leave("})");
    code.close();
    code.close();
    for family in &set.families {
        let (names, ty) = (family.labels.len(), &family.ty);
        let message = format!(
            "`{}` has {} in `labels`, and its type says otherwise",
            family.ident,
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

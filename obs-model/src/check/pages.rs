//! The pages of `explain CODE`: of a rule the comment at the top of its file, of everything else a section under `pages/`.

use obs_schema::table;

/// The files of the rules, whose comments are pages.
const RULES: &[(&str, &str)] = &[
    ("duplicate-attr", include_str!("duplicate_attr.rs")),
    ("duplicate-event", include_str!("duplicate_event.rs")),
    ("duplicate-label", include_str!("duplicate_label.rs")),
    ("duplicate-slo", include_str!("duplicate_slo.rs")),
    ("feed-filter", include_str!("feed_filter.rs")),
    ("feed-key", include_str!("feed_key.rs")),
    ("feed-label", include_str!("feed_label.rs")),
    ("feed-value", include_str!("feed_value.rs")),
    ("max-series", include_str!("max_series.rs")),
    ("metric-mismatch", include_str!("metric_mismatch.rs")),
    ("metric-name", include_str!("metric_name.rs")),
    ("missing-owner", include_str!("missing_owner.rs")),
    ("needless-top", include_str!("needless_top.rs")),
    ("nested-mark", include_str!("nested_mark.rs")),
    ("open-label", include_str!("open_label.rs")),
    ("pii-and-secret", include_str!("pii_and_secret.rs")),
    ("pii-drop", include_str!("pii_drop.rs")),
    ("reserved-attr", include_str!("reserved_attr.rs")),
    ("reserved-label", include_str!("reserved_label.rs")),
    ("reserved-metric", include_str!("reserved_metric.rs")),
    ("secret-telemetry", include_str!("secret_telemetry.rs")),
    ("sensitive-key", include_str!("sensitive_key.rs")),
    ("sensitive-label", include_str!("sensitive_label.rs")),
    ("several-keys", include_str!("several_keys.rs")),
    ("slo-bucket", include_str!("slo_bucket.rs")),
    ("slo-under", include_str!("slo_under.rs")),
    ("slo-unreachable", include_str!("slo_unreachable.rs")),
    ("sunset-passed", include_str!("sunset_passed.rs")),
    ("topic-name", include_str!("topic_name.rs")),
    ("unfit-mark", include_str!("unfit_mark.rs")),
    ("unknown-field", include_str!("unknown_field.rs")),
    ("version-file-name", include_str!("version_file_name.rs")),
];

/// Sections that begin with `# code: title`, by where the code is raised.
const SECTIONS: &[&str] = &[
    include_str!("pages/text.md"),
    include_str!("pages/keys.md"),
    include_str!("pages/avro.md"),
    include_str!("pages/json_schema.md"),
    include_str!("pages/model.md"),
    include_str!("pages/settings.md"),
    include_str!("pages/derive.md"),
];

/// The page of a code.
#[must_use]
pub fn explain(code: &str) -> Option<String> {
    for (rule, file) in RULES {
        if *rule == code {
            return Some(of_rule(code, file));
        }
    }
    let heading = format!("# {code}: ");
    let mut page = None;
    each_section(&mut |section| {
        if section.starts_with(&heading) {
            page = Some(format!("{}\n", section.trim_end()));
        }
    });
    page
}

/// The comment at the top of a file.
fn of_rule(code: &str, file: &str) -> String {
    let mut page = format!("# {code}: ");
    // The title is a heading in the file too.
    let text = file.strip_prefix("//! # ").unwrap_or(file);
    for line in text.lines() {
        let text = match line.strip_prefix("//!") {
            Some(text) => text.strip_prefix(' ').unwrap_or(text),
            None if page.ends_with(": ") => line,
            None => break,
        };
        page.push_str(text);
        page.push('\n');
    }
    page
}

/// Every code that has a page, sorted.
#[must_use]
pub fn codes() -> Vec<&'static str> {
    let mut all = Vec::new();
    for (code, _) in RULES {
        all.push(*code);
    }
    each_section(&mut |section| {
        let heading = section.strip_prefix("# ").unwrap_or(section);
        if let Some((code, _)) = heading.split_once(": ") {
            all.push(code);
        }
    });
    table::sort(&mut all, |a, b| a.cmp(b));
    all.dedup();
    all
}

/// Goes through the sections of all files, each with its heading.
fn each_section(see: &mut dyn FnMut(&'static str)) {
    for file in SECTIONS {
        let mut rest: &str = file;
        while let Some(at) = rest.find("\n# ") {
            let (section, behind) = rest.split_at(at + 1);
            see(section);
            rest = behind;
        }
        see(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_page() {
        let rules: Vec<&str> = crate::check::RULES.iter().map(|rule| rule.code).collect();
        let pages: Vec<&str> = RULES.iter().map(|(code, _)| *code).collect();
        assert_eq!(rules, pages);
        assert!(rules.is_sorted());
    }

    #[test]
    fn pages_say_what_why_and_what_instead() {
        for code in codes() {
            let page = explain(code).expect("a page");
            let (heading, body) = page.split_once("\n\n").expect("a heading and a body");
            assert!(
                heading.starts_with(&format!("# {code}: ")) && !heading.ends_with('.'),
                "{heading}"
            );
            assert!(body.len() > 80, "{code} says too little");
            assert!(
                page.matches("```").count().is_multiple_of(2),
                "{code} leaves a block open"
            );
        }
        assert!(explain("no-such-code").is_none());
    }
}

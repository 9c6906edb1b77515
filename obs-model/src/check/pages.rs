//! The pages of `explain CODE`: of a rule the comment at the top of its file, of everything else a section under `pages/`.

use std::collections::BTreeSet;

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
    if let Some((_, file)) = RULES.iter().find(|(rule, _)| *rule == code) {
        let lines = file.lines().take_while(|line| line.starts_with("//!"));
        let text: Vec<&str> = lines
            .map(|line| line.trim_start_matches("//!").trim_start_matches(' '))
            .collect();
        let text = text.join("\n");
        let title = text.trim_start_matches("# ");
        return Some(format!("# {code}: {title}\n"));
    }
    let heading = format!("# {code}: ");
    let found = sections().find(|section| section.starts_with(&heading))?;
    Some(format!("{}\n", found.trim_end()))
}

/// Every code that has a page, sorted.
#[must_use]
pub fn codes() -> Vec<&'static str> {
    let rules = RULES.iter().map(|(code, _)| *code);
    let others = sections().filter_map(|section| section.strip_prefix("# ")?.split_once(": "));
    let all: BTreeSet<&str> = rules.chain(others.map(|(code, _)| code)).collect();
    all.into_iter().collect()
}

/// The sections of all files, each with its heading.
fn sections() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().flat_map(|file| {
        let mut starts: Vec<usize> = file.match_indices("\n# ").map(|(at, _)| at + 1).collect();
        starts.insert(0, 0);
        let ends = starts.clone().into_iter().skip(1).chain([file.len()]);
        starts
            .into_iter()
            .zip(ends)
            .map(|(start, end)| &file[start..end])
            .collect::<Vec<_>>()
    })
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

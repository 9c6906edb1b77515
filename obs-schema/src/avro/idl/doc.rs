//! Documentation comments without their decoration.

/// The text of a comment from `/**` to `*/`: stars at the beginnings of lines fall, or else common indentation.
pub(super) fn text(comment: &str) -> String {
    let body = comment
        .strip_prefix("/**")
        .and_then(|rest| rest.strip_suffix("*/"))
        .unwrap_or(comment)
        .trim();
    let lines: Vec<&str> = body.lines().collect();
    for stars in ["**", "*"] {
        if lines
            .iter()
            .all(|line| line.trim_start().starts_with(stars))
        {
            let bare = |line: &&str| {
                let rest = &line.trim_start()[stars.len()..];
                rest.strip_prefix([' ', '\t'])
                    .unwrap_or(rest)
                    .trim_end()
                    .to_owned()
            };
            return lines
                .iter()
                .map(bare)
                .collect::<Vec<_>>()
                .join("\n")
                .trim()
                .to_owned();
        }
    }
    let rest = lines.get(1..).unwrap_or_default();
    let indent = rest
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| indent(line))
        .reduce(common)
        .unwrap_or("");
    let mut out = lines.first().copied().unwrap_or("").trim_end().to_owned();
    for line in rest {
        out.push('\n');
        out.push_str(line.strip_prefix(indent).unwrap_or(line).trim_end());
    }
    out
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

fn common<'a>(a: &'a str, b: &str) -> &'a str {
    let length = a
        .char_indices()
        .zip(b.chars())
        .find(|((_, a), b)| a != b)
        .map(|((at, _), _)| at);
    &a[..length.unwrap_or(a.len().min(b.len()))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoration_falls() {
        for (comment, expected) in [
            ("/** One. */", "One."),
            ("/**\n * One.\n *\n *  Two.\n */", "One.\n\n Two."),
            ("/**\n ** One.\n ** Two.\n */", "One.\nTwo."),
            (
                "/** One.\r\n    Two.\r\n      Three. */",
                "One.\nTwo.\n  Three.",
            ),
            (
                "/**\n   One.\n\n     Two.\n   Three.\n*/",
                "One.\n\n  Two.\nThree.",
            ),
            ("/***/", ""),
            ("/** \u{a0}é\n \u{3000}ü */", "é\nü"),
        ] {
            assert_eq!(text(comment), expected, "{comment}");
        }
    }
}

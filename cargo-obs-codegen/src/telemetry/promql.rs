//! PromQL as text. Names of families and labels come from the tables of `obs_schema::names` and from the Model.

use obs_schema::names::family::Family;

/// `5m`, `36h`, `7d`: the largest unit that has no rest.
pub(crate) fn duration(seconds: u64) -> String {
    for (unit, name) in [(86_400, "d"), (3_600, "h"), (60, "m")] {
        if seconds > 0 && seconds.is_multiple_of(unit) {
            return format!("{}{name}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

/// A label with its value.
pub(crate) type Pair<'a> = (&'a str, &'a str);

/// `name{a="b"}`; a part of a histogram by its ending.
pub(crate) fn series(family: &Family, ending: &str, labels: &[Pair<'_>]) -> String {
    selector(&format!("{}{ending}", family.name), labels.iter().copied())
}

/// The same of any name.
pub(crate) fn selector<'a>(name: &str, labels: impl IntoIterator<Item = Pair<'a>>) -> String {
    let mut out = name.to_owned();
    let mut sign = '{';
    for (name, value) in labels {
        out.push(sign);
        sign = ',';
        out.push_str(name);
        out.push_str("=\"");
        for c in value.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '\n' => out.push_str("\\n"),
                c => out.push(c),
            }
        }
        out.push('"');
    }
    if sign == ',' {
        out.push('}');
    }
    out
}

/// `sum by (a, b) (inner)`
pub(crate) fn sum(by: &[&str], inner: &str) -> String {
    format!("sum by ({}) ({inner})", by.join(", "))
}

/// `increase(series[window])`
pub(crate) fn increase(series: &str, window: u64) -> String {
    format!("increase({series}[{}])", duration(window))
}

/// `rate(series[window])`
pub(crate) fn rate(series: &str, window: u64) -> String {
    format!("rate({series}[{}])", duration(window))
}

/// Each line further in.
pub(crate) fn inset(text: &str, by: usize) -> String {
    let indent = " ".repeat(by);
    let lines = text.lines().map(|line| format!("{indent}{line}"));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use obs_schema::names::family::{EVENT_PUBLISHED_TOTAL, UP};

    #[test]
    fn text() {
        for (seconds, text) in [
            (300, "5m"),
            (5_400, "90m"),
            (86_400, "1d"),
            (7, "7s"),
            (0, "0s"),
        ] {
            assert_eq!(duration(seconds), text);
        }
        assert_eq!(series(&UP, "", &[]), "up");
        let one = series(&EVENT_PUBLISHED_TOTAL, "", &[("a", "b\"c"), ("d", "e")]);
        assert_eq!(one, "event_published_total{a=\"b\\\"c\",d=\"e\"}");
    }
}

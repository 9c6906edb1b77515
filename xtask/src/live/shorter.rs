//! Time that goes faster: every duration of a configuration, divided by one number. The texts are otherwise what they were.

/// How many milliseconds an hour lasts here, and so everything else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hour(pub(crate) u64);

/// Keys whose values are durations. What else looks like one, such as a label, is a name.
const KEYS: [&str; 9] = [
    "evaluation_interval",
    "for",
    "group_interval",
    "group_wait",
    "interval",
    "keep_firing_for",
    "repeat_interval",
    "resolve_timeout",
    "scrape_interval",
];

impl Hour {
    /// How long so many seconds last here, in milliseconds.
    pub(crate) fn millis(self, seconds: u64) -> u64 {
        (seconds * self.0 / 3_600).max(1)
    }

    /// The same as PromQL has it.
    pub(crate) fn duration(self, seconds: u64) -> String {
        format!("{}ms", self.millis(seconds))
    }

    /// A text of Prometheus or Alertmanager, at this speed.
    pub(crate) fn shorten(self, text: &str) -> String {
        let lines = text.lines().map(|line| self.line(line) + "\n");
        lines.collect()
    }

    fn line(self, line: &str) -> String {
        if let Some((key, value)) = line.split_once(": ")
            && KEYS.contains(&key.trim_start().trim_start_matches("- "))
            && let Some(seconds) = seconds(value.trim_matches('"'))
        {
            return format!("{key}: {}", self.duration(seconds));
        }
        // Within queries they stand in brackets, and behind `offset`.
        let mut out = String::new();
        let mut rest = line;
        while let Some(at) = rest
            .find(['[', ':'])
            .into_iter()
            .chain(rest.find("offset "))
            .min()
        {
            let sign = if rest[at..].starts_with('o') {
                "offset ".len()
            } else {
                1
            };
            let (before, behind) = rest.split_at(at + sign);
            out += before;
            let end = behind
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(behind.len());
            let ends = behind[end..].chars().next();
            let is_within = sign > 1 || matches!(ends, Some(']' | ':'));
            match seconds(&behind[..end]).filter(|_| is_within) {
                Some(seconds) => out += &self.duration(seconds),
                None => out += &behind[..end],
            }
            rest = &behind[end..];
        }
        out + rest
    }
}

/// `90m` in seconds; nothing when it is no duration of one unit.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number: u64 = text[..text.len() - 1].parse().ok()?;
    Some(number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_nothing_else_become_shorter() {
        for (before, after) in [
            ("    interval: 30s", "    interval: 500ms"),
            ("  scrape_interval: \"15s\"", "  scrape_interval: 250ms"),
            ("      - group_wait: 10s", "      - group_wait: 166ms"),
            (
                "          window_long: \"1h\"",
                "          window_long: \"1h\"",
            ),
            (
                "  sum(rate(a{b=\"5m\"}[5m])) > 2",
                "  sum(rate(a{b=\"5m\"}[5000ms])) > 2",
            ),
            (
                "avg_over_time((max by (c) (d) > bool 5)[1h:30s])",
                "avg_over_time((max by (c) (d) > bool 5)[60000ms:500ms])",
            ),
            (
                "rate(a[1h] offset 1w)",
                "rate(a[60000ms] offset 10080000ms)",
            ),
            (
                "sli:publish:rate5m{slo=\"a\"}",
                "sli:publish:rate5m{slo=\"a\"}",
            ),
            ("  record: \"a:b:rate5m\"", "  record: \"a:b:rate5m\""),
        ] {
            assert_eq!(Hour(60_000).shorten(before), format!("{after}\n"));
        }
    }
}

//! Other forms of a line than JSON. They are made of it by the thread that writes, so that who logs pays for neither.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use obs_schema::json::Json;

use super::layout::LogLayout;

/// What a line looks like.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum LogFormat {
    /// An object: for machines.
    #[default]
    Json,
    /// The time of day, the level, the target and the message, then what else there is: for people at a terminal.
    Pretty,
    /// `name=value` for each member, one after the other.
    Logfmt,
}

static FORMAT: AtomicU8 = AtomicU8::new(LogFormat::Json as u8);

/// Lines that are written from now on look so.
pub(crate) fn set(format: LogFormat) {
    FORMAT.store(format as u8, Relaxed);
}

/// The form that was asked for.
pub(super) fn now() -> LogFormat {
    let format = FORMAT.load(Relaxed);
    [LogFormat::Pretty, LogFormat::Logfmt]
        .into_iter()
        .find(|known| *known as u8 == format)
        .unwrap_or_default()
}

/// Lines in another form or layout, if it is another one.
pub(super) fn formatted(
    lines: &[u8],
    format: LogFormat,
    layout: Option<&LogLayout>,
) -> Option<String> {
    if format == LogFormat::Json && layout.is_none() {
        return None;
    }
    let plain = LogLayout::default();
    let layout = layout.unwrap_or(&plain);
    let mut out = String::with_capacity(lines.len());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        match Json::parse(line) {
            Ok(Json::Object(members)) => match format {
                LogFormat::Json => json(&mut out, members, layout),
                LogFormat::Pretty => people(&mut out, &members, layout),
                LogFormat::Logfmt => logfmt(&mut out, &members, layout),
            },
            // Nobody writes such a line, and if one does it is shown as it is.
            _ => out.push_str(String::from_utf8_lossy(line).trim_end()),
        }
        out.push('\n');
    }
    Some(out)
}

type Members = [(String, Json)];

fn json(out: &mut String, mut members: Vec<(String, Json)>, layout: &LogLayout) {
    for (name, _) in &mut members {
        *name = layout.name(name);
    }
    Json::Object(members).write(out);
}

fn people(out: &mut String, members: &Members, layout: &LogLayout) {
    let text = |name: &str| {
        let found = members.iter().find(|(known, _)| known == name);
        found
            .and_then(|(_, value)| value.as_str())
            .unwrap_or_default()
    };
    // The date is today's.
    let time = text("timestamp");
    let time = time.split_once('T').map_or(time, |(_, time)| time);
    // Writing to a string does not fail.
    let _ = write!(out, "{} {:>5} ", time.trim_end_matches('Z'), text("level"));
    escaped(out, text("target"));
    out.push_str(": ");
    escaped(out, text("message"));
    for (name, value) in members {
        match value {
            _ if ["timestamp", "level", "target", "message"].contains(&&**name) => {}
            Json::Object(own) if name == "context" => {
                own.iter()
                    .for_each(|(name, value)| pair(out, "", name, value));
            }
            value => pair(out, "", &layout.name(name), value),
        }
    }
}

fn logfmt(out: &mut String, members: &Members, layout: &LogLayout) {
    for (name, value) in members {
        let known = layout.name(name);
        match value {
            Json::Object(own) if name == "context" => {
                let within = format!("{known}.");
                own.iter()
                    .for_each(|(name, value)| pair(out, &within, name, value));
            }
            value => pair(out, "", &known, value),
        }
    }
}

/// ` name=value`, without the space where a line begins.
fn pair(out: &mut String, within: &str, name: &str, value: &Json) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push(' ');
    }
    out.push_str(within);
    // A name with something in it that ends names would be taken for several.
    let plain = |each: char| {
        if each > ' ' && !"=\"".contains(each) && !each.is_control() {
            each
        } else {
            '_'
        }
    };
    out.extend(name.chars().map(plain));
    out.push('=');
    let text = match value {
        Json::String(text) => text.clone(),
        value => value.to_string(),
    };
    let bare = |each: char| !each.is_whitespace() && !each.is_control() && !"=\"\\".contains(each);
    if !text.is_empty() && text.chars().all(bare) {
        out.push_str(&text);
    } else {
        out.push('"');
        escaped(out, &text);
        out.push('"');
    }
}

/// Nothing in a text ends its line, its quotes, or tells a terminal what to do.
fn escaped(out: &mut String, text: &str) {
    for each in text.chars() {
        match each {
            '"' | '\\' | '\n' | '\r' | '\t' => out.extend(each.escape_default()),
            each if each.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(each));
            }
            each => out.push(each),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_three_forms() {
        let lines: [(&str, &str, &str); 5] = [
            (
                r#"{"timestamp":"2026-11-21T09:30:00.000123Z","level":"INFO","message":"event published","target":"shop","service":"shop","event_id":"e-1","duration_ms":0.125,"status":"ok","context":{"user":"ada","left":3}}"#,
                "09:30:00.000123  INFO shop: event published service=shop event_id=e-1 duration_ms=0.125 status=ok user=ada left=3",
                r#"timestamp=2026-11-21T09:30:00.000123Z level=INFO message="event published" target=shop service=shop event_id=e-1 duration_ms=0.125 status=ok context.user=ada context.left=3"#,
            ),
            (
                r#"{"timestamp":"2026-11-21T09:30:00.000123Z","level":"ERROR","message":"a \"word\"\n\u001b[31m","target":"","error":"it \\ broke","context":{"none":null,"empty":"","list":[1,"a b"],"na me=":"x=y","c1":"\u009b1m"}}"#,
                r#"09:30:00.000123 ERROR : a \"word\"\n\u001b[31m error="it \\ broke" none=null empty="" list="[1,\"a b\"]" na_me_="x=y" c1="\u009b1m""#,
                r#"timestamp=2026-11-21T09:30:00.000123Z level=ERROR message="a \"word\"\n\u001b[31m" target="" error="it \\ broke" context.none=null context.empty="" context.list="[1,\"a b\"]" context.na_me_="x=y" context.c1="\u009b1m""#,
            ),
            (
                r#"{"timestamp":"","level":"WARN"}"#,
                "  WARN : ",
                r#"timestamp="" level=WARN"#,
            ),
            ("{}", "       : ", ""),
            ("no line of ours", "no line of ours", "no line of ours"),
        ];
        let all = |which: fn(&(&str, &str, &str)) -> String| {
            lines
                .iter()
                .map(which)
                .map(|line| line + "\n")
                .collect::<String>()
        };
        let json = all(|line| line.0.to_owned());
        assert_eq!(formatted(json.as_bytes(), LogFormat::Json, None), None);
        for (format, expected) in [
            (LogFormat::Pretty, all(|line| line.1.to_owned())),
            (LogFormat::Logfmt, all(|line| line.2.to_owned())),
        ] {
            let found = formatted(json.as_bytes(), format, None);
            assert_eq!(found.as_deref(), Some(&*expected));
        }
    }

    #[test]
    fn lines_have_the_names_of_their_layout() {
        let line = concat!(
            r#"{"timestamp":"2026-11-21T09:30:00.000123Z","level":"INFO","message":"m","target":"shop","#,
            r#""event_id":"e-1","trace_id":"t","duration_ms":0.125,"context":{"event_id":1},"file":"a.rs","line":7}"#,
        );
        // Those of pipelines that are about: a logger with custom fields, and one in camel case.
        let logger = LogLayout::new()
            .with_name("target", "logger")
            .with_name("context", "custom_fields");
        let camel = LogLayout::camel_case().with_name("timestamp", "@timestamp");
        for (layout, format, expected) in [
            (
                &logger,
                LogFormat::Json,
                r#"{"timestamp":"2026-11-21T09:30:00.000123Z","level":"INFO","message":"m","logger":"shop","event_id":"e-1","trace_id":"t","duration_ms":0.125,"custom_fields":{"event_id":1},"file":"a.rs","line":7}"#,
            ),
            (
                &logger,
                LogFormat::Logfmt,
                "timestamp=2026-11-21T09:30:00.000123Z level=INFO message=m logger=shop event_id=e-1 trace_id=t duration_ms=0.125 custom_fields.event_id=1 file=a.rs line=7",
            ),
            (
                &camel,
                LogFormat::Json,
                r#"{"@timestamp":"2026-11-21T09:30:00.000123Z","level":"INFO","message":"m","target":"shop","eventId":"e-1","traceId":"t","durationMs":0.125,"context":{"event_id":1},"file":"a.rs","line":7}"#,
            ),
            (
                &camel,
                LogFormat::Pretty,
                "09:30:00.000123  INFO shop: m eventId=e-1 traceId=t durationMs=0.125 event_id=1 file=a.rs line=7",
            ),
        ] {
            let found = formatted(line.as_bytes(), format, Some(layout));
            assert_eq!(found.as_deref(), Some(&*format!("{expected}\n")));
        }
    }
}

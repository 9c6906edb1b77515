//! One change of a rule at a time: comparators the other way round, numbers, windows and `for` twice and half of what they
//! are, other operators.

/// A change in words, and the rule with it.
type Changed = (String, String);

/// A part of an expression that can be changed, and where it stands.
struct Part<'a> {
    at: usize,
    text: &'a str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Number,
    Window,
    Operator,
}

/// The changes of a rule.
pub(super) fn changes(rule: &str, alerts: bool) -> Vec<Changed> {
    const START: &str = "        expr: |-\n";
    let start = rule.find(START).expect("an expression") + START.len();
    let lines = rule[start..].lines();
    let expr: usize = lines
        .take_while(|line| line.starts_with("          "))
        .map(|line| line.len() + 1)
        .sum();
    let parts = parts(&rule[start..start + expr]);
    let mut out = Vec::new();
    let mut change = |part: &Part<'_>, to: &str| {
        let at = start + part.at;
        let behind = &rule[at + part.text.len()..];
        let head = &rule[..at];
        let line = head.lines().count();
        let what = format!("`{}` in line {line} is `{to}`", part.text);
        out.push((what, format!("{head}{to}{behind}")));
    };
    let text = |at: Option<usize>| at.and_then(|at| parts.get(at)).map_or("", |part| part.text);
    let mut divides = false;
    for (at, part) in parts.iter().enumerate() {
        divides |= part.text == "/";
        let before = at.checked_sub(1);
        match part.kind {
            // Zero times something is zero by something, and what is taken times one may be taken by one.
            Kind::Operator
                if part.text == "*" && (text(before) == "0" || text(Some(at + 1)) == "on") => {}
            Kind::Operator | Kind::Word => {
                if let Some(to) = opposite(part.text) {
                    change(part, to);
                }
            }
            Kind::Number => {
                let value: f64 = part.text.parse().expect("a number");
                let is_bool = text(before) == "bool";
                let compared = is_bool || text(before).contains(['<', '>', '=']);
                let behind = rule[start + part.at + part.text.len()..].trim_start();
                if alerts && text(before) == "vector" {
                    // It fires whatever the number is.
                } else if value != 0.0 {
                    change(part, &(value * 2.0).to_string());
                    change(part, &(value / 2.0).to_string());
                } else if compared {
                    change(part, "1e15");
                    // That there is something at all, to divide by or to be one, has nothing below it that an alert would notice.
                    let is_guard = alerts && behind.starts_with(')');
                    if !is_bool && !is_guard {
                        change(part, "-1");
                    }
                } else if !divides {
                    // Nothing bad is no share of anything, however much that is.
                    change(part, "1");
                }
            }
            Kind::Window => {}
        }
    }
    let mut windows: Vec<&str> = parts
        .iter()
        .filter(|part| part.kind == Kind::Window)
        .map(|part| part.text)
        .collect();
    windows.sort_unstable();
    windows.dedup();
    // Numerator and denominator are of one window.
    for window in windows {
        for (how, seconds) in twice_and_half(window) {
            let text = rule
                .replace(&format!("[{window}]"), &format!("[{seconds}s]"))
                .replace(&format!("[{window}:"), &format!("[{seconds}s:"));
            out.push((format!("the window of {window} is {how}"), text));
        }
    }
    if let Some(hold) = rule.lines().find(|line| line.starts_with("        for: ")) {
        let length = hold.trim_start().trim_start_matches("for: ");
        for (how, seconds) in twice_and_half(length) {
            let text = rule.replace(hold, &format!("        for: {seconds}s"));
            out.push((format!("`for: {length}` is {how}"), text));
        }
    }
    out
}

fn opposite(text: &str) -> Option<&'static str> {
    Some(match text {
        ">" | ">=" => "<",
        "<" | "<=" => ">",
        "==" => "!=",
        "!=" => "==",
        "/" => "*",
        "*" => "/",
        "+" => "-",
        "-" => "+",
        "or" | "unless" => "and",
        "and" => "unless",
        _ => return None,
    })
}

/// What stands outside of strings and of braces.
fn parts(expr: &str) -> Vec<Part<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = expr[at..].chars().next() {
        let rest = &expr[at..];
        let until = |stop: &dyn Fn(char) -> bool| rest.find(stop).unwrap_or(rest.len());
        let (length, kind) = match c {
            '"' => (2 + rest[1..].find('"').expect("an end"), None),
            '{' => (1 + rest.find('}').expect("an end"), None),
            '[' => {
                let end = rest.find([']', ':']).expect("an end");
                out.push(Part {
                    at: at + 1,
                    text: &rest[1..end],
                    kind: Kind::Window,
                });
                (1 + rest.find(']').expect("an end"), None)
            }
            c if c.is_ascii_digit() => {
                let end = until(&|c| !c.is_ascii_alphanumeric() && c != '.');
                let is_number = rest[..end].parse::<f64>().is_ok();
                (end, is_number.then_some(Kind::Number))
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let end = until(&|c| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
                (end, Some(Kind::Word))
            }
            '<' | '>' | '=' | '!' => {
                let end = until(&|c| !"<>=!".contains(c));
                (end, Some(Kind::Operator))
            }
            '+' | '-' | '*' | '/' => (1, Some(Kind::Operator)),
            other => (other.len_utf8(), None),
        };
        out.extend(kind.map(|kind| Part {
            at,
            text: &rest[..length],
            kind,
        }));
        at += length;
    }
    out
}

fn twice_and_half(duration: &str) -> [(&'static str, u64); 2] {
    let (number, unit) = duration.split_at(duration.len() - 1);
    let unit = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        _ => 1,
    };
    let seconds = number.parse::<u64>().expect("a number") * unit;
    [
        ("twice as long", seconds * 2),
        ("half as long", seconds / 2),
    ]
}

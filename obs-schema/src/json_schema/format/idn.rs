//! International host names: the rules of IDNA 2008 for labels (RFC 5891 to 5893) and Punycode (RFC 3492).
//!
//! Categories and scripts come from the tables of patterns. For what those do not tell (directions, joining of
//! letters, normal forms) the blocks that the common scripts live in have to do; a label is then rather let pass.

use crate::json_schema::pattern::unicode::{category, script};

/// What separates labels, in East Asia too.
const FULL_STOPS: &[char] = &['.', '。', '．', '｡'];

/// Whether a host name holds, in letters of any script.
pub(super) fn hostname(text: &str) -> bool {
    let mut len = 0;
    let mut all_hold = true;
    let mut all_in_one_direction = true;
    let mut right_to_left = false;
    for label in text.split(FULL_STOPS) {
        let Some(label) = to_unicode(&label.to_lowercase()) else {
            return false;
        };
        len += ascii_len(&label) + 1;
        all_hold &= holds(&label);
        all_in_one_direction &= direction_holds(&label);
        right_to_left |= has_right_to_left(&label);
    }
    len <= 254 && all_hold && (all_in_one_direction || !right_to_left)
}

/// Whether what an ASCII label stands for, if it begins with `xn--`, is a label.
pub(super) fn ascii_label_holds(label: &str) -> bool {
    match to_unicode(&label.to_ascii_lowercase()) {
        Some(label) => holds(&label) && (!has_right_to_left(&label) || direction_holds(&label)),
        None => false,
    }
}

/// The characters a label stands for; nothing for wrong Punycode.
fn to_unicode(label: &str) -> Option<String> {
    let Some(encoded) = label.strip_prefix("xn--") else {
        return Some(label.to_owned());
    };
    let decoded = decode(encoded)?;
    // Only what needs encoding is encoded, and in one way only.
    (!decoded.is_ascii() && encode(&decoded).as_deref() == Some(encoded)).then_some(decoded)
}

fn ascii_len(label: &str) -> usize {
    if label.is_ascii() {
        label.len()
    } else {
        match encode(label) {
            Some(encoded) => encoded.len() + 4,
            None => usize::MAX / 512,
        }
    }
}

fn holds(label: &str) -> bool {
    if label.is_empty() || label.starts_with('-') || label.ends_with('-') || ascii_len(label) > 63 {
        return false;
    }
    if label.is_ascii() {
        return label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    }
    let chars: Vec<char> = label.chars().collect();
    chars.get(2..4) != Some(&['-', '-'])
        && !category(chars[0]).starts_with('M')
        && (0..chars.len()).all(|at| character_holds(&chars, at))
}

/// Whether a character may stand where it does.
fn character_holds(chars: &[char], at: usize) -> bool {
    let c = chars[at];
    let before = at.checked_sub(1).map(|at| chars[at]);
    let after = chars.get(at + 1).copied();
    let is = |c: Option<char>, name: &str| c.is_some_and(|c| script(c) == name);
    match c {
        'a'..='z' | '0'..='9' | '-' => true,
        'ß' | 'ς' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '〇' => true,
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => {
            false
        }
        '·' => before == Some('l') && after == Some('l'),
        '\u{375}' => is(after, "Grek"),
        '\u{5f3}' | '\u{5f4}' => is(before, "Hebr"),
        '・' => chars
            .iter()
            .any(|c| matches!(script(*c), "Hira" | "Kana" | "Hani")),
        '\u{660}'..='\u{669}' => !chars.iter().any(|c| matches!(c, '\u{6f0}'..='\u{6f9}')),
        '\u{6f0}'..='\u{6f9}' => !chars.iter().any(|c| matches!(c, '\u{660}'..='\u{669}')),
        '\u{200d}' => before.is_some_and(is_virama),
        '\u{200c}' => before.is_some_and(is_virama) || joins(chars, at),
        // Jamo are written as syllables, and the forms of other characters as those.
        '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{d7b0}'..='\u{d7ff}' => false,
        '\u{fb00}'..='\u{fb06}' | '\u{ff00}'..='\u{ffef}' => false,
        _ if c.is_ascii() => false,
        _ => matches!(category(c), "Ll" | "Lo" | "Lm" | "Nd" | "Mn" | "Mc"),
    }
}

/// A non-joiner between letters that would join: marks aside, a letter on each side of a script that joins.
fn joins(chars: &[char], at: usize) -> bool {
    let letter = |c: &&char| !category(**c).starts_with('M');
    let joining = |c: char| {
        matches!(
            script(c),
            "Arab" | "Syrc" | "Mand" | "Nkoo" | "Mong" | "Phag" | "Adlm" | "Rohg" | "Mani"
        ) && category(c).starts_with('L')
    };
    // These join to what is before them only.
    let right_only = |c: char| matches!(c, '\u{622}'..='\u{625}' | '\u{627}' | '\u{629}' | '\u{62f}'..='\u{632}' | '\u{648}' | '\u{671}'..='\u{673}' | '\u{675}'..='\u{677}' | '\u{688}'..='\u{699}' | '\u{6c0}' | '\u{6c3}'..='\u{6cb}' | '\u{6cd}' | '\u{6cf}' | '\u{6d2}' | '\u{6d3}');
    let before = chars[..at].iter().rev().find(letter).copied();
    let after = chars[at + 1..].iter().find(letter).copied();
    before.is_some_and(|c| joining(c) && !right_only(c)) && after.is_some_and(joining)
}

/// The sign that kills the vowel of a consonant, in the scripts of India and around it.
fn is_virama(c: char) -> bool {
    const VIRAMAS: [u32; 63] = [
        0x94d, 0x9cd, 0xa4d, 0xacd, 0xb4d, 0xbcd, 0xc4d, 0xccd, 0xd3b, 0xd3c, 0xd4d, 0xdca, 0xe3a,
        0xeba, 0xf84, 0x1039, 0x103a, 0x1714, 0x1715, 0x1734, 0x17d2, 0x1a60, 0x1b44, 0x1baa,
        0x1bab, 0x1bf2, 0x1bf3, 0x2d7f, 0xa806, 0xa82c, 0xa8c4, 0xa953, 0xa9c0, 0xaaf6, 0xabed,
        0x10a3f, 0x11046, 0x11070, 0x1107f, 0x110b9, 0x11133, 0x11134, 0x111c0, 0x11235, 0x112ea,
        0x1134d, 0x11442, 0x114c2, 0x115bf, 0x1163f, 0x116b6, 0x1172b, 0x11839, 0x1193d, 0x1193e,
        0x119e0, 0x11a34, 0x11a47, 0x11a99, 0x11c3f, 0x11d44, 0x11d45, 0x11d97,
    ];
    VIRAMAS.binary_search(&u32::from(c)).is_ok()
}

/// A letter of a script that is written from right to left.
fn is_right_to_left(c: char) -> bool {
    let block = matches!(
        u32::from(c),
        0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x1_0800..=0x1_0fff | 0x1_e800..=0x1_efff
    );
    block && category(c).starts_with('L')
}

fn has_right_to_left(label: &str) -> bool {
    label.chars().any(is_right_to_left)
}

/// The Bidi rule: a label is read in one direction.
fn direction_holds(label: &str) -> bool {
    let european = |c: char| c.is_ascii_digit() || matches!(c, '\u{6f0}'..='\u{6f9}');
    let arabic = |c: char| matches!(c, '\u{660}'..='\u{669}');
    let left_to_right = |c: char| category(c).starts_with('L') && !is_right_to_left(c);
    let Some(first) = label.chars().next() else {
        return false;
    };
    let mut last = first;
    let (mut has_european, mut has_arabic, mut has_left, mut has_right) =
        (false, false, false, false);
    for c in label.chars() {
        has_european |= european(c);
        has_arabic |= arabic(c);
        has_left |= left_to_right(c);
        has_right |= is_right_to_left(c);
        if category(c) != "Mn" {
            last = c;
        }
    }
    if is_right_to_left(first) {
        let ends = is_right_to_left(last) || european(last) || arabic(last);
        return ends && !(has_european && has_arabic) && !has_left;
    }
    let ends = left_to_right(last) || european(last);
    left_to_right(first) && ends && !has_right && !has_arabic
}

/// The numbers of RFC 3492 for host names.
const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const FIRST: u32 = 128;

fn adapt(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + 38)
}

fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

fn decode(text: &str) -> Option<String> {
    let (basic, extended) = text.rsplit_once('-').unwrap_or(("", text));
    let mut out: Vec<char> = basic.chars().collect();
    let (mut code, mut at, mut bias) = (FIRST, 0u32, 72);
    let mut digits = extended.bytes();
    while digits.len() > 0 {
        let start = at;
        let mut weight = 1u32;
        let mut k = BASE;
        loop {
            let digit = match digits.next()? {
                byte @ b'a'..=b'z' => u32::from(byte - b'a'),
                byte @ b'0'..=b'9' => u32::from(byte - b'0') + 26,
                _ => return None,
            };
            at = at.checked_add(digit.checked_mul(weight)?)?;
            let limit = threshold(k, bias);
            if digit < limit {
                break;
            }
            weight = weight.checked_mul(BASE - limit)?;
            k += BASE;
        }
        let count = u32::try_from(out.len()).ok()? + 1;
        bias = adapt(at - start, count, start == 0);
        code = code.checked_add(at / count)?;
        at %= count;
        out.insert(at as usize, char::from_u32(code)?);
        at += 1;
        // A label has no more than 63 octets.
        if out.len() > 63 {
            return None;
        }
    }
    let mut label = String::new();
    for c in &out {
        label.push(*c);
    }
    Some(label)
}

fn encode(text: &str) -> Option<String> {
    let mut chars: Vec<u32> = Vec::new();
    let mut out = String::new();
    for c in text.chars() {
        chars.push(u32::from(c));
        if c.is_ascii() {
            out.push(c);
        }
        if chars.len() > 63 {
            return None;
        }
    }
    let basic = u32::try_from(out.len()).ok()?;
    let mut done = basic;
    if basic > 0 {
        out.push('-');
    }
    let (mut code, mut delta, mut bias) = (FIRST, 0u32, 72);
    while (done as usize) < chars.len() {
        let mut next = u32::MAX;
        for c in &chars {
            if *c >= code {
                next = next.min(*c);
            }
        }
        delta = delta.checked_add((next - code).checked_mul(done + 1)?)?;
        code = next;
        for c in &chars {
            if *c < code {
                delta = delta.checked_add(1)?;
            }
            if *c == code {
                let mut rest = delta;
                let mut k = BASE;
                loop {
                    let limit = threshold(k, bias);
                    if rest < limit {
                        break;
                    }
                    out.push(digit(limit + (rest - limit) % (BASE - limit)));
                    rest = (rest - limit) / (BASE - limit);
                    k += BASE;
                }
                out.push(digit(rest));
                bias = adapt(delta, done + 1, done == basic);
                delta = 0;
                done += 1;
            }
        }
        delta += 1;
        code += 1;
    }
    Some(out)
}

fn digit(value: u32) -> char {
    let byte = u8::try_from(value).unwrap_or(0);
    char::from(if byte < 26 {
        b'a' + byte
    } else {
        b'0' + (byte - 26)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punycode_goes_both_ways() {
        for (unicode, ascii) in [
            ("bücher", "bcher-kva"),
            ("実例", "fsq470a"),
            ("ü", "tda"),
            ("실례", "9n2bp8q"),
        ] {
            assert_eq!(encode(unicode).as_deref(), Some(ascii));
            assert_eq!(decode(ascii).as_deref(), Some(unicode));
        }
        for wrong in ["999999b", "a_", "99999999999999"] {
            assert_eq!(to_unicode(&format!("xn--{wrong}")), None, "{wrong}");
        }
    }
}

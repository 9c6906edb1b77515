//! What is remembered by keys, as text that the next run of the program reads.
//!
//! ```text
//! obs-snapshot 1
//! family orders_open
//! series 1 plan="team"
//! key 9f86d081884c7d65 1 1700000000000000000
//! times order.placed orderId
//! key 60303ae22b998861 0 1700000000500000000
//! end
//! ```
//!
//! Series are named by their labels, so that an enum may have grown in between. A section is kept until somebody
//! counts in its family, since families come to life with their publishers.

use std::fmt::{self, Write as _};
use std::sync::Mutex;

use obs_schema::table::Table;

use super::exposition::combination;
use super::family::{self, Family};
use super::keys::{self, Known, Times, Tracked};
use crate::lane::lock;

const FIRST: &str = "obs-snapshot 1";
const LAST: &str = "end";

/// A family or times, with all their keys.
#[derive(Clone, PartialEq, Debug, Default)]
struct Section {
    /// `family orders_open`, `times order.placed orderId`
    head: String,
    /// The labels of those series that have keys.
    series: Vec<(usize, String)>,
    keys: Vec<(u64, Known)>,
}

/// Sections nobody has asked for yet.
static WAITING: Mutex<Vec<Section>> = Mutex::new(Vec::new());

/// What families remember by keys, for [`restore`]: which entities are in which state, when each key was last heard
/// of, and times that durations are counted from. Keys are in it as hashes.
///
/// [`Setup::with_snapshot`](crate::Setup::with_snapshot) keeps it in a file.
#[must_use]
pub fn snapshot() -> String {
    let mut out = format!("{FIRST}\n");
    // First: a section that is taken meanwhile stands here twice, which changes nothing.
    for section in lock(&WAITING).iter() {
        section.write(&mut out);
    }
    for family in family::all() {
        if family.about.tracked != Tracked::Nothing {
            Section::of(family).write(&mut out);
        }
    }
    for times in keys::all_times() {
        Section::of_times(times).write(&mut out);
    }
    out.push_str(LAST);
    out.push('\n');
    out
}

/// Remembers what a [`snapshot`] has, beside what is known already. To be called at the start of a program.
///
/// # Errors
///
/// It is no snapshot, or not a whole one; then nothing of it is remembered.
///
/// ```
/// use obs_runtime::metric::{restore, snapshot};
///
/// restore(&snapshot())?;
/// assert!(restore("obs-snapshot 1").is_err());
/// # Ok::<(), obs_runtime::metric::SnapshotError>(())
/// ```
pub fn restore(text: &str) -> Result<(), SnapshotError> {
    let sections = read(text)?;
    lock(&WAITING).extend(sections);
    // What is alive already would not ask again.
    family::all().into_iter().for_each(adopt);
    keys::all_times().into_iter().for_each(adopt_times);
    Ok(())
}

/// Text that is no snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SnapshotError {
    /// The line that cannot be read, from one on.
    pub line: usize,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {} is none of a snapshot: was it cut short, or written by something else?",
            self.line
        )
    }
}

impl std::error::Error for SnapshotError {}

/// A family comes to life: it remembers what was waiting for it.
pub(super) fn adopt(family: &'static Family) {
    if family.about.tracked == Tracked::Nothing {
        return;
    }
    for section in take(&family_head(family)) {
        let mut places: Table<String, usize> = Table::default();
        for series in 0..family.series {
            places.insert(labels(family, series), series);
        }
        let mut moved: Table<usize, usize> = Table::default();
        for (series, labels) in &section.series {
            if let Some(place) = places.get(labels) {
                moved.insert(*series, *place);
            }
        }
        for (key, known) in section.keys {
            // Labels that are no more have no series to count in.
            let Some(series) = moved.get(&known.series) else {
                continue;
            };
            let known = Known {
                series: *series,
                ..known
            };
            match family.about.tracked {
                Tracked::Entities { .. } => family.enter(key, known),
                _ => family.hear(key, known),
            }
        }
    }
}

/// The same for times.
pub(super) fn adopt_times(times: &'static Times) {
    for section in take(&times_head(times)) {
        for (key, known) in section.keys {
            times.keep(key, known);
        }
    }
}

fn take(head: &str) -> Vec<Section> {
    let mut waiting = lock(&WAITING);
    let all = std::mem::take(&mut *waiting);
    let (mine, others) = all.into_iter().partition(|section| section.head == head);
    *waiting = others;
    mine
}

fn family_head(family: &Family) -> String {
    format!("family {}", family.about.name)
}

fn times_head(times: &Times) -> String {
    format!("times {} {}", times.about.event, times.about.key)
}

/// `plan="team",status="PAID"`
fn labels(family: &Family, series: usize) -> String {
    let mut text = String::new();
    for (name, value) in combination(family.about.labels, series) {
        let sign = if text.is_empty() { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(text, "{sign}{name}={value:?}");
    }
    text
}

impl Section {
    fn of(family: &Family) -> Section {
        let keys = family.remembered.all();
        let mut used = vec![false; family.series];
        for (_, known) in &keys {
            if let Some(used) = used.get_mut(known.series) {
                *used = true;
            }
        }
        let used = used.iter().enumerate().filter(|(_, used)| **used);
        Section {
            head: family_head(family),
            series: used.map(|(at, _)| (at, labels(family, at))).collect(),
            keys,
        }
    }

    fn of_times(times: &Times) -> Section {
        Section {
            head: times_head(times),
            series: Vec::new(),
            keys: times.all(),
        }
    }

    fn write(&self, out: &mut String) {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{}", self.head);
        for (at, labels) in &self.series {
            let _ = writeln!(out, "series {at} {labels}");
        }
        for (key, known) in &self.keys {
            let _ = writeln!(out, "key {key:016x} {} {}", known.series, known.at);
        }
    }
}

fn read(text: &str) -> Result<Vec<Section>, SnapshotError> {
    let mut sections: Vec<Section> = Vec::new();
    let mut lines = text.lines().enumerate();
    if lines.next().is_none_or(|(_, line)| line != FIRST) {
        return Err(SnapshotError { line: 1 });
    }
    let mut last = 1;
    for (at, line) in lines {
        let wrong = SnapshotError { line: at + 1 };
        last = at + 1;
        if line == LAST {
            return Ok(sections);
        }
        let (word, rest) = line.split_once(' ').ok_or(wrong)?;
        if matches!(word, "family" | "times") {
            sections.push(Section {
                head: line.to_owned(),
                ..Section::default()
            });
            continue;
        }
        let section = sections.last_mut().ok_or(wrong)?;
        match word {
            "series" => section.series.push(series(rest).ok_or(wrong)?),
            "key" => section.keys.push(key(rest).ok_or(wrong)?),
            _ => return Err(wrong),
        }
    }
    Err(SnapshotError { line: last + 1 })
}

fn series(rest: &str) -> Option<(usize, String)> {
    let (at, labels) = rest.split_once(' ')?;
    Some((at.parse().ok()?, labels.to_owned()))
}

fn key(rest: &str) -> Option<(u64, Known)> {
    let mut words = rest.split(' ');
    let key = u64::from_str_radix(words.next()?, 16).ok()?;
    let series = words.next()?.parse().ok()?;
    let at = words.next()?.parse().ok()?;
    words
        .next()
        .is_none()
        .then_some((key, Known { series, at }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::LabelInfo;
    use crate::metric::family::{FamilyInfo, Kind, family};
    use crate::metric::keys::TimesInfo;
    use std::sync::atomic::Ordering::Relaxed;

    const OPEN: FamilyInfo = FamilyInfo {
        name: "snapshot_tested",
        kind: Kind::FloatGauge,
        labels: &[LabelInfo {
            name: "plan",
            values: &["free", "team"],
            ..LabelInfo::BLANK
        }],
        tracked: Tracked::Entities { max: 9 },
        ..FamilyInfo::BLANK
    };

    #[test]
    fn what_was_remembered_is_known_to_the_next_run() {
        restore(concat!(
            "obs-snapshot 1\n",
            "family snapshot_tested\n",
            // The last run had other labels, in another order.
            "series 0 plan=\"team\"\n",
            "series 1 plan=\"gone\"\n",
            "key 0000000000000001 0 7\n",
            "key 0000000000000002 1 8\n",
            "key 0000000000000003 0 9\n",
            "times snapshot.tested id\n",
            "key 00000000000000ff 0 10\n",
            "end\n",
        ))
        .unwrap();
        // Nobody has asked yet, and it is not forgotten.
        assert!(snapshot().contains("key 0000000000000002 1 8\n"));
        let family = family(&OPEN);
        let number = |at| f64::from_bits(family.gauge(at).unwrap().load(Relaxed));
        assert_eq!((number(0), number(1)), (0.0, 2.0));
        let times = keys::times(&TimesInfo {
            event: "snapshot.tested",
            key: "id",
        });
        assert_eq!(times.last(0xff), Some(10));
        let text = snapshot();
        for part in [
            "family snapshot_tested\nseries 1 plan=\"team\"\n",
            "key 0000000000000003 1 9\n",
            "times snapshot.tested id\nkey 00000000000000ff 1 10\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("gone"), "{text}");
        // A family that is alive learns too; twice the same entity is one.
        restore("obs-snapshot 1\nfamily snapshot_tested\nseries 4 plan=\"free\"\nkey 5 4 0\nkey 3 4 0\nend\n").unwrap();
        assert_eq!((number(0), number(1)), (2.0, 1.0));
    }

    #[test]
    fn what_is_no_snapshot_is_told_by_its_line() {
        for (text, line) in [
            ("", 1),
            ("something else", 1),
            ("obs-snapshot 1\n", 2),
            ("obs-snapshot 1\nfamily a\n", 3),
            ("obs-snapshot 1\nkey 1 1 1\nend\n", 2),
            ("obs-snapshot 1\nfamily a\nkey 1 x 1\nend\n", 3),
            ("obs-snapshot 1\nfamily a\nkey 1 1 1 1\nend\n", 3),
            ("obs-snapshot 1\nfamily a\nseries one\nend\n", 3),
            ("obs-snapshot 1\nfamily a\nword 1\nend\n", 3),
        ] {
            assert_eq!(restore(text), Err(SnapshotError { line }), "{text}");
        }
    }
}

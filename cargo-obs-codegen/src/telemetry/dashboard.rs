//! Dashboards: what stands on them, laid out, for the template that prints Grafana's JSON.

mod pages;

pub(crate) use pages::{Facts, all, dashboard, job, measured, pick_by, unit_of};

use super::rule::Word;
use obs_schema::avro::fingerprint::sha256;
use serde::Serialize;

/// Columns of Grafana's grid.
pub(crate) const COLUMNS: u64 = 24;

/// A dashboard.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct Dashboard {
    uid: String,
    title: String,
    description: String,
    tags: Vec<String>,
    variables: Vec<Variable>,
    panels: Vec<Panel>,
    links: Vec<Link>,
    from: Vec<String>,
}

/// A choice at the top of a dashboard.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: Word,
    pub(crate) label: Word,
    pub(crate) query: String,
    /// Several at once, or all.
    pub(crate) many: bool,
}

/// A dashboard that another one leads to.
#[derive(Serialize, Clone, Debug)]
struct Link {
    title: String,
    uid: String,
}

/// How a panel shows its series.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Over time.
    Lines,
    /// The last value, large.
    Number,
    /// The last values in rows.
    Table,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Lines => "timeseries",
            Kind::Number => "stat",
            Kind::Table => "table",
        }
    }
}

/// A panel in its place.
#[derive(Serialize, Clone, Debug)]
struct Panel {
    id: usize,
    kind: &'static str,
    is_row: bool,
    is_lines: bool,
    is_table: bool,
    is_number: bool,
    title: String,
    description: String,
    unit: &'static str,
    x: u64,
    y: u64,
    w: u64,
    h: u64,
    targets: Vec<Target>,
    steps: Vec<Step>,
}

/// A query of a panel.
#[derive(Serialize, Clone, Debug)]
struct Target {
    name: String,
    expr: String,
    legend: String,
    at_once: bool,
    exemplars: bool,
}

/// From which value on which colour.
#[derive(Serialize, Clone, Debug)]
struct Step {
    colour: &'static str,
    from: Option<f64>,
}

/// A panel before it has a place.
#[derive(Debug)]
pub(crate) struct Draft {
    kind: Kind,
    title: String,
    description: String,
    unit: &'static str,
    pub(crate) width: u64,
    targets: Vec<Target>,
    steps: Vec<Step>,
}

impl Draft {
    pub(crate) fn new(
        kind: Kind,
        title: impl Into<String>,
        unit: &'static str,
        description: impl Into<String>,
    ) -> Draft {
        Draft {
            kind,
            title: title.into(),
            description: description.into(),
            unit,
            width: match kind {
                Kind::Lines => 12,
                Kind::Number => 6,
                Kind::Table => 24,
            },
            targets: Vec::new(),
            steps: vec![Step {
                colour: "green",
                from: None,
            }],
        }
    }

    /// One more query. The legend names labels as `{{label}}`.
    pub(crate) fn query(mut self, expr: impl Into<String>, legend: impl Into<String>) -> Draft {
        let name = char::from(b'A' + u8::try_from(self.targets.len() % 26).unwrap_or_default());
        self.targets.push(Target {
            name: name.to_string(),
            expr: expr.into(),
            legend: legend.into(),
            at_once: self.kind != Kind::Lines,
            exemplars: false,
        });
        self
    }

    /// Its points lead to traces.
    fn with_exemplars(mut self) -> Draft {
        for target in &mut self.targets {
            target.exemplars = true;
        }
        self
    }

    /// From this value on it is bad.
    pub(crate) fn bad_from(mut self, value: f64) -> Draft {
        self.steps.push(Step {
            colour: "red",
            from: Some(value),
        });
        self
    }

    /// Up to this value it is bad.
    pub(crate) fn good_from(mut self, value: f64) -> Draft {
        self.steps = vec![
            Step {
                colour: "red",
                from: None,
            },
            Step {
                colour: "green",
                from: Some(value),
            },
        ];
        self
    }
}

/// Rows of panels, put in their places one after the other.
#[derive(Default, Debug)]
pub(crate) struct Layout {
    panels: Vec<Panel>,
    x: u64,
    y: u64,
    height: u64,
}

impl Dashboard {
    /// The name by which others lead to it.
    pub(crate) fn uid(&self) -> &str {
        &self.uid
    }

    /// The same with tags.
    pub(crate) fn tagged(mut self, tags: impl IntoIterator<Item = String>) -> Dashboard {
        self.tags.extend(tags);
        self
    }
}

impl Layout {
    /// A heading over what follows.
    pub(crate) fn row(&mut self, title: &str) {
        self.end_line();
        self.panels.push(Panel {
            id: self.panels.len() + 1,
            kind: "row",
            is_row: true,
            is_lines: false,
            is_table: false,
            is_number: false,
            title: title.to_owned(),
            description: String::new(),
            unit: "none",
            x: 0,
            y: self.y,
            w: COLUMNS,
            h: 1,
            targets: Vec::new(),
            steps: Vec::new(),
        });
        self.y += 1;
    }

    fn end_line(&mut self) {
        self.y += self.height;
        (self.x, self.height) = (0, 0);
    }

    pub(crate) fn add(&mut self, draft: Draft) {
        if self.x + draft.width > COLUMNS {
            self.end_line();
        }
        let h = if draft.kind == Kind::Number { 4 } else { 8 };
        self.panels.push(Panel {
            id: self.panels.len() + 1,
            kind: draft.kind.as_str(),
            is_row: false,
            is_lines: draft.kind == Kind::Lines,
            is_table: draft.kind == Kind::Table,
            is_number: draft.kind == Kind::Number,
            title: draft.title,
            description: draft.description,
            unit: draft.unit,
            x: self.x,
            y: self.y,
            w: draft.width,
            h,
            targets: draft.targets,
            steps: draft.steps,
        });
        self.x += draft.width;
        self.height = self.height.max(h);
    }
}

/// A stable name of forty characters at most, as Grafana wants them.
pub(crate) fn uid(name: &str) -> String {
    let text = plain(name);
    if text.len() <= 40 { text } else { hashed(name) }
}

fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("obs-{name}").chars().map(plain).collect()
}

/// The same for names that are too long, or alike but for signs that a name may not have: what is lost is told by its hash.
fn hashed(name: &str) -> String {
    let mut text = plain(name);
    text.truncate(31);
    let hash = crate::show::hex(&sha256(name.as_bytes())[..4]);
    format!("{text}-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_fit_and_differ() {
        assert_eq!(uid("event-user.registered"), "obs-event-user-registered");
        let long = "event-acme.warehouse.shipment.item.quantity.corrected";
        let (one, other) = (uid(&format!("{long}.a")), uid(&format!("{long}.b")));
        assert!(one.len() <= 40 && one != other, "{one} {other}");
        let (one, other) = (hashed("event-a.b-c"), hashed("event-a.b_c"));
        assert!(
            one != other && one.starts_with("obs-event-a-b-c-"),
            "{one} {other}"
        );
    }

    #[test]
    fn panels_fill_lines_and_never_overlap() {
        let mut layout = Layout::default();
        let draft = |kind| Draft::new(kind, "a", "short", "b");
        for kind in [
            Kind::Number,
            Kind::Number,
            Kind::Lines,
            Kind::Lines,
            Kind::Table,
            Kind::Number,
        ] {
            layout.add(draft(kind));
        }
        let places: Vec<_> = layout
            .panels
            .iter()
            .map(|panel| (panel.x, panel.y))
            .collect();
        assert_eq!(places, [(0, 0), (6, 0), (12, 0), (0, 8), (0, 16), (0, 24)]);
    }
}

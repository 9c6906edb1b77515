//! A whole publish beside what people write by hand: who runs, what they run, and what comes out.

mod best;
mod child;
mod compare;
mod course;
mod default;
mod encode;
mod event;
mod limit;
mod line;
mod otlp;
mod ours;
mod parts;
mod program;
mod race;
mod sdk;
mod seen;
mod sustained;
mod tuned;

mod events {
    obs_runtime::include_events!();
}

pub use course::{Body, Course, Exporter};
pub use program::main;

/// Who runs: one for each way to write a publish.
pub trait Team: Send + Sync {
    /// What one thread runs; made in that thread.
    fn runner(&self) -> Box<dyn Runner + '_>;

    /// Everything that has ended is exported, and every line is out.
    fn flush(&self);

    /// The metrics, as text.
    fn metrics(&self) -> String;
}

/// One thread of a team.
pub trait Runner {
    /// Publishes so often, one value after the other.
    fn run(&mut self, times: usize);
}

/// Makes a team ready for a course.
pub type Ready = fn(&Course) -> Box<dyn Team>;

/// The teams.
pub const TEAMS: [(&str, Ready); 5] = [
    ("default", default::ready),
    ("tuned", tuned::ready),
    ("best", best::ready),
    ("limit", limit::ready),
    ("ours", ours::ready),
];

/// Those who run a part of it.
pub const OTHERS: [(&str, Ready); 3] = [
    ("tracing", line::flat),
    ("tracing-in-span", line::in_span),
    ("ours-child", ours::ready_child),
];

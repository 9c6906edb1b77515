//! What is run: the same for each contestant.

/// How the event is written, and whether a line is logged for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// As JSON in our envelope, with a log line.
    Json,
    /// The same without the line.
    JsonQuiet,
    /// As Avro, without a line.
    Avro,
}

/// Who takes the spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exporter {
    /// Counts them.
    Counting,
    /// Makes OTLP of them, which goes nowhere.
    Otlp,
}

/// One way to run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Course {
    pub body: Body,
    /// The share of traces that are sampled.
    pub ratio: f64,
    pub exporter: Exporter,
    pub threads: usize,
}

impl Course {
    /// One thread, everything sampled, spans counted.
    pub const fn new(body: Body) -> Course {
        Course {
            body,
            ratio: 1.0,
            exporter: Exporter::Counting,
            threads: 1,
        }
    }

    /// The same with another share of sampled traces.
    #[must_use]
    pub const fn sampled(mut self, ratio: f64) -> Course {
        self.ratio = ratio;
        self
    }

    /// The same with spans that are encoded.
    #[must_use]
    pub const fn exported(mut self) -> Course {
        self.exporter = Exporter::Otlp;
        self
    }

    /// The same in two threads.
    #[must_use]
    pub const fn twice(mut self) -> Course {
        self.threads = 2;
        self
    }

    /// As words of a command line.
    #[must_use]
    pub fn words(&self) -> [String; 4] {
        let body = match self.body {
            Body::Json => "json",
            Body::JsonQuiet => "json-quiet",
            Body::Avro => "avro",
        };
        let exporter = match self.exporter {
            Exporter::Counting => "counting",
            Exporter::Otlp => "otlp",
        };
        [
            body.to_owned(),
            self.ratio.to_string(),
            exporter.to_owned(),
            self.threads.to_string(),
        ]
    }

    /// Out of these words.
    #[must_use]
    pub fn parse(words: &[&str]) -> Option<Course> {
        let [body, ratio, exporter, threads] = words else {
            return None;
        };
        Some(Course {
            body: match *body {
                "json" => Body::Json,
                "json-quiet" => Body::JsonQuiet,
                "avro" => Body::Avro,
                _ => return None,
            },
            ratio: ratio.parse().ok()?,
            exporter: match *exporter {
                "counting" => Exporter::Counting,
                "otlp" => Exporter::Otlp,
                _ => return None,
            },
            threads: threads.parse().ok()?,
        })
    }

    /// Whether a line is logged.
    #[must_use]
    pub fn logs(&self) -> bool {
        self.body == Body::Json
    }

    /// The type of the event.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        match self.body {
            Body::Json | Body::JsonQuiet => "reading.taken",
            Body::Avro => "reading.stored",
        }
    }

    /// Where it goes.
    #[must_use]
    pub fn topic(&self) -> &'static str {
        match self.body {
            Body::Json | Body::JsonQuiet => "reading.taken.v1",
            Body::Avro => "reading.stored.v1",
        }
    }

    /// The name of its spans.
    #[must_use]
    pub fn span_name(&self) -> &'static str {
        match self.body {
            Body::Json | Body::JsonQuiet => "publish reading.taken.v1",
            Body::Avro => "publish reading.stored.v1",
        }
    }

    /// What the message is.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match self.body {
            Body::Json | Body::JsonQuiet => "application/json",
            Body::Avro => "application/avro",
        }
    }
}

/// The version of the event.
pub const VERSION: &str = "1.0.0";

/// Who publishes.
pub const SOURCE: &str = "bench";

/// What the bus calls itself.
pub const SYSTEM: &str = "wire";

/// What everything belongs to.
pub const CORRELATION: &str = "order-2026-000042";

/// Bounds of the histogram of durations, in seconds.
pub const DURATIONS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

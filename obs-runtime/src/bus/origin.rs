//! Who publishes.

use obs_schema::wire::json::Writer;

use crate::ids::{EventId, IdForm};

/// Who publishes: what envelopes say of it, and how it names its events.
///
/// ```
/// use obs_runtime::bus::Origin;
/// use obs_runtime::{Bus, IdForm};
///
/// let bus = Bus::memory(16).for_source(
///     Origin::new("user-service")
///         .with_version("1.4.2")
///         .with_environment("staging")
///         .with_extension("gitCommit", "93c9ac5")
///         .with_ids(IdForm::Ulid, "evt_"),
/// );
/// assert_eq!(bus.source(), "user-service");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Origin {
    name: String,
    environment: Option<String>,
    /// Further members of `metadata`, in order.
    metadata: Vec<(String, String)>,
    pub(crate) ids: IdForm,
    pub(crate) prefix: String,
    /// What of the baggage leaves with a record.
    pub(crate) baggage: Vec<String>,
}

impl Origin {
    /// A publisher of this name, which is the `source` of envelopes and metrics.
    #[must_use]
    pub fn new(name: &str) -> Origin {
        Origin {
            name: name.to_owned(),
            ..Origin::default()
        }
    }

    /// The same of a version: `sourceVersion`.
    #[must_use]
    pub fn with_version(self, version: &str) -> Origin {
        self.with_extension("sourceVersion", version)
    }

    /// The same on a host: `sourceHost`.
    #[must_use]
    pub fn with_host(self, host: &str) -> Origin {
        self.with_extension("sourceHost", host)
    }

    /// The same in an environment: `environment`, in log lines too.
    #[must_use]
    pub fn with_environment(mut self, environment: &str) -> Origin {
        self.environment = Some(environment.to_owned());
        self.with_extension("environment", environment)
    }

    /// The same in a region: `region`.
    #[must_use]
    pub fn with_region(self, region: &str) -> Origin {
        self.with_extension("region", region)
    }

    /// The same with something else that envelopes say of it, such as `gitCommit`. A name that is there gets the
    /// new value; `source` and `tenant` have ways of their own and are left as they are.
    #[must_use]
    pub fn with_extension(mut self, name: &str, value: &str) -> Origin {
        if name != "source" && name != "tenant" {
            if let Some(at) = self.metadata.iter().position(|(known, _)| known == name) {
                self.metadata.remove(at);
            }
            self.metadata.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The same with other ids for its events, behind a prefix of up to 27 characters.
    #[must_use]
    pub fn with_ids(mut self, form: IdForm, prefix: &str) -> Origin {
        self.ids = form;
        let mut end = prefix.len().min(EventId::PREFIX);
        while !prefix.is_char_boundary(end) {
            end -= 1;
        }
        prefix[..end].clone_into(&mut self.prefix);
        self
    }

    /// The same, and these names of the baggage leave with its records. Others stay in the program.
    #[must_use]
    pub fn with_baggage(mut self, allowed: &[&str]) -> Origin {
        let mut baggage = Vec::with_capacity(allowed.len());
        for name in allowed {
            baggage.push((*name).to_owned());
        }
        self.baggage = baggage;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What log lines say of it: `,"service":…,"environment":…`.
    pub(crate) fn log_members(&self, w: &mut Writer) {
        if !self.name.is_empty() {
            w.raw(",\"service\":");
            w.string(&self.name);
        }
        if let Some(environment) = &self.environment {
            w.raw(",\"environment\":");
            w.string(environment);
        }
    }

    /// What envelopes say of it beside its name, in order.
    pub(crate) fn metadata(&self) -> &[(String, String)] {
        &self.metadata
    }

    /// `"source":…`, and what else there is.
    pub(crate) fn members(&self, w: &mut Writer) {
        w.raw("\"source\":");
        w.string(&self.name);
        for (name, value) in &self.metadata {
            w.raw(",");
            w.string(name);
            w.raw(":");
            w.string(value);
        }
    }
}

impl From<&str> for Origin {
    fn from(name: &str) -> Origin {
        Origin::new(name)
    }
}

impl From<&String> for Origin {
    fn from(name: &String) -> Origin {
        Origin::new(name)
    }
}

//! Where the schemas are, and the values other implementations give for them.

use obs_schema::json::Json;
use std::path::Path;
use std::process::Command;

/// A folder of the corpora.
pub(crate) struct Source {
    /// The folder's name.
    pub(crate) name: &'static str,
    /// What is written in it.
    pub(crate) dialect: Dialect,
}

/// A dialect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    Avro,
    JsonSchema,
}

/// All of them.
pub(crate) const SOURCES: &[Source] = &[
    Source {
        name: "avsc-openedx",
        dialect: Dialect::Avro,
    },
    Source {
        name: "avsc-kafka-streams-examples",
        dialect: Dialect::Avro,
    },
    Source {
        name: "avro-test-schemas",
        dialect: Dialect::Avro,
    },
    Source {
        name: "cloudevents",
        dialect: Dialect::Avro,
    },
    Source {
        name: "jsonschema-iglu",
        dialect: Dialect::JsonSchema,
    },
    Source {
        name: "jsonschema-openlineage",
        dialect: Dialect::JsonSchema,
    },
    Source {
        name: "quicktype-schema-inputs",
        dialect: Dialect::JsonSchema,
    },
    Source {
        name: "cloudevents",
        dialect: Dialect::JsonSchema,
    },
    // The specs of this repository's own tests.
    Source {
        name: "avro",
        dialect: Dialect::Avro,
    },
    Source {
        name: "json",
        dialect: Dialect::JsonSchema,
    },
];

/// A schema file with its values.
pub(crate) struct Samples {
    /// The file, relative to the source's folder.
    pub(crate) file: String,
    /// Why the other implementation refuses the schema, if it does.
    pub(crate) refused: Option<String>,
    /// Avro: bodies in hex. JSON: values as text.
    pub(crate) valid: Vec<String>,
    /// JSON values that must be refused: the keyword that refuses them, and the value as text.
    pub(crate) invalid: Vec<(String, String)>,
}

/// Asks the other implementation.
pub(crate) fn samples(
    source: &Source,
    root: &Path,
    out: &Path,
    python: &Path,
) -> Result<Vec<Samples>, String> {
    let (script, kind) = match source.dialect {
        Dialect::Avro => ("avro_samples.py", "avro"),
        Dialect::JsonSchema => ("json_samples.py", "json"),
    };
    let lines = out.join(format!("{}.{kind}.jsonl", source.name));
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(script);
    let status = Command::new(python)
        .arg(script)
        .arg(root)
        .arg(&lines)
        .env("PYTHONHASHSEED", "0")
        .status()
        .map_err(|error| format!("cannot run {}: {error}", python.display()))?;
    if !status.success() {
        return Err(format!(
            "the samples of {} failed with {status}",
            source.name
        ));
    }
    let text = std::fs::read_to_string(&lines).map_err(|error| error.to_string())?;
    text.lines().map(read).collect()
}

fn read(line: &str) -> Result<Samples, String> {
    let json = Json::parse(line.as_bytes()).map_err(|error| error.to_string())?;
    let list = |name: &str| {
        json.get(name)
            .and_then(Json::as_array)
            .unwrap_or_default()
            .to_vec()
    };
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let avro: Vec<String> = list("samples").iter().filter_map(text).collect();
    let refused = json.get("error").and_then(text);
    Ok(Samples {
        file: json.get("file").and_then(text).unwrap_or_default(),
        refused,
        valid: avro
            .into_iter()
            .chain(list("valid").iter().map(ToString::to_string))
            .collect(),
        invalid: list("invalid")
            .iter()
            .map(|item| {
                let rule = item.get("rule").and_then(text).unwrap_or_default();
                (
                    rule,
                    item.get("value").cloned().unwrap_or_default().to_string(),
                )
            })
            .collect(),
    })
}

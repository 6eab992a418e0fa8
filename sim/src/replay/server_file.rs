//! A server that the user knows better than a trace tells.

use serde::Deserialize;
use toml::{Table, Value};

use crate::scenario::{FaultSpec, NetworkSpec, ScenarioError, ServerSpec};

/// The tables of a scenario that are about the server, in the order of a file.
const TABLES: [&str; 3] = ["network", "server", "fault"];
/// The other keys of a scenario, which a file may have and which are left alone.
const OTHERS: [&str; 12] = [
    "name",
    "title",
    "description",
    "source",
    "horizon",
    "foremost",
    "timer",
    "clients",
    "arrivals",
    "cost",
    "group",
    "policy",
];

/// The tables about the server, of which only whether they can be read matters.
#[derive(Deserialize)]
struct Tables {
    #[serde(rename = "server")]
    _server: ServerSpec,
    #[serde(default, rename = "network")]
    _network: NetworkSpec,
    #[serde(default, rename = "fault")]
    _fault: Vec<FaultSpec>,
}

/// The tables about the server in the text of a scenario or of a part of one.
pub(super) struct ServerFile {
    pub(super) network: Option<String>,
    pub(super) server: String,
    pub(super) faults: String,
}

impl ServerFile {
    /// Reads `text`; that its tables can be used is seen when the scenario is.
    pub(super) fn read(text: &str) -> Result<Self, ScenarioError> {
        let table: Table =
            toml::from_str(text).map_err(|error| ScenarioError::syntax(text, error))?;
        let known = |key: &&String| {
            TABLES.contains(&key.as_str()) || OTHERS.contains(&key.as_str()) || *key == "assert"
        };
        if let Some(key) = table.keys().find(|key| !known(key)) {
            let must = "a table of a scenario: server, network or fault";
            return Err(ScenarioError::key(key, format!("must be {must}")));
        }
        // Read as what they are, for errors that know their place in this file.
        let _: Tables = toml::from_str(text).map_err(|error| ScenarioError::syntax(text, error))?;
        let part = |name: &str| {
            let value = table.get(name)?;
            let only = Table::from_iter([(name.to_owned(), Value::clone(value))]);
            toml::to_string(&only).ok()
        };
        let server = part("server").unwrap_or_default();
        Ok(Self { network: part("network"), server, faults: part("fault").unwrap_or_default() })
    }
}

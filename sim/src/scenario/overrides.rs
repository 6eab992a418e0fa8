//! Values given on the command line instead of in the file.

use toml::{Table, Value};

use super::{Scenario, ScenarioError};

/// The scenario of `text`, with the values at some dotted keys replaced.
pub(super) fn apply(text: &str, overrides: &[(String, String)]) -> Result<Scenario, ScenarioError> {
    let mut table: Table =
        toml::from_str(text).map_err(|error| ScenarioError::syntax(text, error))?;
    let mut all = Value::Table(table.clone());
    for (key, value) in overrides {
        *place(&mut all, key)? = read(value);
    }
    if let Ok(read) = all.try_into::<Scenario>()
        && read.check().is_ok()
    {
        return Ok(named(read));
    }
    for (key, value) in overrides {
        let mut root = Value::Table(table);
        *place(&mut root, key)? = read(value);
        // Together they are wrong. Read after each, so that the error names the one that is.
        let read: Scenario =
            root.clone().try_into().map_err(|error| ScenarioError::replacing(key, value, error))?;
        read.check()?;
        let Value::Table(changed) = root else { break };
        table = changed;
    }
    Err(ScenarioError::key("", "there is no value to set"))
}

/// The scenario with a text of its own.
fn named(mut scenario: Scenario) -> Scenario {
    scenario.text = scenario.canonical();
    scenario
}

/// Where the value of a dotted key is kept, made if it is not there.
pub(super) fn place<'a>(root: &'a mut Value, key: &str) -> Result<&'a mut Value, ScenarioError> {
    let mut at = root;
    for part in key.split('.') {
        if part.is_empty() {
            return Err(ScenarioError::key(key, "the key has an empty part"));
        }
        at = match at {
            Value::Table(table) => table.entry(part).or_insert_with(|| Value::Table(Table::new())),
            Value::Array(array) => {
                let len = array.len();
                let element = part.parse::<usize>().ok().and_then(|index| array.get_mut(index));
                element.ok_or_else(|| {
                    let reason = format!(
                        "'{part}' is not the number of one of {len} entries, counted from 0"
                    );
                    ScenarioError::key(key, reason)
                })?
            }
            _ => return Err(ScenarioError::key(key, format!("'{part}' is below a single value"))),
        };
    }
    Ok(at)
}

/// TOML where it is TOML; text otherwise, so that `50/s` needs no quotes.
pub(super) fn read(value: &str) -> Value {
    let line = format!("value = {value}");
    let table = toml::from_str::<Table>(&line).ok().filter(|table| table.len() == 1);
    table
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()))
}

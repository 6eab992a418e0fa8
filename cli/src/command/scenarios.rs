//! `forbear scenarios`.

use forbear_sim::{NamedPolicy, Scenario, Shipped};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::names::ScenarioName;
use crate::output::Output;
use crate::scenario_file;
use crate::table::Table;

/// Lists the scenarios that are built in, or prints one
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear scenarios
  forbear scenarios retry-after-herd > storm.toml     to change and to compare")]
pub(crate) struct Scenarios {
    /// Print this one as TOML
    #[arg(value_parser = ScenarioName, hide_possible_values = true)]
    name: Option<String>,
}

impl Scenarios {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        if let Some(name) = &self.name {
            let scenario = scenario_file::load(name, &[])?;
            if output.is_json() {
                let mut document = described(&scenario);
                document["source"] = scenario.text().into();
                writeln!(output.data(), "{document}")?;
            } else {
                output.data().write_all(scenario.text().as_bytes())?;
            }
            return Ok(Exit::Success);
        }
        let mut table = Table::new(["scenario", "title"]);
        let mut list = Vec::new();
        for shipped in Shipped::ALL {
            let scenario = scenario_file::load(shipped.name, &[])?;
            list.push(described(&scenario));
            table.push([scenario.name(), scenario.title()]);
        }
        if output.is_json() {
            writeln!(output.data(), "{}", json!({ "scenarios": list }))?;
        } else {
            write!(output.data(), "{}", table.left_aligned().render())?;
        }
        Ok(Exit::Success)
    }
}

fn described(scenario: &Scenario) -> Value {
    let policies: Vec<_> = scenario.policies().iter().map(NamedPolicy::name).collect();
    json!({
        "name": scenario.name(),
        "title": scenario.title(),
        "description": scenario.description(),
        "policies": policies,
    })
}

//! The scenario that is named on the command line.

use std::path::Path;

use forbear_sim::{Scenario, ScenarioError, Shipped};

use crate::problem::Problem;
use crate::{diagnose, text_file};

/// A value in place of the one in the file: `--set clients.count=150`.
pub(crate) type Override = (String, String);

/// The shipped scenario called `name`, or the one in the file `name`, with
/// `overrides`.
///
/// Names have neither dots nor slashes, so what has is a path.
///
/// # Errors
///
/// If there is no such scenario, or it or an override is wrong.
pub(crate) fn load(name: &str, overrides: &[Override]) -> Result<Scenario, Problem> {
    let shipped = Shipped::ALL.iter().find(|shipped| shipped.name == name);
    let text = match shipped {
        Some(shipped) => shipped.text.to_owned(),
        None if is_path(name) => text_file::read(Path::new(name))?,
        None => return Err(unknown(name)),
    };
    let file = text_file::name(Path::new(name));
    let scenario = Scenario::parse(&text, &[]).map_err(|error| in_file(&file, &text, &error))?;
    if overrides.is_empty() {
        return Ok(scenario);
    }
    Scenario::parse(&text, overrides).map_err(|error| diagnose::spoken(&format!("--set {error}")))
}

/// Reads the value of `--set`.
pub(crate) fn parse_override(text: &str) -> Result<Override, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("must be key=value, such as clients.count=150".into()),
    }
}

fn is_path(name: &str) -> bool {
    name == "-" || name.contains(['/', '\\', '.']) || Path::new(name).exists()
}

fn in_file(file: &str, text: &str, error: &ScenarioError) -> Problem {
    match error.toml() {
        Some(error) => diagnose::toml_error(file, text, error),
        None => diagnose::impossible(file, text, error),
    }
}

fn unknown(name: &str) -> Problem {
    let names: Vec<_> = Shipped::ALL.iter().map(|shipped| shipped.name).collect();
    let problem = Problem::new(format!("no scenario is called '{name}'"));
    match diagnose::nearest(name, &names) {
        Some(right) => problem.help(format!("did you mean '{right}'?")),
        None => problem.help("'forbear scenarios' lists them; a path has a dot or a slash"),
    }
}

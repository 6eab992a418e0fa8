//! Policies that are named on the command line.

use std::path::Path;

use forbear_core::spec::PolicySpec;
use forbear_http::Preset;
use forbear_sim::NamedPolicy;

use crate::diagnose;
use crate::problem::Problem;
use crate::text_file;

/// The policy of a file; where no file has that name, the one of `known` or the
/// preset that has it.
///
/// # Errors
///
/// If the file cannot be read or is no policy.
pub(crate) fn load(path: &Path, known: &[NamedPolicy]) -> Result<NamedPolicy, Problem> {
    let name = path.to_str().filter(|_| !path.exists());
    if let Some(policy) = known.iter().find(|policy| Some(policy.name()) == name) {
        return Ok(policy.clone());
    }
    if let Some(Ok(preset)) = name.map(Preset::by_name) {
        return parse(preset.name(), preset.policy_file(), preset.name());
    }
    let file = text_file::name(path);
    let source = text_file::read(path).map_err(|problem| {
        let is_one_word = path.extension().is_none() && path.components().count() == 1;
        if is_one_word && !path.exists() && !text_file::is_stdin(path) {
            problem.help(suggestion(&file, known))
        } else {
            problem
        }
    })?;
    let stem = Path::new(&file).file_stem().unwrap_or_default().to_string_lossy();
    parse(&file, &source, &stem)
}

/// The one policy of a command: that of `path`, else the first of `known`, else the
/// recommended.
///
/// # Errors
///
/// If the file cannot be read or is no policy.
pub(crate) fn one(path: Option<&Path>, known: &[NamedPolicy]) -> Result<NamedPolicy, Problem> {
    match (path, known.first()) {
        (Some(path), _) => load(path, known),
        (None, Some(first)) => Ok(first.clone()),
        (None, None) => recommended(),
    }
}

/// What a call does when nobody says how.
pub(crate) fn recommended() -> Result<NamedPolicy, Problem> {
    parse("recommended", "", "recommended")
}

fn parse(file: &str, source: &str, fallback: &str) -> Result<NamedPolicy, Problem> {
    let spec: PolicySpec =
        toml::from_str(source).map_err(|error| diagnose::toml_error(file, source, &error))?;
    NamedPolicy::new(spec, fallback).map_err(|error| diagnose::impossible(file, source, &error))
}

/// What may have been meant by a name that is none.
fn suggestion(wrong: &str, known: &[NamedPolicy]) -> String {
    let mut names: Vec<&str> = known.iter().map(NamedPolicy::name).collect();
    // A scenario may have a policy of the same name, which is the one that is meant.
    let presets = Preset::all().map(Preset::name);
    let others: Vec<&str> = presets.filter(|name| !names.contains(name)).collect();
    names.extend(others);
    match diagnose::nearest(wrong, &names) {
        Some(right) => format!("did you mean '{right}'?"),
        None => format!("the path of a file, or one of {}", names.join(", ")),
    }
}

//! Policies that are named on the command line.

use std::path::Path;

use forbear_core::Policy;
use forbear_core::spec::PolicySpec;

use crate::diagnose;
use crate::preset::Preset;
use crate::problem::Problem;
use crate::text_file;

/// A policy with what it was read from.
#[derive(Debug)]
pub(crate) struct NamedPolicy {
    /// Its `name`, or the name of the file.
    pub(crate) name: String,
    /// The file, as data.
    pub(crate) spec: PolicySpec,
    /// What it says.
    pub(crate) policy: Policy,
}

impl NamedPolicy {
    /// Reads a policy file; the name of a preset does too, where no file has it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is no policy.
    pub(crate) fn load(path: &Path) -> Result<Self, Problem> {
        let preset = path.to_str().filter(|_| !path.exists()).and_then(Preset::named);
        if let Some(preset) = preset {
            return Self::parse(preset.name, preset.source, preset.name);
        }
        let file = text_file::name(path);
        let source = text_file::read(path).map_err(|problem| {
            let is_one_word = path.extension().is_none() && path.components().count() == 1;
            if is_one_word && !path.exists() && !text_file::is_stdin(path) {
                problem.help(Preset::suggestion(&file))
            } else {
                problem
            }
        })?;
        let stem = Path::new(&file).file_stem().unwrap_or_default().to_string_lossy();
        Self::parse(&file, &source, &stem)
    }

    /// What a call does when nobody says how.
    pub(crate) fn recommended() -> Self {
        Self {
            name: "recommended".into(),
            spec: PolicySpec::default(),
            policy: Policy::recommended(),
        }
    }

    fn parse(file: &str, source: &str, fallback: &str) -> Result<Self, Problem> {
        let spec: PolicySpec =
            toml::from_str(source).map_err(|error| diagnose::toml_error(file, source, &error))?;
        let policy = spec.build().map_err(|error| diagnose::impossible(file, source, &error))?;
        let name = spec.name.clone().unwrap_or_else(|| fallback.to_owned());
        Ok(Self { name, spec, policy })
    }
}

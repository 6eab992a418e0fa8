//! `forbear init`.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use forbear_http::Preset;
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::output_file::OutputFile;
use crate::problem::Problem;

/// Writes a commented policy file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear init
  forbear init --preset github --out github.toml
  forbear init --preset batch --out -         print it
  forbear init --list")]
pub(crate) struct Init {
    /// Which one
    #[arg(long, value_name = "NAME", default_value = "recommended", value_parser = PossibleValuesParser::new(Preset::all().map(Preset::name)))]
    preset: String,

    /// Where to, '-' for standard output
    #[arg(long, short, value_name = "FILE", default_value = "policy.toml")]
    out: PathBuf,

    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,

    /// List the presets, and write nothing
    #[arg(long)]
    list: bool,
}

impl Init {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        if self.list {
            if output.is_json() {
                let presets: Vec<_> = Preset::all()
                    .map(|preset| json!({ "name": preset.name(), "summary": preset.summary() }))
                    .collect();
                writeln!(output.data(), "{}", json!({ "presets": presets }))?;
                return Ok(Exit::Success);
            }
            for preset in Preset::all() {
                writeln!(output.data(), "{:<12} {}", preset.name(), preset.summary())?;
            }
            return Ok(Exit::Success);
        }
        let preset =
            Preset::by_name(&self.preset).map_err(|error| Problem::new(error.to_string()))?;
        let source = preset.policy_file();
        if self.out == Path::new("-") {
            if output.is_json() {
                let document = json!({ "preset": preset.name(), "file": null, "source": source });
                writeln!(output.data(), "{document}")?;
            } else {
                output.data().write_all(source.as_bytes())?;
            }
            return Ok(Exit::Success);
        }
        let file = self.out.display().to_string();
        if self.out.exists() && !self.force {
            let problem = Problem::new("exists already").in_file(&file);
            return Err(problem.help("--force overwrites it, --out names another file").into());
        }
        OutputFile::new(&self.out)?.write(source.as_bytes())?;
        if output.is_json() {
            let document = json!({ "preset": preset.name(), "file": file, "source": source });
            writeln!(output.data(), "{document}")?;
        }
        output.remark(&format!("wrote {file}; see its delays with 'forbear delays {file}'"));
        Ok(Exit::Success)
    }
}

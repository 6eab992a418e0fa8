//! `forbear schema`.

use clap::ValueEnum;
use forbear_core::spec::PolicySpec;

use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Prints the JSON Schema of a file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Editors check and complete a policy file with it:
  forbear schema > policy.schema.json
and as the first line of policy.toml (Even Better TOML, Taplo):
  #:schema ./policy.schema.json")]
pub(crate) struct Schema {
    /// Which file
    #[arg(value_name = "FILE", default_value = "policy")]
    of: Kind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// The policy file
    Policy,
}

impl Schema {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let mut schema = match self.of {
            Kind::Policy => schemars::schema_for!(PolicySpec),
        };
        schema.insert("title".into(), "forbear policy".into());
        writeln!(output.data(), "{:#}", schema.as_value())?;
        Ok(Exit::Success)
    }
}

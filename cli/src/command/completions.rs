//! `forbear completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Prints a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear completions bash > ~/.local/share/bash-completion/completions/forbear
  forbear completions zsh  > ~/.zfunc/_forbear
  forbear completions fish > ~/.config/fish/completions/forbear.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        // Into memory first: `generate` panics where a write fails.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Args::command(), "forbear", &mut script);
        output.data().write_all(&script)?;
        Ok(Exit::Success)
    }
}

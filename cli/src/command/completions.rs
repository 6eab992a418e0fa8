//! `forbear completions`.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;

use crate::args::Args;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Prints a completion script for a shell
///
/// It completes commands, options, and the names of scenarios, metrics and presets.
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
        let mut command = Args::command();
        clap_complete::generate(self.shell, &mut command, "forbear", &mut script);
        let script = String::from_utf8(script).expect("a script is text");
        let script = match self.shell {
            Shell::Zsh => with_files(&script, &command),
            Shell::Fish => script + &positionals(&command),
            _ => script,
        };
        output.data().write_all(script.as_bytes())?;
        Ok(Exit::Success)
    }
}

/// Names that a positional argument can have, where a file is as good.
fn names(arg: &Arg) -> Option<String> {
    let values = arg.get_possible_values();
    let is_open = arg.is_positional() && arg.is_hide_possible_values_set() && !values.is_empty();
    let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    is_open.then(|| names.join(" "))
}

/// zsh takes a list of values for the only ones; a file is one too.
fn with_files(script: &str, command: &Command) -> String {
    let mut script = script.to_owned();
    let args = command.get_subcommands().flat_map(Command::get_positionals);
    for names in args.filter_map(names) {
        let closed = format!(":({names})'");
        let open = format!(":{{_alternative \"names:name:({names})\" \"files:file:_files\"}}'");
        script = script.replace(&closed, &open);
    }
    script
}

/// What clap's script for fish leaves out: values of arguments without a dash.
fn positionals(command: &Command) -> String {
    let mut script = String::new();
    for subcommand in command.get_subcommands() {
        for names in subcommand.get_positionals().filter_map(names) {
            let _ = writeln!(
                script,
                "complete -c forbear -n \"__fish_forbear_using_subcommand {}\" -a \"{names}\"",
                subcommand.get_name()
            );
        }
    }
    script
}

//! `forbear man`.

use clap::CommandFactory;

use crate::args::Args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::problem::Problem;

/// Prints the manual page, or that of a command
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear man > ~/.local/share/man/man1/forbear.1
  forbear man sweep | man -l -")]
pub(crate) struct Man {
    /// A command; without it the page of all
    command: Option<String>,
}

impl Man {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let mut root = Args::command();
        root.build();
        let page = match &self.command {
            None => root,
            Some(name) => {
                let found = root.find_subcommand(name).cloned();
                let command = found.ok_or_else(|| {
                    let problem = Problem::new(format!("no command is called '{name}'"));
                    problem.help("'forbear --help' lists them")
                })?;
                // The page is called forbear-sweep, the synopsis says forbear sweep.
                let title = format!("forbear-{name}");
                command.display_name(title)
            }
        };
        let mut text = Vec::new();
        clap_mangen::Man::new(page).render(&mut text)?;
        output.data().write_all(&text)?;
        Ok(Exit::Success)
    }
}

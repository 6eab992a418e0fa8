//! From the command line to an exit code.

use std::ffi::OsString;
use std::io;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use crate::args::Args;
use crate::failure::{Exit, Failure, though_unread};
use crate::interrupt;
use crate::output::Output;
use crate::problem::Problem;

/// Runs the command that `words` (the program's name first) ask for.
pub(crate) fn run(words: Vec<OsString>) -> Exit {
    // Without it a file that grows too large ends the process, and not the write.
    let _ = interrupt::let_writes_fail();
    // What decides how an error is shown must be known before parsing can fail.
    let mut output = Output::new(&words);
    let ended = parse(words, &mut output)
        .and_then(|args| match args {
            Some(args) => {
                output.hush(args.quiet);
                if args.command.simulates() {
                    let early = Problem::new("interrupted before the first run began");
                    // Without it Ctrl-C ends the process too, only without a word.
                    let _ = interrupt::say_at_once(output.text_of(&early));
                }
                args.command.run(&mut output)
            }
            None => Ok(Exit::Success),
        })
        .and_then(|exit| though_unread(output.flush().map_err(Failure::from)).map(|()| exit));
    match ended {
        Ok(exit) => exit,
        Err(failure) => report(&failure, &mut output),
    }
}

/// The arguments, or nothing if they ask for help or the version only.
fn parse(words: Vec<OsString>, output: &mut Output) -> Result<Option<Args>, Failure> {
    let parsed = Args::command()
        .color(clap::ColorChoice::Always)
        .try_get_matches_from(words)
        .and_then(|matches| Args::from_arg_matches(&matches));
    let error = match parsed {
        Ok(args) => return Ok(Some(args)),
        Err(error) => error,
    };
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            write!(output.data(), "{}", text.ansi())?;
            Ok(None)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Err(Failure::Usage {
            rendered: text.ansi().to_string(),
            problem: Box::new(Problem::new("a command is missing").help("try 'forbear --help'")),
        }),
        _ => Err(Failure::Usage {
            rendered: text.ansi().to_string(),
            problem: Box::new(usage_problem(&text.to_string())),
        }),
    }
}

/// The first line of what clap says, without its label; its tip as the help.
fn usage_problem(text: &str) -> Problem {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or(text);
    let problem = Problem::new(first.strip_prefix("error: ").unwrap_or(first));
    match lines.find_map(|line| line.trim().strip_prefix("tip: ")) {
        Some(tip) => problem.help(tip),
        None => problem.help("try 'forbear --help'"),
    }
}

fn report(failure: &Failure, output: &mut Output) -> Exit {
    match failure {
        // The reader has what it wanted, as `head` does.
        Failure::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
        Failure::Write(error) => {
            output.problem(&Problem::new(format!("cannot write the output: {error}")));
            Exit::Unexpected
        }
        Failure::Usage { rendered, problem } => {
            if output.is_json() {
                output.problem(problem);
            } else {
                output.message(rendered);
            }
            Exit::Usage
        }
        Failure::Problem(exit, problem) => {
            output.problem(problem);
            *exit
        }
    }
}

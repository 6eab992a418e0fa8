//! The command line.

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Parser, ValueEnum};

use crate::command::Command;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Examples:
  forbear init                              write a commented policy file, policy.toml
  forbear delays policy.toml                show the delays that it gives
  forbear scenarios                         list the storms that are built in
  forbear compare retry-after-herd            replay a storm under several policies
  forbear sweep retry-after-herd --vary retry.max_attempts=2..8:2
  forbear tune retry-after-herd --vary retry.max_attempts=2..9 --objective failed
  forbear check retry-after-herd            hold policies against thresholds, for CI
  forbear explain retry-after-herd --call 17  tell why a request waited
  forbear replay calls.ndjson               recorded demand under other policies
  forbear verify                            hold the simulator against the textbook
  curl -si https://api.github.com | forbear signal
  forbear batch requests.jsonl --out results.jsonl --preset openai \
      --base-url https://api.openai.com --bearer-env OPENAI_API_KEY

Data goes to standard output, progress and messages to standard error.

Exit codes:
    0  done
    1  unexpected, such as a full disk
    2  wrong usage, or a file that cannot be used
    3  a threshold or an invariant does not hold, or jobs of a batch failed
    4  there was nothing to do
  130  interrupted; the results so far are kept";

/// Compares, tunes and explains rate-limit policies.
#[derive(Debug, Parser)]
#[command(
    name = "forbear",
    version,
    after_help = AFTER_HELP,
    styles = STYLES,
    max_term_width = 100,
    arg_required_else_help = true,
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print data as JSON, and errors too
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,

    /// Print no progress and no remarks
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,

    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help = "When to use colours; NO_COLOR is honoured",
        help_heading = "Output"
    )]
    pub(crate) color: Color,
}

/// When to use colours.
///
/// `Output` reads the option itself: errors of parsing have colours too.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }
}

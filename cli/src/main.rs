//! The `forbear` command: compare, tune and explain rate-limit policies.

mod app;
mod args;
mod command;
mod command_line;
mod delays;
mod diagnose;
mod failure;
mod inline_table;
mod interrupt;
mod metric_name;
mod names;
mod output;
mod output_file;
mod policy_file;
mod problem;
mod progress;
mod result_file;
mod scenario_file;
mod simulate;
mod span;
mod storms;
mod table;
mod text_file;
mod trace_file;
mod wrap;

use std::process::ExitCode;

fn main() -> ExitCode {
    app::run(std::env::args_os().collect()).into()
}

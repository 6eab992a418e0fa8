//! `forbear verify`.

use forbear_sim::truth::{Check, Kind, Verdict};
use serde_json::json;

use crate::diagnose;
use crate::failure::{Exit, Failure, though_unread};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::scenario_file::{Override, parse_override};
use crate::table::{Cell, Table, stressed};

/// Compares the simulator with what is known without it
///
/// Queues of the textbook, the admissions of a token bucket, the moments of a jitter: each kind has
/// a formula that holds for any parameters. Every run is held to its rules after each event.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  forbear verify
  forbear verify --kind token_bucket --set rate=10 --set burst=5 --set t=60
  forbear verify --kind mm1 --set lambda=0.9 --set samples=1000000 --json

'forbear verify --list' shows the kinds with their formulas and sources; --json shows the parameters
of each. The exit code is 3 if a check fails.")]
pub(crate) struct Verify {
    /// Verify this kind only; may be repeated
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,

    /// A value in place of a parameter's default, with one --kind; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_override)]
    set: Vec<Override>,

    /// List the kinds, and verify nothing
    #[arg(long, conflicts_with = "set")]
    list: bool,
}

impl Verify {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let kinds = self.kinds()?;
        if self.list {
            return list(&kinds, output);
        }
        if kinds.len() != 1 && !self.set.is_empty() {
            let problem = Problem::new("--set is given without the kind that it is for");
            return Err(problem.help("add --kind, such as --kind token_bucket").into());
        }
        let interrupt = Interrupt::listen().map_err(|error| {
            Failure::unexpected(Problem::new(format!("cannot listen for Ctrl-C: {error}")))
        })?;
        let bar = Progress::new(kinds.len() as u64, "kinds", output.is_live());
        let mut verdicts = Vec::new();
        for (kind, done) in kinds.iter().zip(1..) {
            if interrupt.is_pressed() {
                break;
            }
            let verdict = kind.verify(&self.set).map_err(|error| {
                let text = format!("{}: {error}", kind.name);
                if error.is_violation() {
                    return Failure::Problem(Exit::Failed, Box::new(Problem::new(text)));
                }
                diagnose::spoken(&text).help("'forbear verify --list' lists the kinds").into()
            })?;
            verdicts.push(verdict);
            bar.set(done);
        }
        drop(bar);
        though_unread(show(&verdicts, output))?;
        let is_partial = verdicts.len() < kinds.len();
        if is_partial {
            output.remark(&format!("interrupted: {} of {} kinds", verdicts.len(), kinds.len()));
            return Ok(Exit::Interrupted);
        }
        let hold = verdicts.iter().all(Verdict::holds);
        Ok(if hold { Exit::Success } else { Exit::Failed })
    }

    fn kinds(&self) -> Result<Vec<&'static Kind>, Problem> {
        if self.kind.is_empty() {
            return Ok(Kind::ALL.iter().collect());
        }
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name).collect();
        let find = |name: &String| {
            Kind::named(name).ok_or_else(|| {
                let problem = Problem::new(format!("no kind is called '{name}'"));
                match diagnose::nearest(name, &names) {
                    Some(right) => problem.help(format!("did you mean '{right}'?")),
                    None => problem.help("'forbear verify --list' lists them"),
                }
            })
        };
        self.kind.iter().map(find).collect()
    }
}

/// The kinds, with what they say.
fn list(kinds: &[&'static Kind], output: &mut Output) -> Result<Exit, Failure> {
    if output.is_json() {
        let kinds = kinds.iter().map(|kind| {
            let (name, title, formula, source) = (kind.name, kind.title, kind.formula, kind.source);
            json!({ "name": name, "title": title, "formula": formula, "source": source })
        });
        writeln!(output.data(), "{}", json!({ "kinds": kinds.collect::<Vec<_>>() }))?;
        return Ok(Exit::Success);
    }
    let out = output.data();
    for kind in kinds {
        writeln!(out, "{}", stressed(kind.name))?;
        writeln!(out, "  {}\n  {}\n  {}", kind.title, kind.formula, kind.source)?;
    }
    Ok(Exit::Success)
}

/// Data for standard output.
fn show(verdicts: &[Verdict], output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        let shown = verdicts.iter().map(|verdict| {
            let checks = verdict.checks.iter().map(|check| {
                let Check { what, expected, measured, tolerance } = check;
                json!({
                    "check": what,
                    "expected": expected,
                    "measured": measured,
                    "tolerance": tolerance,
                    "ok": check.holds(),
                })
            });
            json!({
                "kind": verdict.kind,
                "formula": verdict.formula,
                "source": verdict.source,
                "parameters": verdict.parameters,
                "checks": checks.collect::<Vec<_>>(),
                "ok": verdict.holds(),
            })
        });
        let hold = verdicts.iter().all(Verdict::holds);
        let all = json!({ "ok": hold, "verdicts": shown.collect::<Vec<_>>() });
        writeln!(output.data(), "{all}")?;
        return Ok(());
    }
    let mut table = Table::new(["check", "expected", "measured", "tolerance", "ok"]);
    for verdict in verdicts {
        table.push([Cell::from(verdict.kind.as_str()).bold()]);
        for check in &verdict.checks {
            let ok = if check.holds() { Cell::from("ok") } else { Cell::from("FAILS").bold() };
            let [expected, measured, tolerance] =
                [check.expected, check.measured, check.tolerance].map(number);
            table.push([
                Cell::from(format!("  {}", check.what)),
                expected.into(),
                measured.into(),
                tolerance.into(),
                ok,
            ]);
        }
    }
    let checks = || verdicts.iter().flat_map(|verdict| &verdict.checks);
    let (all, held) = (checks().count(), checks().filter(|check| check.holds()).count());
    write!(output.data(), "{}", table.render())?;
    let kinds = if verdicts.len() == 1 { "kind" } else { "kinds" };
    writeln!(output.data(), "\n{held} of {all} checks of {} {kinds} hold", verdicts.len())?;
    Ok(())
}

/// A number in as many digits as a table needs.
fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1e9 || (size > 0.0 && size < 1e-3) {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.6}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_tails() {
        let shown = [605.0, 0.0, 0.11, 1e-6, 2e12].map(number);
        assert_eq!(shown, ["605", "0", "0.11", "1.00e-6", "2.00e12"]);
    }
}

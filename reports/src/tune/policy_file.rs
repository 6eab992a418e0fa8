//! The policy that was found, as a file that says where it comes from.

use std::fmt::Write;

use super::{Outcome, TuneReport};
use crate::name::{printable, shown};
use crate::number::whole;

/// The file.
pub(super) fn policy_file(report: &TuneReport<'_>, policy: &str, command: &str) -> String {
    let mut out = String::new();
    write(&mut out, report, policy, command).expect("a string takes any text");
    out
}

fn write(
    out: &mut String,
    report: &TuneReport<'_>,
    policy: &str,
    command: &str,
) -> std::fmt::Result {
    let tuned = report.tuned();
    let (version, scenario) = (shown(&tuned.version), shown(&tuned.scenario.name));
    writeln!(
        out,
        "# Found by forbear {version} for the scenario {scenario}, hash {}:",
        tuned.scenario_hash
    )?;
    // A line break in a file name must not end the comment.
    writeln!(out, "#   {}", printable(command).replace('\n', " "))?;
    writeln!(
        out,
        "# {} policies were tried in {} runs, the best of them in the storms of {} seeds from {}.",
        whole(tuned.candidates.len() as u64),
        whole(tuned.runs),
        tuned.replications,
        tuned.seed
    )?;
    match report.outcome() {
        Outcome::Unvalidated => writeln!(
            out,
            "# The search was interrupted. These are the numbers of the storms that it was chosen \
             by,\n# which flatter it: they are NOT validated."
        )?,
        _ => writeln!(
            out,
            "# Validated in {} storms that the search did not see, from seed {}:",
            tuned.replications, tuned.fresh_seed
        )?,
    }
    let base = shown(&tuned.base.name);
    writeln!(
        out,
        "#\n#   {:22}  {:30}  {:12}  difference",
        "metric", "this policy (95 % interval)", base
    )?;
    for measured in report.measured() {
        let [_, theirs, difference] = measured.texts();
        let line = format!(
            "#   {:22}  {:30}  {:12}  {difference}",
            measured.quantity.to_string(),
            measured.ours_text(),
            theirs
        );
        // Spaces that do not break are for pages, not for an editor.
        writeln!(out, "{}", line.replace('\u{a0}', " ").trim_end())?;
    }
    for constraint in report.goal().constraints() {
        writeln!(out, "#   constraint: {constraint}")?;
    }
    writeln!(out, "\n{}", policy.trim_end())
}

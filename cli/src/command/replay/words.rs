//! What was recorded and what is taken for granted, in the width of a terminal.

use std::fmt::Write;

use forbear_sim::replay::Replay;
use forbear_sim::results::Comparison;

use crate::span::{count, seconds};
use crate::wrap::wrapped;

/// A head of a few lines, and a line for each assumption.
pub(super) fn of(derived: &Replay) -> String {
    let mut text = String::new();
    write(&mut text, derived).expect("a string takes any text");
    text
}

fn write(text: &mut String, derived: &Replay) -> std::fmt::Result {
    let (recorded, fit) = (&derived.recorded, &derived.fit);
    let mut facts = vec![
        count(recorded.calls, "call"),
        format!("{} succeeded", recorded.succeeded),
        count(recorded.sends, "send"),
        format!("{} throttled", recorded.throttled),
    ];
    if let (Some(median), Some(p99)) = (recorded.completion_p50_ns, recorded.completion_p99_ns) {
        facts.push(format!("median {}", seconds(median)));
        facts.push(format!("99th percentile {}", seconds(p99)));
    }
    let recorded = format!("Recorded over {}: {}.", seconds(recorded.span_ns), facts.join(", "));
    text.push_str(&wrapped(&recorded, "", ""));
    let parts = fit.agreement_millionths();
    let model = format!(
        "The model of the server decides {}.{} % of the recorded attempts as the server did: it \
         refuses {} of the {} that were refused, and lets in {} of the {} that were let in.",
        parts / 10_000,
        parts % 10_000 / 1000,
        fit.refused_too,
        fit.refused,
        fit.let_in_too,
        fit.let_in,
    );
    text.push_str(&wrapped(&model, "", ""));
    writeln!(text, "It takes for granted that")?;
    for assumption in &derived.assumptions {
        text.push_str(&wrapped(assumption.text(), "- ", "  "));
    }
    Ok(())
}

/// How much of what each policy did was answered as it was recorded; nothing where answers
/// were not to be repeated.
pub(super) fn repeated(comparison: &Comparison) -> String {
    let mut parts = Vec::new();
    for policy in &comparison.policies {
        let repeated: u64 = policy.runs.iter().filter_map(|run| run.repeated).sum();
        let sends: u64 = policy.runs.iter().map(|run| run.metrics.sends).sum();
        let share = repeated * 1000 / sends.max(1);
        if policy.runs.iter().any(|run| run.repeated.is_some()) {
            parts.push(format!("{}.{} % under {}", share / 10, share % 10, policy.name));
        }
    }
    if parts.is_empty() {
        return String::new();
    }
    let text = format!("Of the sends, so many were answered as recorded: {}.", parts.join(", "));
    wrapped(&text, "", "")
}

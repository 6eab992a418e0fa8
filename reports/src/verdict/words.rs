//! The verdict as sentences.

use forbear_sim::results::PolicyResult;

use super::criterion::{Criterion, Elimination};
use crate::metric::Metric;
use crate::name;
use crate::number::decimal;
use crate::stats::{Estimate, mean};

/// What was asked before success, time and sends.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// In the order of the scenario.
    pub(super) foremost: &'a [Criterion],
    /// Those of them by which a policy dropped out.
    pub(super) eliminating: Vec<Metric>,
}

impl Asked<'_> {
    /// `fairness and share error`, of these metrics.
    fn names(metrics: impl Iterator<Item = Metric>) -> String {
        let names: Vec<String> = metrics.map(|metric| metric.label().to_lowercase()).collect();
        listed(&names)
    }

    /// Among whom it is decided: all, or those that are left after what is foremost.
    fn among(&self, all: &str, left: &str) -> String {
        if self.eliminating.is_empty() {
            return all.to_owned();
        }
        let names = Self::names(self.eliminating.iter().copied());
        format!("Of the policies that are not clearly worse in {names}, {left}")
    }
}

/// Headline and reason.
pub(super) fn finding(
    policies: &[PolicyResult],
    standing: &[usize],
    last: Option<&Elimination>,
    asked: &Asked<'_>,
) -> (String, String) {
    let shown = |index: usize| name::shown(&policies[index].name);
    let ran = policies.iter().filter(|policy| !policy.runs.is_empty()).count();
    match *standing {
        [] => ("Nothing was run".to_owned(), String::new()),
        _ if nothing_succeeded(policies) => (
            "No call succeeded".to_owned(),
            "Whatever the policy, every call was given up, so none is better.".to_owned(),
        ),
        [only] if ran == 1 => (
            format!("{} ran alone", shown(only)),
            format!("There is nothing to compare it with. {}", alone(&policies[only])),
        ),
        [best] => {
            let reason = last.map(|last| reason(policies, best, last, asked)).unwrap_or_default();
            // One storm shows what happened in it and promises nothing.
            let single = policies[best].runs.len() == 1;
            let is_best = if single { "does best in this one storm" } else { "is best" };
            (format!("{} {is_best}", shown(best)), reason)
        }
        _ => (no_difference(policies, standing), tie(policies, standing, asked)),
    }
}

fn no_difference(policies: &[PolicyResult], standing: &[usize]) -> String {
    if standing.len() > 3 {
        return format!("No clear difference between {} policies", standing.len());
    }
    let names: Vec<String> =
        standing.iter().map(|&index| name::shown(&policies[index].name)).collect();
    format!("No clear difference between {}", listed(&names))
}

fn tie(policies: &[PolicyResult], standing: &[usize], asked: &Asked<'_>) -> String {
    let foremost = asked.foremost.iter().map(|criterion| criterion.metric.label().to_lowercase());
    let words = ["success", "time", "sends"].map(str::to_owned);
    let words: Vec<String> = foremost.chain(words).collect();
    let words = listed(&words);
    let all = standing.len() == policies.len();
    let others = if all { "" } else { " The other policies are clearly worse." };
    let first = &policies[standing[0]];
    format!(
        "In {words} they are within the margins or their intervals overlap.{others} \
         For {}: {}",
        name::shown(&first.name),
        alone(first)
    )
}

fn alone(policy: &PolicyResult) -> String {
    let text = |metric: Metric| {
        average(policy, metric).map_or("–".to_owned(), |mean| metric.unit().text(mean))
    };
    format!(
        "{} of its calls succeed, the last one ends after {}, and a call takes {} sends.",
        text(Metric::SuccessShare),
        text(Metric::TimeToDrain),
        text(Metric::Amplification)
    )
}

/// Why `best` is best: what made the difference, against whom came closest.
fn reason(policies: &[PolicyResult], best: usize, last: &Elimination, asked: &Asked<'_>) -> String {
    let next = name::shown(&policies[last.next].name);
    let text = |value: f64| last.metric.unit().text(value);
    let (leader_text, next_text) = (text(last.leader_mean), text(last.next_mean));
    let own = average(&policies[best], last.metric).unwrap_or(last.leader_mean);
    let own = if best == last.leader { leader_text } else { text(own) };
    let none = asked.among("No policy", "none");
    if let Some(at) = asked.foremost.iter().position(|first| first.metric == last.metric) {
        return foremost(last, &asked.foremost[..at], &own, &next, &next_text);
    }
    match last.metric {
        Metric::SuccessShare => format!(
            "{} brings {own} of the calls to success; {next} comes closest with {next_text}, {}.",
            asked.among("It", "it"),
            points(&last.worse_by)
        ),
        Metric::TimeToDrain => format!(
            "{none} brings clearly more calls to success, and the last call ends after {own}; \
             of those that bring as many, {next} comes closest and takes {}.",
            times(last, "longer", "as long")
        ),
        Metric::Amplification => format!(
            "{none} brings clearly more calls to success or is clearly faster, and of those \
             that do as well it sends least: {own} sends for a call; {next} comes closest with \
             {next_text}, {}.",
            times(last, "more", "as many")
        ),
        other => format!("In {}: {own}; {next} comes closest with {next_text}.", other.label()),
    }
}

/// Why the best is best by what the scenario asks before success; `before` were asked first.
fn foremost(
    last: &Elimination,
    before: &[Criterion],
    own: &str,
    next: &str,
    next_text: &str,
) -> String {
    let (label, unit) = (last.metric.label().to_lowercase(), last.metric.unit());
    let matters = if before.is_empty() {
        format!("What matters most in this storm is {label}")
    } else {
        let names = Asked::names(before.iter().map(|criterion| criterion.metric));
        format!(
            "No policy that is left is clearly better in {names}; what matters next in this storm is {label}"
        )
    };
    let Estimate { mean, interval, .. } = last.worse_by;
    let interval = interval.map_or_else(String::new, |interval| {
        let range = unit.difference_range_text(mean, interval.low, interval.high);
        format!(" (95\u{a0}% interval {range})")
    });
    let distance = unit.distance_text(mean);
    format!(
        "{matters}: {own}; {next} comes closest with {next_text}, worse by {distance}{interval}."
    )
}

/// `6.9 percentage points fewer (95 % interval 6.1 to 7.7)`.
fn points(worse_by: &Estimate) -> String {
    let hundredfold = worse_by.over(0.01);
    let text = format!("{} percentage points fewer", decimal(hundredfold.mean, 1));
    with_interval(&hundredfold, &text, 1, "")
}

/// `27 % longer (95 % interval 22 to 31 %)`, relative to the leader; from twice
/// on, `8.3 times as long (95 % interval 8.1 to 8.5)`.
fn times(last: &Elimination, comparative: &str, equative: &str) -> String {
    // Nothing is a percentage of a leader at zero: the difference is said as it is.
    if last.leader_mean == 0.0 {
        return format!("{} {comparative}", last.metric.unit().text(last.worse_by.mean));
    }
    let ratio = last.worse_by.over(last.leader_mean).plus(1.0);
    if ratio.mean >= 2.0 {
        let decimals = usize::from(ratio.mean < 20.0);
        let text = format!("{} times {equative}", decimal(ratio.mean, decimals));
        return with_interval(&ratio, &text, decimals, "");
    }
    let percent = last.worse_by.over(last.leader_mean / 100.0);
    let decimals = usize::from(percent.mean < 20.0);
    let text = format!("{}\u{a0}% {comparative}", decimal(percent.mean, decimals));
    with_interval(&percent, &text, decimals, "\u{a0}%")
}

/// `text` and the interval, unless it is narrower than the digits that are shown.
fn with_interval(estimate: &Estimate, text: &str, decimals: usize, symbol: &str) -> String {
    let Some(interval) = estimate.interval else { return text.to_owned() };
    let (low, high) = (decimal(interval.low, decimals), decimal(interval.high, decimals));
    if low == high {
        return text.to_owned();
    }
    format!("{text} (95\u{a0}% interval {low} to {high}{symbol})")
}

fn average(policy: &PolicyResult, metric: Metric) -> Option<f64> {
    let values: Vec<f64> = policy.runs.iter().filter_map(|run| metric.value(run)).collect();
    mean(&values)
}

/// Whether no policy brought any call to success.
pub(super) fn nothing_succeeded(policies: &[PolicyResult]) -> bool {
    policies.iter().flat_map(|policy| &policy.runs).all(|run| run.metrics.succeeded == 0)
}

/// `a, b and c`.
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(listed(&names), "a, b and c");
        assert_eq!(listed(&names[..1]), "a");
    }
}

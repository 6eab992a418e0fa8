use forbear_reports::Report;
use forbear_sim::results::Comparison;

use crate::sample;

fn line(comparison: &Comparison) -> String {
    Report::new(comparison).verdict().line().replace('\u{a0}', " ")
}

fn keep(comparison: &mut Comparison, names: &[&str]) {
    comparison.policies.retain(|policy| names.contains(&policy.name.as_str()));
}

#[test]
fn success_decides_before_speed() {
    let mut comparison = sample::comparison(20);
    keep(&mut comparison, &["exponential-no-jitter", "retry-at-once"]);
    let line = line(&comparison);
    assert!(line.starts_with("exponential-no-jitter is best. It brings 88.0 %"), "{line}");
    assert!(line.contains("percentage points fewer (95 % interval"), "{line}");
}

#[test]
fn speed_decides_between_policies_that_succeed() {
    let line = line(&sample::comparison(20));
    assert!(line.starts_with("recommended is best. No policy brings clearly more"), "{line}");
    assert!(line.contains("aimd comes closest and takes 13.5 % longer"), "{line}");
}

#[test]
fn what_a_scenario_puts_foremost_decides_before_success() {
    let mut comparison = sample::comparison(20);
    keep(&mut comparison, &["exponential-no-jitter", "retry-at-once"]);
    for (policy, fairness) in comparison.policies.iter_mut().zip([0.5, 0.9]) {
        for run in &mut policy.runs {
            run.metrics.fairness = Some(fairness);
        }
    }
    let by_success = line(&comparison);
    comparison.scenario.foremost = vec!["fairness".to_owned()];
    let by_fairness = line(&comparison);
    assert_ne!(by_success, by_fairness);
    assert!(
        by_fairness.contains("What matters most in this storm is fairness: 0.9"),
        "{by_fairness}"
    );
    assert!(by_fairness.contains(" comes closest with 0.500, worse by 0.4"), "{by_fairness}");
}

#[test]
fn without_a_clear_difference_in_what_is_foremost_the_next_is_asked() {
    let mut comparison = sample::comparison(20);
    keep(&mut comparison, &["recommended", "aimd", "retry-at-once"]);
    let fair = [0.90, 0.89, 0.50];
    for (policy, fairness) in comparison.policies.iter_mut().zip(fair) {
        for run in &mut policy.runs {
            run.metrics.fairness = Some(fairness);
        }
    }
    let mut by = |metrics: &[&str]| {
        comparison.scenario.foremost = metrics.iter().map(|&name| name.to_owned()).collect();
        line(&comparison)
    };
    // Within the margin, so that speed decides, and is said of whom it decides.
    let by_fairness = by(&["fairness"]);
    assert!(by_fairness.starts_with("recommended is best."), "{by_fairness}");
    let of_whom =
        "Of the policies that are not clearly worse in fairness, none brings clearly more";
    assert!(by_fairness.contains(of_whom), "{by_fairness}");

    let by_both = by(&["fairness", "throttled"]);
    let next = "No policy that is left is clearly better in fairness; what matters next in this \
                storm is throttled: ";
    assert!(by_both.contains(next), "{by_both}");

    // The first drops the fast ones, and nobody is left to ask the second of.
    let by_time = by(&["time_to_drain", "fairness"]);
    assert!(by_time.contains("retry-at-once is best. What matters most"), "{by_time}");
}

#[test]
fn a_tie_names_all_that_was_asked() {
    let mut comparison = sample::comparison(20);
    keep(&mut comparison, &["recommended"]);
    let mut twin = comparison.policies[0].clone();
    twin.name = "twin".to_owned();
    comparison.policies.push(twin);
    comparison.scenario.foremost = vec!["fairness".to_owned(), "completion_p99".to_owned()];
    let line = line(&comparison);
    assert!(line.contains("In fairness, completion p99, success, time and sends"), "{line}");
}

#[test]
fn sends_decide_between_policies_that_are_as_fast() {
    let mut comparison = sample::comparison(20);
    keep(&mut comparison, &["recommended", "aimd"]);
    let times: Vec<f64> =
        comparison.policies[0].runs.iter().map(|run| run.metrics.time_to_drain).collect();
    for (run, time) in comparison.policies[1].runs.iter_mut().zip(times) {
        run.metrics.time_to_drain = time;
    }
    let line = line(&comparison);
    assert!(line.starts_with("recommended is best."), "{line}");
    assert!(line.contains("sends for a call; aimd comes closest with 1.37"), "{line}");
}

#[test]
fn more_than_twice_as_many_are_a_multiple_and_not_a_percentage() {
    let mut comparison = sample::comparison(20);
    keep(&mut comparison, &["recommended", "aimd"]);
    let runs = comparison.policies[0].runs.clone();
    for (policy, amplification) in comparison.policies.iter_mut().zip([1.0, 8.3]) {
        for (run, like) in policy.runs.iter_mut().zip(&runs) {
            run.metrics = like.metrics.clone();
            run.metrics.amplification = amplification;
        }
    }
    let line = line(&comparison);
    assert!(line.contains(", 8.3 times as many."), "{line}");
    assert!(!line.contains("interval"), "an interval without width is not said: {line}");
}

#[test]
fn the_same_twice_is_no_clear_difference() {
    let mut comparison = sample::comparison(20);
    keep(&mut comparison, &["recommended"]);
    let mut twin = comparison.policies[0].clone();
    twin.name = "twin".to_owned();
    comparison.policies.push(twin);
    let report = Report::new(&comparison);
    assert_eq!(report.verdict().headline, "No clear difference between recommended and twin");
    assert_eq!(report.verdict().best, [0, 1]);
}

/// Storm by storm now the one and now the other is faster, by much: the
/// intervals overlap, so neither is best.
#[test]
fn overlapping_intervals_are_no_clear_difference() {
    let mut comparison = sample::comparison(12);
    keep(&mut comparison, &["recommended"]);
    let mut other = comparison.policies[0].clone();
    other.name = "other".to_owned();
    for (index, run) in other.runs.iter_mut().enumerate() {
        run.metrics.time_to_drain += if index % 2 == 0 { 60.0 } else { -40.0 };
    }
    comparison.policies.push(other);
    let line = line(&comparison);
    assert!(line.starts_with("No clear difference"), "{line}");
}

/// A clear difference of one in a thousand is clear, and nobody would care.
#[test]
fn a_clear_difference_within_the_margin_decides_nothing() {
    let mut comparison = sample::comparison(20);
    keep(&mut comparison, &["recommended"]);
    let mut slower = comparison.policies[0].clone();
    slower.name = "slower".to_owned();
    slower.runs.iter_mut().for_each(|run| run.metrics.time_to_drain += 0.2);
    comparison.policies.push(slower);
    let line = line(&comparison);
    assert!(line.starts_with("No clear difference"), "{line}");
}

#[test]
fn one_storm_promises_nothing() {
    let line = line(&sample::comparison(1));
    assert!(line.starts_with("recommended does best in this one storm."), "{line}");
    assert!(!line.contains("interval"), "{line}");
}

#[test]
fn few_replications_are_a_caution() {
    let cautions = |replications| {
        let comparison = sample::comparison(replications);
        Report::new(&comparison).verdict().cautions.clone()
    };
    assert!(cautions(1)[0].contains("one replication"));
    assert!(cautions(9)[0].contains("only 9 replications"));
    assert!(cautions(10).is_empty());
}

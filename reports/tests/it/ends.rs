use forbear_reports::{Metric, Report};
use forbear_sim::results::Comparison;
use serde_json::Value;

use crate::sample;

/// In `bad` of the storms of the first policy most of the work is for nobody.
pub(crate) fn collapsing(bad: usize) -> Comparison {
    let mut comparison = sample::comparison(20);
    comparison.policies.truncate(2);
    for run in comparison.policies[0].runs.iter_mut().take(bad) {
        let metrics = &mut run.metrics;
        metrics.succeeded = metrics.calls / 5;
        metrics.failed = metrics.calls - metrics.succeeded;
        metrics.sends = metrics.calls * 3;
        metrics.throttled = metrics.calls / 10;
        metrics.wasted = metrics.sends - metrics.succeeded;
        metrics.drain_bound = Some(10.0);
    }
    comparison
}

fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

#[test]
fn some_collapsing_storms_are_said_in_every_output() {
    let comparison = collapsing(7);
    let report = Report::new(&comparison);
    let caution = "recommended collapses in 7 of 20 storms, so its means describe no storm";
    let probability = "The probability is 35.0 % (95 % interval 18.1 to 56.7 %).";
    for text in [report.html().unwrap(), report.markdown().unwrap(), report.json().unwrap()] {
        let text = plain(&text);
        assert!(text.contains(caution) && text.contains(probability), "{text}");
    }
    let cell = report.table().cell(0, Metric::SuccessShare).unwrap();
    assert_eq!(plain(&cell.interval_text()), "two modes: 100 % in 13 runs, 20.0 % in 7");
    let p = report.table().cell(0, Metric::Collapsed).unwrap();
    assert_eq!(plain(&p.text()), "35.0 %");
    assert_eq!(plain(&p.interval_text()), "18.1 to 56.7 %");
    assert_eq!(p.is_improvement(), Some(false), "aimd never collapses");
    let json: Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    let modes = &json["summary"][0]["metrics"]["success_share"]["modes"];
    assert_eq!(modes["p_worse"]["count"], 7, "{modes}");
    assert_eq!(modes["worse"], 0.2);
    let csv = report.csv().unwrap();
    let line = csv.lines().find(|line| line.starts_with("recommended,success_share")).unwrap();
    assert!(line.contains(",1,0.2,0.35,0.18"), "{line}");
}

#[test]
fn storms_that_all_end_alike_have_one_mode() {
    for (bad, share, interval) in [(0, "0 %", "0 to 16 %"), (20, "100 %", "84 to 100 %")] {
        let comparison = collapsing(bad);
        let report = Report::new(&comparison);
        let cautions = &report.verdict().cautions;
        assert!(!cautions.iter().any(|caution| caution.contains("collapses")), "{cautions:?}");
        let p = report.table().cell(0, Metric::Collapsed).unwrap();
        assert_eq!(plain(&p.text()), share);
        assert_eq!(plain(&p.interval_text()), interval, "what never happened still may");
        assert_eq!(report.table().cell(0, Metric::SuccessShare).unwrap().modes, None);
    }
}

#[test]
fn two_ways_to_end_without_a_collapse_are_said_too() {
    let mut comparison = sample::comparison(20);
    comparison.policies.truncate(1);
    for run in comparison.policies[0].runs.iter_mut().skip(15) {
        run.metrics.time_to_drain *= 4.0;
        run.metrics.goodput /= 4.0;
    }
    let report = Report::new(&comparison);
    let caution = plain(&report.verdict().cautions.concat());
    assert!(caution.starts_with("The storms of recommended end in two ways"), "{caution}");
    assert!(caution.contains("goodput is about 1.9"), "{caution}");
    assert!(caution.contains("in 5 of 20 storms"), "{caution}");
}

#[test]
fn contention_that_succeeds_in_the_end_is_no_collapse() {
    let mut comparison = collapsing(20);
    for run in &mut comparison.policies[0].runs {
        run.metrics.succeeded = run.metrics.calls;
        run.metrics.failed = 0;
        run.metrics.sends = run.metrics.calls * 9;
    }
    let report = Report::new(&comparison);
    assert_eq!(report.table().cell(0, Metric::Collapsed).unwrap().text(), "0\u{a0}%");
}

#[test]
fn a_regret_is_the_distance_from_the_bound_of_each_run() {
    let comparison = sample::comparison(20);
    let report = Report::new(&comparison);
    for (policy, row) in comparison.policies.iter().zip(&report.table().rows) {
        for cell in &row.cells {
            let regrets: Vec<f64> = policy
                .runs
                .iter()
                .filter_map(|run| Some((cell.metric.value(run)? - cell.metric.bound(run)?).abs()))
                .collect();
            assert_eq!(cell.regret.is_some(), cell.metric.has_bound(), "{:?}", cell.metric);
            let Some(regret) = cell.regret else { continue };
            let mean = regrets.iter().sum::<f64>() / 20.0;
            assert!((regret.mean - mean).abs() < 1e-6, "{:?}: {regret:?} {mean}", cell.metric);
            let interval = regret.interval.unwrap();
            assert!(interval.low <= regret.mean && regret.mean <= interval.high);
            assert!(regret.mean >= -1e-9, "{:?} of {}", cell.metric, row.policy);
        }
    }
}

use forbear_reports::{ChartName, Metric, Report};
use forbear_sim::results::Comparison;
use roxmltree::Document;

use crate::page::{assert_inert, parsed};
use crate::sample;

/// Writes everything, checks it and returns the page.
fn written(comparison: &Comparison) -> String {
    let report = Report::new(comparison);
    let html = report.html().unwrap();
    assert_inert(&parsed(&html), &html);
    for name in ChartName::ALL {
        let svg = report.chart(name);
        Document::parse(&svg).unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}: {svg}");
    }
    for text in [&html, &report.markdown().unwrap(), &report.csv().unwrap()] {
        assert!(!text.contains("NaN") && !text.contains("not finite"));
    }
    serde_json::from_str::<serde_json::Value>(&report.json().unwrap()).unwrap();
    html
}

fn fail_everything(comparison: &mut Comparison) {
    for run in comparison.policies.iter_mut().flat_map(|policy| &mut policy.runs) {
        let metrics = &mut run.metrics;
        metrics.failed = metrics.calls;
        metrics.succeeded = 0;
        metrics.goodput = 0.0;
        metrics.completion_p50 = None;
        metrics.completion_p95 = None;
        metrics.completion_p99 = None;
        metrics.fairness = None;
        metrics.quota_utilisation = None;
    }
    comparison.policies.iter_mut().for_each(|policy| policy.completion.clear());
}

#[test]
fn one_policy_is_not_compared() {
    let mut comparison = sample::comparison(10);
    comparison.policies.truncate(1);
    let html = written(&comparison);
    assert!(html.contains("recommended ran alone"));
    assert!(!html.contains("Differences from"));
    assert!(!html.contains("<strong>100"), "nothing leads a column of one");
    assert!(!html.contains("class=\"tag\""), "there is nothing to be better than");
}

#[test]
fn no_success_at_all_has_no_winner() {
    let mut comparison = sample::comparison(10);
    fail_everything(&mut comparison);
    let html = written(&comparison);
    assert!(html.contains("<h1>No call succeeded</h1>"));
    assert!(!html.contains("class=\"tag\""), "no policy is tagged as the best");
    assert_eq!(
        Report::new(&comparison).table().cell(0, Metric::CompletionP50).unwrap().text(),
        "–"
    );
}

#[test]
fn nothing_at_all_is_still_a_page() {
    let mut comparison = sample::comparison(0);
    comparison.policies.clear();
    let html = written(&comparison);
    assert!(html.contains("<h1>Nothing was run</h1>"));
}

#[test]
fn policies_without_a_run_are_still_a_page() {
    let comparison = sample::comparison(0);
    assert!(written(&comparison).contains("<h1>Nothing was run</h1>"));
}

#[test]
fn empty_series_are_still_a_page() {
    let mut comparison = sample::comparison(3);
    for policy in &mut comparison.policies {
        policy.series.sends.clear();
        policy.series.throttled.clear();
        policy.series.outstanding.clear();
        policy.completion.clear();
    }
    written(&comparison);
}

#[test]
fn numbers_that_are_none_are_left_out() {
    let mut comparison = sample::comparison(3);
    let metrics = &mut comparison.policies[0].runs[1].metrics;
    metrics.goodput = f64::NAN;
    metrics.time_to_drain = f64::INFINITY;
    metrics.fairness = Some(f64::NAN);
    comparison.policies[1].series.slice_s = 0.0;
    comparison.policies[2].series.slice_s = f64::NAN;
    comparison.policies[3].completion[5].seconds = f64::NAN;
    comparison.scenario.permitted_per_s = Some(f64::INFINITY);
    comparison.scenario.drain_bound_s = Some(f64::NAN);
    written(&comparison);
    let report = Report::new(&comparison);
    assert_eq!(report.table().cell(0, Metric::Goodput).unwrap().estimate.unwrap().runs, 2);
}

#[test]
fn no_limit_has_no_dashed_line() {
    let mut comparison = sample::comparison(3);
    comparison.scenario.permitted_per_s = None;
    comparison.scenario.drain_bound_s = None;
    written(&comparison);
    let svg = Report::new(&comparison).chart(ChartName::SendRate);
    assert!(!svg.contains("class=\"bound\"") && !svg.contains("permitted"));
}

#[test]
fn an_interrupted_comparison_says_so() {
    let mut comparison = sample::comparison(10);
    comparison.partial = true;
    comparison.policies[0].runs.truncate(4);
    comparison.policies[4].runs.clear();
    let html = written(&comparison);
    assert!(html.contains("interrupted: 0 to 10 of 10 replications were made"), "{html}");
}

#[test]
fn runs_of_no_length_are_still_a_page() {
    let mut comparison = sample::comparison(3);
    for run in comparison.policies.iter_mut().flat_map(|policy| &mut policy.runs) {
        run.metrics.time_to_drain = 0.0;
        run.metrics.calls = 0;
        run.metrics.succeeded = 0;
        run.metrics.amplification = 0.0;
    }
    written(&comparison);
}

#[test]
fn calls_that_take_no_time_have_a_place_on_the_logarithmic_axis() {
    let mut comparison = sample::comparison(3);
    for point in comparison.policies.iter_mut().flat_map(|policy| &mut policy.completion) {
        point.seconds = 0.0;
    }
    written(&comparison);
}

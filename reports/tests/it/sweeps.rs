//! Sweeps that were really made, of a storm that is small.

use std::sync::atomic::AtomicBool;

use forbear_reports::SweepReport;
use forbear_sim::sweep::{Axis, Grid, Parameter, Sample, Sweep, sweep};
use forbear_sim::{Options, Scenario};

fn swept(make: impl FnOnce(&Scenario) -> Grid, replications: u32) -> Sweep {
    let text = Scenario::named("retry-after-herd").unwrap().text().to_owned();
    let small = [("clients.count", "12"), ("clients.calls", "3")];
    let small = small.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let scenario = Scenario::parse(&text, &small).unwrap();
    let options = Options { seed: 1, replications, command: "forbear sweep".to_owned() };
    sweep(&make(&scenario), None, &options, &|_| {}, &AtomicBool::new(false))
}

/// Two parameters of a grid.
pub(crate) fn grid() -> Sweep {
    let make = |scenario: &Scenario| {
        let keys = ["retry.backoff.base=100ms,400ms,2s", "retry.backoff.jitter=none,full"];
        let parameters: Vec<Parameter> = keys.map(|key| key.parse().unwrap()).to_vec();
        Grid::new(scenario, named(scenario, "full-jitter"), &parameters).unwrap()
    };
    swept(make, 3)
}

/// Four parameters, of which one has words for values.
pub(crate) fn sample() -> Sweep {
    let make = |scenario: &Scenario| {
        let keys = [
            "retry.backoff.base=10ms..10s:log",
            "retry.backoff.factor=1.2..4.0",
            "retry.max_attempts=3..40",
            "retry.backoff.jitter=none,full,equal",
        ];
        let axes: Vec<Axis> = keys.map(|key| key.parse().unwrap()).to_vec();
        let sample = Sample { points: 45, seed: 1 };
        Grid::sampled(scenario, named(scenario, "full-jitter"), &axes, sample).unwrap()
    };
    swept(make, 3)
}

fn named<'a>(scenario: &'a Scenario, name: &str) -> &'a forbear_sim::NamedPolicy {
    scenario.policies().iter().find(|policy| policy.name() == name).unwrap()
}

#[test]
fn a_sample_is_drawn_against_each_parameter() {
    let sweep = sample();
    let report = SweepReport::new(&sweep, &SweepReport::OBJECTIVES);
    assert_eq!(report.heat_map(), None, "the points are no grid");
    let svg = report.scatter().expect("the points are a sample");
    let document = roxmltree::Document::parse(&svg).unwrap();
    let count = |class: &str| {
        let is = |node: &roxmltree::Node<'_, '_>| node.attribute("class") == Some(class);
        document.descendants().filter(is).count()
    };
    // Each point once a panel.
    assert_eq!(count("dot") + count("front"), 4 * 45);
    assert!(count("front") >= 4, "some point is on the front");
    assert_eq!(count("trend"), 4);
    let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
    for text in ["none", "full", "equal", "retry.backoff.base (s), logarithmic"] {
        assert!(texts.contains(&text), "{text}: {texts:?}");
    }
    let html = report.html().unwrap();
    crate::page::assert_inert(&crate::page::parsed(&html), &html);
    assert!(html.contains("by each parameter"));
    assert_eq!(SweepReport::new(&grid(), &SweepReport::OBJECTIVES).scatter(), None);
}

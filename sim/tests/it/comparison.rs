//! What a comparison holds.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use forbear_sim::{Options, Scenario, Shipped, Simulation, compare};

#[test]
fn a_comparison_has_every_policy_and_seed_in_order() {
    let scenario = Scenario::named("retry-after-herd").unwrap();
    let options = Options { seed: 5, replications: 3, command: "forbear compare".to_owned() };
    let seen = Mutex::new(Vec::new());
    let progress = |progress: forbear_sim::Progress| {
        assert_eq!(progress.runs, 18);
        seen.lock().unwrap().push(progress.done);
    };
    let comparison =
        compare(&scenario, scenario.policies(), &options, &progress, &AtomicBool::new(false));
    assert!(!comparison.partial);
    assert_eq!(comparison.command, "forbear compare");
    assert_eq!(comparison.policies.len(), scenario.policies().len());
    for (result, policy) in comparison.policies.iter().zip(scenario.policies()) {
        assert_eq!(result.name, policy.name());
        let seeds: Vec<u64> = result.runs.iter().map(|run| run.seed).collect();
        assert_eq!(seeds, [5, 6, 7]);
        assert_eq!(result.series.sends.iter().sum::<u64>(), result.runs[0].metrics.sends);
        assert_eq!(result.series.throttled.iter().sum::<u64>(), result.runs[0].metrics.throttled);
        assert_eq!(result.series.outstanding.last(), Some(&0));
        assert!(result.completion.is_sorted_by(|a, b| a.seconds <= b.seconds));
    }
    assert_eq!(seen.lock().unwrap().iter().max(), Some(&18));
    assert_eq!(comparison.scenario.calls, 800);
    assert_eq!(comparison.scenario.permitted_per_s, Some(50.0));
    assert_eq!(comparison.scenario.drain_bound_s, Some(15.0));
}

#[test]
fn an_interrupted_comparison_keeps_what_all_policies_have_finished() {
    let scenario = Scenario::named("retry-after-herd").unwrap();
    let options = Options { replications: 50, ..Options::default() };
    let cancel = AtomicBool::new(false);
    let progress = |progress: forbear_sim::Progress| {
        if progress.done == 40 {
            cancel.store(true, Ordering::Relaxed);
        }
    };
    let comparison = compare(&scenario, scenario.policies(), &options, &progress, &cancel);
    assert!(comparison.partial);
    let lengths: Vec<usize> = comparison.policies.iter().map(|result| result.runs.len()).collect();
    assert!(lengths.iter().all(|&len| len == lengths[0] && len < 50), "{lengths:?}");
    let seeds = |at: usize| comparison.policies[at].runs.iter().map(|run| run.seed);
    assert!(seeds(0).eq(seeds(1)));
}

#[test]
fn nothing_is_run_once_the_flag_is_set() {
    let scenario = Scenario::named("retry-after-herd").unwrap();
    let cancel = AtomicBool::new(true);
    let progress = |_| panic!("a run was made");
    let comparison =
        compare(&scenario, scenario.policies(), &Options::default(), &progress, &cancel);
    assert!(comparison.partial);
    assert!(comparison.policies.iter().all(|result| result.runs.is_empty()));
}

/// What bounds a run holds for every policy: whoever is below it has found a mistake in it.
#[test]
fn no_policy_drains_a_shipped_storm_before_its_bound() {
    for shipped in Shipped::ALL {
        let scenario = Scenario::parse(shipped.text, &[]).unwrap();
        for policy in scenario.policies() {
            let run = Simulation::new(&scenario, policy.policy()).seed(3).run().result;
            let Some(bound) = run.metrics.drain_bound else { continue };
            let drained = run.metrics.time_to_drain;
            let name = policy.name();
            assert!(drained >= bound, "{} under {name}: {drained} < {bound}", shipped.name);
        }
    }
}

#[test]
fn the_bound_is_that_of_the_calls_that_succeed() {
    let scenario = Scenario::named("retry-after-herd").unwrap();
    let bounds = scenario.policies().iter().map(|policy| {
        let metrics = Simulation::new(&scenario, policy.policy()).run().result.metrics;
        // 50 a second after a burst of 50.
        let waited = u32::try_from(metrics.succeeded.saturating_sub(50)).unwrap();
        let bound = f64::from(waited) / 50.0;
        let bound = bound.max(metrics.drain_bound.unwrap().min(0.1));
        assert!((metrics.drain_bound.unwrap() - bound).abs() < 1e-9, "{}", policy.name());
        metrics.succeeded
    });
    let succeeded: Vec<u64> = bounds.collect();
    assert!(succeeded.contains(&800) && succeeded.iter().any(|&calls| calls < 800));
}

//! What a comparison holds.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use forbear_sim::{Options, Scenario, compare};

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

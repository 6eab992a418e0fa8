//! The same bytes on every run.

use std::sync::atomic::AtomicBool;

use forbear_sim::results::AttemptCount;
use forbear_sim::{Options, Scenario, Shipped, Simulation, compare};

#[test]
fn a_seed_gives_the_same_run_twice_and_another_seed_another() {
    for shipped in Shipped::ALL {
        let scenario = Scenario::named(shipped.name).unwrap();
        let policy = scenario.policies().last().unwrap().policy();
        let run = |seed| Simulation::new(&scenario, policy).seed(seed).run().result;
        let (one, again, other) = (run(1), run(1), run(2));
        assert_eq!(one, again, "{}", shipped.name);
        assert_ne!(one.hash, other.hash, "{}", shipped.name);
    }
}

#[test]
fn threads_do_not_change_a_comparison() {
    let scenario = Scenario::named("retry-after-herd").unwrap();
    let options = Options { replications: 3, ..Options::default() };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let cancel = AtomicBool::new(false);
        pool.install(|| compare(&scenario, scenario.policies(), &options, &|_| {}, &cancel))
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn what_is_looked_at_does_not_change_a_run() {
    let scenario = Scenario::named("retry-after-herd").unwrap();
    let plain = Simulation::new(&scenario, scenario.policies()[3].policy());
    assert_eq!(plain.run().result, plain.drawn().traced().run().result);
}

#[test]
fn every_policy_meets_the_same_storm() {
    // Whatever a policy does later, the first send of each call comes when the call
    // is wanted, unless a limiter holds it back.
    let scenario = Scenario::named("fixed-window-stampede").unwrap();
    let firsts = |policy: usize| {
        let run = Simulation::new(&scenario, scenario.policies()[policy].policy()).traced().run();
        let mut firsts: Vec<_> = run.sends.into_iter().filter(|sent| sent.attempt == 1).collect();
        firsts.sort_by_key(|sent| sent.call);
        firsts
    };
    assert_eq!(firsts(0), firsts(1));
    assert_eq!(firsts(0), firsts(3));
}

#[test]
fn the_attempts_account_for_every_call_and_every_send() {
    // With restarts and calls that are given up before they are sent, too.
    for name in ["retry-after-herd", "noisy-neighbour", "regions"] {
        let scenario = Scenario::named(name).unwrap();
        for policy in scenario.policies() {
            let run = Simulation::new(&scenario, policy.policy()).drawn().run();
            let metrics = &run.result.metrics;
            let sum = |count: fn(&AttemptCount) -> u64| run.attempts.iter().map(count).sum::<u64>();
            assert_eq!(sum(|count| count.succeeded), metrics.succeeded, "{name}");
            assert_eq!(sum(|count| count.failed), metrics.failed, "{name}");
            let sends =
                |count: &AttemptCount| u64::from(count.sends) * (count.succeeded + count.failed);
            assert_eq!(sum(sends), metrics.sends, "{name} {}", policy.name());
            assert!(run.attempts.is_sorted_by(|a, b| a.sends < b.sends), "{name}");
        }
    }
}

//! The same bytes on every run.

use std::sync::atomic::AtomicBool;

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

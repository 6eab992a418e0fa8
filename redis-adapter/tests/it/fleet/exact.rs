//! That the sends of the fleet stay within the limit, whatever goes wrong.

use std::time::Duration;

use forbear_redis::SharedLimit;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::world::{MS, Nature, SECOND, World, assert_in_windows, assert_within};
use crate::server::Scripted;

#[derive(Clone, Debug)]
enum Fault {
    Crash(usize),
    Stop(usize, u64),
    Flush,
    ClockBack(u64),
}

fn natures() -> impl Strategy<Value = Vec<Nature>> {
    let nature = (
        prop_oneof![Just(None), (1..200_u64).prop_map(Some)],
        prop_oneof![Just(MS / 5), Just(MS), Just(20 * MS), Just(90 * MS)],
        prop_oneof![3 => Just(0_u64), 1 => Just(30)],
        -80..=80_i64,
    );
    let nature = nature.prop_map(|(demand, latency, loss, drift)| Nature {
        demand,
        latency,
        loss,
        drift,
        ..Nature::greedy()
    });
    vec(nature, 2..6)
}

fn faults() -> impl Strategy<Value = Vec<(u64, Fault)>> {
    let fault = prop_oneof![
        3 => (0..6_usize).prop_map(Fault::Crash),
        3 => (0..6_usize, 10..3000_u64).prop_map(|(member, ms)| Fault::Stop(member, ms)),
        1 => Just(Fault::Flush),
        1 => (1..5_000_000_u64).prop_map(Fault::ClockBack),
    ];
    vec((0..4000_u64, fault), 0..5)
}

fn arrange(world: &mut World, faults: &[(u64, Fault)]) {
    let members = world.members.len();
    for (ms, fault) in faults {
        let time = ms * MS;
        match *fault {
            // One is left, so that there are sends to look at.
            Fault::Crash(member) if member % members > 0 => world.crash(time, member % members),
            Fault::Crash(_) => {}
            Fault::Stop(member, span) => world.stop(time, member % members, span * MS),
            Fault::Flush => world.flush(time),
            Fault::ClockBack(micros) => world.clock_back(time, micros),
        }
    }
}

/// Plays fleets with faults, and shows the sends of each to `judge`, and whether the server
/// forgot all in between.
fn in_every_fleet(limits: &[SharedLimit], cases: u32, judge: impl Fn(&[(u64, u64)], bool)) {
    if Scripted::start(limits.len()).is_none() {
        return;
    }
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let story = (any::<u64>(), natures(), faults());
    let mut redis = Scripted::start(limits.len());
    let redis = std::cell::RefCell::new(&mut redis);
    TestRunner::new(config)
        .run(&story, |(seed, natures, faults)| {
            let mut server = redis.borrow_mut();
            let mut scripted = server.take().or_else(|| Scripted::start(limits.len())).unwrap();
            scripted.flush();
            let mut world = World::new(scripted, seed, limits, &natures);
            arrange(&mut world, &faults);
            world.run(5 * SECOND);
            let forgot = faults.iter().any(|(_, fault)| matches!(fault, Fault::Flush));
            judge(&world.sends, forgot);
            **server = Some(world.redis);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_rate_is_never_exceeded() {
    for (rate, burst) in [("50/s", 5), ("400/s", 400), ("3/s", 1)] {
        let parsed: forbear_core::Rate = rate.parse().unwrap();
        let limit = SharedLimit::rate(parsed).with_burst(burst).unwrap();
        let (units, period) = (parsed.limit().get(), parsed.period().as_nanos() as u64);
        in_every_fleet(&[limit], 12, |sends, forgot| {
            // Of a server that forgot, a member that knew nothing of it gets one burst more.
            let burst = if forgot { 2 * burst } else { burst };
            assert_within(sends, burst.into(), units, period);
        });
    }
}

#[test]
fn a_sliding_window_is_never_exceeded() {
    let limit = SharedLimit::window(40, Duration::from_millis(700)).unwrap();
    in_every_fleet(&[limit], 16, |sends, forgot| {
        // A server that forgot cannot know the window that was under way.
        assert_in_windows(sends, if forgot { 80 } else { 40 }, 700 * MS);
    });
}

#[test]
fn of_two_limits_both_are_kept() {
    let slow = SharedLimit::rate("20/s".parse().unwrap()).with_burst(30).unwrap();
    let fast = SharedLimit::rate("100/s".parse().unwrap()).with_burst(4).unwrap();
    in_every_fleet(&[slow, fast], 12, |sends, forgot| {
        let times = if forgot { 2 } else { 1 };
        assert_within(sends, times * 30, 20, SECOND);
        assert_within(sends, times * 4, 100, SECOND);
    });
}

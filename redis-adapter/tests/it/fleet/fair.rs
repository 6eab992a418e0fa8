//! How much of a quota is used, by whom, and what that costs Redis.

use forbear_core::{Cost, Dimension};
use forbear_redis::SharedLimit;

use super::world::{MS, Nature, SECOND, World, assert_in_windows, assert_within};
use crate::server::Scripted;

fn rate(text: &str) -> SharedLimit {
    SharedLimit::rate(text.parse().unwrap())
}

fn world(limits: &[SharedLimit], natures: &[Nature]) -> Option<World> {
    Some(World::new(Scripted::start(limits.len())?, 7, limits, natures))
}

#[test]
fn ten_thousand_a_second_are_used_to_99_percent_by_few_calls() {
    let natures = [
        Nature::greedy(),
        Nature::greedy(),
        Nature { latency: 5 * MS, ..Nature::greedy() },
        Nature::calling(300),
    ];
    let Some(mut world) = world(&[rate("10000/s")], &natures) else { return };
    world.run(2 * SECOND);
    let (before, calls) = (world.units(), world.round_trips);
    world.run(6 * SECOND);
    assert_within(&world.sends, 10_000, 10_000, SECOND);
    let (used, calls) = (world.units() - before, world.round_trips - calls);
    eprintln!("{used} units in 4 s, {calls} calls, {:?}", sent(&world));
    assert!(used >= 39_600, "{used} of 40000");
    // A call of Redis for twenty units and more.
    assert!(calls < 2_000, "{calls} calls for {used} units");
}

#[test]
fn members_with_enough_callers_share_alike_whatever_their_latency() {
    let natures = [
        Nature { latency: MS / 10, ..Nature::greedy() },
        Nature::greedy(),
        Nature { latency: 20 * MS, ..Nature::greedy() },
    ];
    let Some(mut world) = world(&[rate("300/s")], &natures) else { return };
    world.run(5 * SECOND);
    let before = sent(&world);
    world.run(15 * SECOND);
    let after: Vec<u64> = sent(&world).iter().zip(&before).map(|(now, then)| now - then).collect();
    eprintln!("300/s over 10 s: {after:?}");
    let total: u64 = after.iter().sum();
    assert!(total >= 2970, "{total} of 3000");
    for share in after {
        assert!((900..=1100).contains(&share), "{share} where 1000 are due");
    }
}

#[test]
fn who_needs_little_gets_all_of_it() {
    let natures = [Nature::greedy(), Nature::greedy(), Nature::calling(5), Nature::calling(10)];
    let Some(mut world) = world(&[rate("100/s")], &natures) else { return };
    world.run(30 * SECOND);
    assert_within(&world.sends, 100, 100, SECOND);
    eprintln!("100/s over 30 s: {:?}", sent(&world));
    let sent = sent(&world);
    assert!(sent[2] >= 142 && sent[3] >= 285, "{sent:?} where 150 and 300 were asked for");
    assert!(sent[0].abs_diff(sent[1]) <= sent[0] / 10, "{sent:?}");
    for member in &world.members[2..] {
        assert!(member.longest_wait < SECOND, "{} ns", member.longest_wait);
    }
}

#[test]
fn a_window_is_used_to_99_percent() {
    let limit = SharedLimit::window(200, std::time::Duration::from_secs(2)).unwrap();
    let natures = [Nature::greedy(), Nature::greedy(), Nature::calling(3)];
    let Some(mut world) = world(&[limit], &natures) else { return };
    world.run(20 * SECOND);
    assert_in_windows(&world.sends, 200, 2 * SECOND);
    // Ten windows, of which the last is not over.
    let used = world.units();
    eprintln!("{used} in 20 s, {:?}", sent(&world));
    assert!(used >= 1960, "{used} of 2000");
}

#[test]
fn a_call_that_costs_the_whole_burst_is_not_starved_by_small_ones() {
    let tokens = rate("1000/s").counting(Dimension::Tokens);
    let large = Cost::REQUEST.with(Dimension::Tokens, 1000);
    let small = Cost::REQUEST.with(Dimension::Tokens, 10);
    let natures = [
        Nature { cost: large, ..Nature::greedy() },
        Nature { cost: small, ..Nature::greedy() },
        Nature { cost: small, ..Nature::greedy() },
    ];
    let Some(mut world) = world(&[tokens], &natures) else { return };
    world.run(30 * SECOND);
    assert_within(&world.sends, 1000, 1000, SECOND);
    let sent = sent(&world);
    eprintln!("30 s of 1000 tokens/s: {sent:?}");
    // A third of 30000 tokens is 10 of the large ones.
    assert!((8..=12).contains(&sent[0]), "{sent:?}");
    // To have the burst whole, the others' permits must be back: that takes time.
    assert!(world.units() >= 27_000, "{} of 30000", world.units());
}

#[test]
fn a_fleet_at_rest_holds_nothing_and_asks_little() {
    let natures = vec![Nature::calling(1); 10];
    let Some(mut world) = world(&[rate("1000/s")], &natures) else { return };
    world.run(20 * SECOND);
    let calls = world.round_trips;
    eprintln!("{} sends, {calls} calls", world.units());
    // One call a send, and one at the start.
    assert!(calls <= world.units() + 10 + 20, "{calls} calls for {} sends", world.units());
    assert!(world.members.iter().all(|member| member.longest_wait < 3 * SECOND));
}

fn sent(world: &World) -> Vec<u64> {
    world.members.iter().map(|member| member.sent).collect()
}

//! Clients that share a quota through Redis, and what becomes of it when they cannot.

use std::time::Duration;

use forbear_core::Timestamp;
use forbear_sim::results::WithoutRedis;
use forbear_sim::{NamedPolicy, Run, Scenario, Simulation};

use crate::support::{policy, scenario};

/// Nobody retries, so that a send is a call.
const ONCE: &str =
    "name = \"once\"\n[retry]\nmax_attempts = 1\ndeadline = \"none\"\nbudget = \"none\"\n";

/// Four clients, each with more to send than the 40 a second that they share.
fn greedy(rule: &str, more: &str) -> Scenario {
    scenario(&format!(
        "[clients]\ncount = 4\ncalls = 3000\n[arrivals]\nkind = \"burst\"\n\
         [network]\nround_trip = \"20ms\"\n[server]\n\
         [redis]\npolicies = {{ once = \"{rule}\" }}\n\
         round_trip = {{ kind = \"uniform\", min = \"1ms\", max = \"20ms\" }}\n\
         [[redis.limit]]\nkind = \"rate\"\nrate = \"40/s\"\nburst = 40\n{more}"
    ))
}

fn once() -> NamedPolicy {
    policy(ONCE)
}

fn run(scenario: &Scenario) -> Run {
    Simulation::of(scenario, &once()).traced().checked().run()
}

/// Sends in each whole second of `from..until`, of one client or of all.
fn a_second(run: &Run, client: Option<u32>, from: u64, until: u64) -> Vec<usize> {
    let at = |second: u64| Timestamp::from_nanos(second * 1_000_000_000);
    let within = |second: u64| {
        let span = at(second)..at(second + 1);
        let is_mine = |sent: &&forbear_sim::Sent| client.is_none_or(|client| sent.client == client);
        run.sends.iter().filter(|sent| span.contains(&sent.at)).filter(is_mine).count()
    };
    (from..until).map(within).collect()
}

/// The most units that any span of the sends has beyond what `rate` a second earns in it.
fn burst_of(run: &Run, rate: u64) -> u64 {
    let (mut level, mut last, mut most) = (0_u64, 0, 0);
    for sent in &run.sends {
        let at = sent.at.as_nanos();
        level = level.saturating_sub((at - last) * rate) + 1_000_000_000;
        (last, most) = (at, most.max(level));
    }
    most.div_ceil(1_000_000_000)
}

#[test]
fn a_rate_is_kept_by_all_together_and_used() {
    let run = run(&greedy("closed", ""));
    assert_eq!(run.violation, None);
    assert_eq!(run.result.metrics.succeeded, 12_000);
    assert!(burst_of(&run, 40) <= 40, "{}", burst_of(&run, 40));
    // 12000 at 40 a second, 40 at once: 299 s, and no more than 1 % lost.
    let drained = run.result.metrics.time_to_drain;
    assert!((299.0..=302.0).contains(&drained), "{drained}");
    for client in 0..4 {
        let share: usize = a_second(&run, Some(client), 10, 110).iter().sum();
        assert!((900..=1100).contains(&share), "client {client}: {share} of 4000");
    }
    let shared = run.result.shared.expect("a quota is shared");
    assert_eq!((shared.leased, shared.without_redis, shared.failures), (12_000, 0, 0));
    assert!(shared.calls > 1000, "{shared:?}");
}

#[test]
fn one_policy_shares_and_another_does_not() {
    let scenario = greedy("closed", "");
    let other = once().renamed("other");
    let run = Simulation::of(&scenario, &other).run();
    assert_eq!(run.result.shared, None);
    assert!(run.result.metrics.time_to_drain < 1.0, "{:?}", run.result.metrics);
    assert_ne!(run.result.hash, self::run(&scenario).result.hash);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let scenario = greedy("local_share", PARTITION);
    let hash = |seed| Simulation::of(&scenario, &once()).seed(seed).run().result;
    assert_eq!(hash(7), hash(7));
    assert_ne!(hash(7).hash, hash(8).hash);
}

/// Nobody reaches Redis from second 20 to second 40.
const PARTITION: &str = "[[fault]]\nfrom = \"20s\"\nuntil = \"40s\"\npartition = 1\n";

#[test]
fn cut_off_all_alike_they_send_their_shares_nothing_or_everything() {
    // A lease lasts a second, and the time-out is noticed within another.
    let share = run(&greedy("local_share", PARTITION));
    let sent: usize = a_second(&share, None, 22, 40).iter().sum();
    // Four shares of 10 a second each.
    assert!((700..=720).contains(&sent), "{sent} in 18 s");
    let until = |second: u64| Timestamp::from_nanos(second * 1_000_000_000);
    let mut before = share.clone();
    before.sends.retain(|sent| sent.at < until(40));
    assert!(burst_of(&before, 40) <= 40, "{}", burst_of(&before, 40));
    // Who comes back first has the whole rate while others still send their shares, up to
    // the longest delay of 1 s.
    assert!(burst_of(&share, 40) <= 40 + 30, "{}", burst_of(&share, 40));

    let closed = run(&greedy("closed", PARTITION));
    assert_eq!(a_second(&closed, None, 22, 40), [0; 18]);
    let after: usize = a_second(&closed, None, 46, 66).iter().sum();
    assert!((780..=820).contains(&after), "{after} in 20 s after it");
    assert!(burst_of(&closed, 40) <= 40, "{}", burst_of(&closed, 40));

    let open = run(&greedy("open", PARTITION));
    let sent: usize = a_second(&open, None, 20, 22).iter().sum();
    assert!(sent > 9_000, "{sent} at once");
    for run in [&share, &closed, &open] {
        let shared = run.result.shared.expect("a quota is shared");
        assert_eq!(shared.leased + shared.without_redis, 12_000);
        assert!(shared.failures >= 4, "{shared:?}");
        assert_eq!(run.violation, None);
    }
    // Four of them for 20 s, noticed with the next call and over with the first answer, up to
    // the longest delay later.
    for run in [&share, &closed] {
        let shared = run.result.shared.expect("a quota is shared");
        let outage_s = shared.outage_ns / 1_000_000_000;
        assert!((75..=100).contains(&outage_s), "{shared:?}");
        assert_eq!(shared.members, 4);
    }
    // It has sent all and ends, without Redis to the last.
    let hurried = open.result.shared.expect("a quota is shared");
    let left_s = open.result.metrics.time_to_drain - 20.0;
    assert!(Duration::from_nanos(hurried.outage_ns).as_secs_f64() <= 4.0 * left_s, "{hurried:?}");
    let rules = [&share, &closed, &open].map(|run| run.result.shared.map(|shared| shared.rule));
    let all = [WithoutRedis::LocalShare, WithoutRedis::Closed, WithoutRedis::Open];
    assert_eq!(rules, all.map(Some));
    assert_eq!(closed.result.shared.map(|shared| shared.without_redis), Some(0));
}

#[test]
fn cut_off_alone_one_adds_its_share_to_what_the_others_send() {
    let half = PARTITION.replace("partition = 1", "partition = 0.5");
    let run = run(&greedy("local_share", &half));
    let total: usize = a_second(&run, None, 24, 40).iter().sum();
    let lone: Vec<usize> = (0..4)
        .map(|client| a_second(&run, Some(client), 24, 40).iter().sum())
        .filter(|&sent: &usize| (158..=162).contains(&sent))
        .collect();
    // Drawn for each client: some of the four are cut off, and not all.
    assert!((1..=3).contains(&lone.len()), "{lone:?}");
    // What Redis gives in 16 s, and a share for each that is cut off.
    let due = 640 + 160 * lone.len();
    assert!(total.abs_diff(due) <= 20, "{total} where {due} are due");
}

#[test]
fn a_redis_that_loses_its_memory_gives_no_second_burst() {
    let run = run(&greedy("closed", "[[fault]]\nfrom = \"20s\"\nflush = true\n"));
    assert_eq!(run.violation, None);
    assert!(burst_of(&run, 40) <= 41, "{}", burst_of(&run, 40));
    // It begins empty, after a lease.
    let paused: usize = a_second(&run, None, 20, 22).iter().sum();
    assert!(paused < 60, "{paused}");
}

/// How long after a time the next send comes, in ms.
fn goes_on_at(run: &Run, after_ms: u64) -> u64 {
    let after = Timestamp::from_nanos(after_ms * 1_000_000);
    let first = run.sends.iter().find(|sent| sent.at >= after).expect("it goes on");
    first.at.as_nanos() / 1_000_000 - after_ms
}

#[test]
fn a_promotion_costs_a_lease_and_at_most_a_burst() {
    for lost in ["0s", "200ms", "2s"] {
        let fault = format!("[[fault]]\nfrom = \"20s\"\npromotion = {{ lost = \"{lost}\" }}\n");
        let run = run(&greedy("closed", &fault));
        assert_eq!(run.violation, None, "{lost}");
        assert_eq!(run.result.metrics.succeeded, 12_000);
        assert!(burst_of(&run, 40) <= 41, "{lost}: {}", burst_of(&run, 40));
        // They hang up and are back in some round trips. What is lost costs a lease more.
        let wait = goes_on_at(&run, 20_100);
        let least = if lost == "0s" { 0 } else { 1011 - 100 };
        assert!((least..least + 500).contains(&wait), "{lost}: {wait} ms");
        let shared = run.result.shared.expect("a quota is shared");
        // Each of the four found out, and by one call.
        assert_eq!(shared.failures, 4, "{lost}");
    }
}

#[test]
fn a_redis_that_stalls_does_afterwards_what_it_was_asked() {
    let run = run(&greedy("closed", "[[fault]]\nfrom = \"20s\"\nuntil = \"23s\"\nstall = true\n"));
    assert_eq!(run.violation, None);
    assert_eq!(run.result.metrics.succeeded, 12_000);
    let stalled: usize = a_second(&run, None, 21, 23).iter().sum();
    assert_eq!(stalled, 0);
    // A connection that was begun while it was stopped is there when it goes on.
    assert!(goes_on_at(&run, 23_000) <= 1500, "{} ms", goes_on_at(&run, 23_000));
    assert!(burst_of(&run, 40) <= 40, "{}", burst_of(&run, 40));
}

#[test]
fn a_busy_redis_is_asked_in_turn() {
    let with = |keys: &str| {
        let text = greedy("closed", "").text().replace("[redis]\n", &format!("[redis]\n{keys}\n"));
        run(&Scenario::parse(&text, &[]).unwrap())
    };
    let (idle, busy) = (with(""), with("service = \"5ms\""));
    let calls = |run: &Run| run.result.shared.expect("a quota is shared").calls;
    // Four greedy members make 182 calls a second of an idle one. This one can do 200, so
    // they wait for one another, and use what there is all the same.
    for run in [&idle, &busy] {
        assert_eq!(run.violation, None);
        assert!(run.result.metrics.time_to_drain <= 303.0, "{:?}", run.result.metrics);
    }
    assert!(calls(&busy) < calls(&idle), "{} and {}", calls(&busy), calls(&idle));
    // One that takes longer than the time-out for the calls of all is a Redis that is lost.
    let lost = with("service = \"200ms\"");
    assert_eq!(lost.violation, None);
    let shared = lost.result.shared.expect("a quota is shared");
    assert!(shared.failures > 100, "{shared:?}");
}

#[test]
fn a_connection_costs_its_round_trips() {
    let at = |connect: u32| {
        let keys = format!("[redis]\nconnect = {connect}\n");
        let text = greedy("closed", "").text().replace("[redis]\n", &keys);
        let fixed = ("redis.round_trip".to_owned(), "100ms".to_owned());
        let run = run(&Scenario::parse(&text, &[fixed]).unwrap());
        goes_on_at(&run, 0)
    };
    // And one for the call.
    assert_eq!([at(0), at(3), at(10)], [100, 400, 1100]);
    let error = Scenario::parse(
        greedy("closed", "").text(),
        &[("redis.connect".to_owned(), "101".to_owned())],
    );
    let error = error.unwrap_err().to_string();
    assert!(error.contains("connect is 101, must be 0 to 100"), "{error}");
}

#[test]
fn a_client_that_dies_takes_no_more_than_its_lease() {
    let run = run(&greedy("closed", "[[fault]]\nfrom = \"20s\"\nrestart = 0.5\n"));
    assert_eq!(run.violation, None);
    assert_eq!(run.result.metrics.succeeded, 12_000);
    assert!(burst_of(&run, 40) <= 40, "{}", burst_of(&run, 40));
    let shared = run.result.shared.expect("a quota is shared");
    assert!(shared.leased >= 12_000, "what died had been sent: {shared:?}");
}

#[test]
fn a_wait_that_the_server_asks_one_for_holds_all_of_them() {
    let herd = greedy("closed", "");
    let text = herd.text().replace(
        "[server]\n",
        "[server]\nretry_after = { fixed = \"10s\" }\n[[server.limit]]\nkind = \"fixed_window\"\n\
         limit = 200\nwindow = \"1h\"\n",
    );
    let scenario = Scenario::parse(&text, &[]).unwrap();
    let run = run(&scenario);
    // The first refusal comes in second 4; from then on there is a wait nearly all the time.
    let sent: usize = a_second(&run, None, 6, 14).iter().sum();
    assert_eq!(sent, 0, "while a wait of 10 s holds");
    assert!(run.result.metrics.throttled > 0);
}

#[test]
fn what_is_wrong_with_the_table_is_said() {
    let head = "name = \"t\"\ntitle = \"\"\ndescription = \"\"\nhorizon = \"1h\"\n\
         [clients]\n[arrivals]\nkind = \"burst\"\n[server]\n";
    let redis = "[redis]\npolicies = { a = \"closed\" }\n";
    let limit = "[[redis.limit]]\nkind = \"rate\"\nrate = \"1/s\"\n";
    for (tables, message) in [
        ("[[fault]]\npartition = 1\n".to_owned(), "redis is missing, must be there"),
        ("[[fault]]\nflush = true\n".to_owned(), "redis is missing, must be there"),
        (redis.to_owned(), "missing field `limit`"),
        (format!("{redis}limit = []\n"), "limits is 0, must be 1 to 8"),
        (format!("{redis}lease = \"2m\"\n{limit}"), "lease is 2m, must be from 100ms to 1m"),
        (format!("{redis}timeout = \"1s\"\n{limit}"), "timeout is 1s, must be longer than 0"),
        (format!("{}{limit}", redis.replace("closed", "shut")), "unknown variant `shut`"),
        (
            "[[fault]]\nfrom = \"1s\"\n".to_owned(),
            "must be one with fail, slow, lose, quota, retry_after, restart, partition, flush, stall or promotion",
        ),
    ] {
        let error = Scenario::parse(&format!("{head}{tables}"), &[]).unwrap_err().to_string();
        assert!(error.contains(message), "{tables}: {error}");
    }
    let set = [("redis.policies.mine".to_owned(), "open".to_owned())];
    let shipped = Scenario::named("redis-partition").unwrap();
    assert!(Scenario::parse(shipped.text(), &set).unwrap().text().contains("mine"));
}

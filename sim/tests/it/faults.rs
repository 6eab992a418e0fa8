//! Each kind of fault, against what it says it does.

use forbear_core::Timestamp;
use forbear_sim::{Run, Scenario, Simulation};

use crate::support::{policy, scenario};

const ONCE: &str = "[retry]\nmax_attempts = 1\nbudget = \"none\"\nhint = \"none\"\n";

/// Retries whatever happens, as late as the server asks.
const OBEDIENT: &str = "[retry]\nmax_attempts = 9\ndeadline = \"1h\"\nbudget = \"none\"\nhint = { cap = \"2h\" }\n\
     backoff = { kind = \"constant\", delay = \"1s\" }\n";

fn run(scenario: &Scenario, text: &str) -> Run {
    Simulation::new(scenario, policy(text).policy()).traced().run()
}

/// Successes whose request reached the server in `from..until`, in seconds, with the
/// round trip of 50 ms.
fn let_in(run: &Run, from: u64, until: u64) -> usize {
    let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000 + 25_000_000);
    let span = at(from)..at(until);
    run.ends.iter().filter(|end| end.succeeded && span.contains(&end.at)).count()
}

/// When requests left, in whole milliseconds.
fn sent_ms(run: &Run) -> Vec<u64> {
    run.sends.iter().map(|sent| sent.at.as_nanos() / 1_000_000).collect()
}

/// 300 requests a second for 30 s at a server with this limit, cut to a fifth from
/// second 10 to second 20.
fn cut(limit: &str) -> Run {
    let scenario = scenario(&format!(
        "[clients]\ncalls = 9000\n[arrivals]\nkind = \"poisson\"\nrate = \"300/s\"\n\
         [server]\n[[server.limit]]\n{limit}\n\
         [[fault]]\nfrom = \"10s\"\nuntil = \"20s\"\nquota = 0.2\n"
    ));
    run(&scenario, ONCE)
}

#[test]
fn a_bucket_that_is_cut_refills_at_a_part_of_its_rate() {
    let run = cut("kind = \"token_bucket\"\nrate = \"100/s\"\nburst = 20");
    // Saturated, it gives what it refills, and the burst once: give or take the token
    // that is under way at each end, and what is not refilled to a bucket that is full
    // until the first requests come.
    for (from, until, expected, slack) in
        [(0, 10, 1020_usize, 5), (10, 20, 200, 1), (20, 29, 900, 1)]
    {
        let got = let_in(&run, from, until);
        assert!(got.abs_diff(expected) <= slack, "{from}..{until}: {got}, not {expected}");
    }
}

#[test]
fn a_window_that_is_cut_lets_in_a_part_of_its_count() {
    let run = cut("kind = \"fixed_window\"\nlimit = 100\nwindow = \"5s\"");
    let windows = [0, 5, 10, 15, 20].map(|from| let_in(&run, from, from + 5));
    assert_eq!(windows, [100, 100, 20, 20, 100]);
}

#[test]
fn a_cut_never_refuses_for_good() {
    // A fifth of a limit of 3 is no whole request, and one must pass all the same.
    for limit in [
        "kind = \"fixed_window\"\nlimit = 3\nwindow = \"1s\"",
        "kind = \"sliding_window\"\nlimit = 3\nwindow = \"1s\"",
        "kind = \"concurrency\"\nmax = 3",
        "kind = \"token_bucket\"\nrate = \"3/s\"\nburst = 3",
    ] {
        let got = let_in(&cut(limit), 10, 20);
        assert!(got >= 5, "{limit}: {got}");
    }
}

#[test]
fn a_call_that_a_cut_has_no_room_for_passes_once_it_is_over() {
    for kind in ["fixed_window", "sliding_window"] {
        let scenario = scenario(&format!(
            "[clients]\n[arrivals]\nkind = \"burst\"\n[cost]\npoints = 5\n[server]\n\
             [[server.limit]]\nkind = \"{kind}\"\ndimension = \"points\"\nlimit = 10\n\
             window = \"5s\"\n[[fault]]\nuntil = \"8s\"\nquota = 0.2\n"
        ));
        // Told to come at the end of each window; 413 would be for good.
        let run = run(&scenario, OBEDIENT);
        assert_eq!(run.result.metrics.succeeded, 1, "{kind}");
        assert_eq!(run.result.metrics.throttled, 2, "{kind}");
    }
}

#[test]
fn a_lost_answer_costs_its_timeout_and_the_servers_work() {
    let scenario = scenario(
        "[clients]\ntimeout = \"2s\"\n[arrivals]\nkind = \"burst\"\n[server]\n\
         [[server.limit]]\nkind = \"fixed_window\"\nlimit = 10\nwindow = \"1m\"\n\
         [[fault]]\nuntil = \"5s\"\nlose = 1\n",
    );
    let run = run(&scenario, OBEDIENT);
    // Timed out after 2 s, and again 1 s later; the third comes too late to be lost.
    assert_eq!(sent_ms(&run), [0, 3000, 6000]);
    let metrics = &run.result.metrics;
    assert_eq!((metrics.succeeded, metrics.throttled), (1, 0));
    assert_eq!(metrics.quota_utilisation, Some(0.3));
}

#[test]
fn the_share_of_lost_answers_is_the_one_that_is_given() {
    let scenario = scenario(
        "[clients]\ncount = 2000\ntimeout = \"1s\"\n[arrivals]\nkind = \"burst\"\n[server]\n\
         [[fault]]\nlose = 0.25\n",
    );
    let lost = run(&scenario, ONCE).result.metrics.failed;
    // Three standard deviations of 2000 draws: sqrt(2000 * 0.25 * 0.75) = 19.4.
    assert!(lost.abs_diff(500) <= 58, "{lost}");
}

#[test]
fn a_restart_forgets_what_the_server_asked_for() {
    let with = |fault: &str| {
        let tables = "[clients]\ncalls = 2\n[arrivals]\nkind = \"burst\"\n[server]\n\
             [[server.limit]]\nkind = \"fixed_window\"\nlimit = 1\nwindow = \"1m\"\n";
        run(&scenario(&format!("{tables}{fault}")), OBEDIENT)
    };
    let (steady, restarted) = (with(""), with("[[fault]]\nfrom = \"10s\"\nrestart = 1\n"));
    assert_eq!((steady.result.metrics.sends, steady.result.metrics.before_hint), (3, 0));
    assert_eq!(steady.result.metrics.succeeded, 2);
    // The second call is sent again at once, 50 s too early.
    assert_eq!(sent_ms(&restarted)[..3], [0, 0, 10_000]);
    assert_eq!((restarted.result.metrics.sends, restarted.result.metrics.before_hint), (4, 1));
    assert_eq!(restarted.result.metrics.succeeded, 2);
    let attempts: Vec<u32> = restarted.sends.iter().map(|sent| sent.attempt).collect();
    assert_eq!(attempts, [1, 1, 2, 3]);
}

#[test]
fn a_restart_drops_the_answers_under_way() {
    let scenario = scenario(
        "[clients]\n[arrivals]\nkind = \"burst\"\n[server]\nservice = \"5s\"\n\
         [[fault]]\nfrom = \"2s\"\nrestart = 1\n",
    );
    let run = run(&scenario, ONCE);
    assert_eq!(sent_ms(&run), [0, 2000]);
    let ends: Vec<u64> = run.ends.iter().map(|end| end.at.as_nanos() / 1_000_000).collect();
    assert_eq!(ends, [7050]);
    assert!(run.ends[0].succeeded);
}

#[test]
fn a_share_of_the_clients_restarts_and_the_same_ones_under_every_policy() {
    let scenario = scenario(
        "[clients]\ncount = 400\n[arrivals]\nkind = \"burst\"\n[server]\nservice = \"5s\"\n\
         [[fault]]\nfrom = \"2s\"\nrestart = 0.5\n",
    );
    let restarted = |text: &str| {
        let run = run(&scenario, text);
        let again = run.sends.iter().filter(|sent| sent.attempt == 2);
        again.map(|sent| sent.client).collect::<Vec<u32>>()
    };
    let clients = restarted(ONCE);
    // Three standard deviations of 400 draws: 3 * sqrt(400 * 0.5 * 0.5) = 30.
    assert!(clients.len().abs_diff(200) <= 30, "{}", clients.len());
    assert_eq!(clients, restarted(OBEDIENT));
}

#[test]
fn a_server_says_something_else_while_it_lies() {
    let scenario = scenario(
        "[clients]\ncalls = 2\n[arrivals]\nkind = \"burst\"\n[server]\n\
         [[server.limit]]\nkind = \"fixed_window\"\nlimit = 1\nwindow = \"1m\"\n\
         [[fault]]\nuntil = \"5s\"\nretry_after = { fixed = \"4s\" }\n\
         [[fault]]\nretry_after = { fixed = \"300s\" }\n",
    );
    let sent = sent_ms(&run(&scenario, OBEDIENT));
    // 4 s until second 5, of two lies the first; then 300 s, from the answer on.
    let waits: Vec<u64> = sent.windows(2).map(|pair| (pair[1] - pair[0]) / 1000).collect();
    assert_eq!(waits, [0, 4, 4, 300]);
}

#[test]
fn a_group_has_a_policy_of_its_own() {
    let scenario = scenario(
        "[clients]\ncount = 10\n[arrivals]\nkind = \"burst\"\n[server]\n[[fault]]\nfail = 1\n\
         [[group]]\n[group.clients]\ncount = 7\n[group.arrivals]\nkind = \"burst\"\n\
         [group.policy.retry]\nmax_attempts = 3\nbudget = \"none\"\n",
    );
    assert_eq!(run(&scenario, ONCE).result.metrics.sends, 10 + 3 * 7);
    assert_eq!(run(&scenario, OBEDIENT).result.metrics.sends, 9 * 10 + 3 * 7);
}

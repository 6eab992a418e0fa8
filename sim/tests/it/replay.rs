//! Traces of simulated runs, of which the server is known, replayed: the model that is made
//! of the server must be the server, within what a trace can tell.

/// Limits of which a request may take more than a unit.
mod costs;
/// Recorded answers, given once more.
mod exact;
/// Which limit a trace tells of.
mod limits;

use std::time::Duration;

use forbear_http::trace::write_trace;
use forbear_sim::replay::{Recording, Replay, Wanted};
use forbear_sim::{Scenario, Simulation};
use proptest::prelude::*;

use crate::support::{policy, scenario};

const HEADER: &str = "{\"forbear_trace\":1,\"started_unix_ms\":0}\n";

const PATIENT: &str = "[retry]\nmax_attempts = \"none\"\ndeadline = \"none\"\nbudget = \"none\"\n\
     hint = \"none\"\n\
     backoff = { kind = \"exponential\", base = \"500ms\", max = \"60s\", jitter = \"full\" }\n";

/// The trace of a run.
fn recorded(scenario: &Scenario, policy_text: &str) -> Vec<u8> {
    let entries = Simulation::new(scenario, policy(policy_text).policy()).trace();
    let mut text = Vec::new();
    write_trace(&mut text, 1_787_227_200_000, &entries).expect("memory takes any text");
    text
}

fn replay(trace: &[u8]) -> Replay {
    let recording = Recording::read(trace).unwrap_or_else(|error| panic!("{error}"));
    recording.derive(&Wanted::new("calls")).unwrap_or_else(|error| panic!("{error}"))
}

/// The replay of a run at this server.
fn replayed(tables: &str) -> Replay {
    replay(&recorded(&scenario(tables), PATIENT))
}

fn assumes(replay: &Replay, words: &str) -> bool {
    replay.assumptions.iter().any(|assumption| assumption.text().contains(words))
}

#[track_caller]
fn finds(replay: &Replay, words: &str) {
    assert!(assumes(replay, words), "not {words}: {:#?}", replay.assumptions);
}

const CROWD: &str = "[clients]\ncount = 200\n[arrivals]\nkind = \"burst\"\nspread = \"2s\"\n\
     [network]\nround_trip = \"40ms\"\n[server]\nservice = \"30ms\"\n";

#[test]
fn a_server_without_limits_has_none() {
    let replay = replayed(CROWD);
    finds(&replay, "the server has no limit, since it refused nothing and named none");
    finds(&replay, "the network takes what the fastest answer took");
    assert_eq!(replay.recorded.calls, 200);
    assert_eq!((replay.fit.let_in, replay.fit.let_in_too), (200, 200));
}

#[test]
fn an_outage_is_found_with_its_status_and_its_share() {
    let tables = "[clients]\ncalls = 3000\n[arrivals]\nkind = \"poisson\"\nrate = \"50/s\"\n[server]\n\
         [[fault]]\nfrom = \"20s\"\nuntil = \"30s\"\nfail = 0.5\nstatus = 503\nafter = \"100ms\"\n";
    let once = "[retry]\nmax_attempts = 1\nbudget = \"none\"\n";
    let replay = replay(&recorded(&scenario(tables), once));
    let text = replay.scenario.text();
    let fault = text.split("[[fault]]").nth(1).expect("it has a fault");
    assert!(fault.contains("status = 503"), "{fault}");
    // To the span of a second, and three standard deviations of 500 draws.
    let share = fault.lines().find_map(|line| line.strip_prefix("fail   = ")).unwrap();
    let share: f64 = share.parse().unwrap();
    assert!((0.43..=0.57).contains(&share), "{share}");
    let again = Simulation::new(&replay.scenario, policy(once).policy()).run().result.metrics;
    assert!(again.failed.abs_diff(3000 - replay.recorded.succeeded) <= 60, "{}", again.failed);
}

#[test]
fn the_same_policy_does_at_the_model_what_it_did_at_the_server() {
    let limit = "[[server.limit]]\nkind = \"token_bucket\"\nrate = \"10/s\"\nburst = 20\n";
    let scenario = scenario(&format!("{CROWD}{limit}"));
    let replay = replay(&recorded(&scenario, PATIENT));
    let metrics = |seed| {
        let policy = policy(PATIENT);
        Simulation::new(&replay.scenario, policy.policy()).seed(seed).run().result.metrics
    };
    let sends: u64 = (1..=10).map(|seed| metrics(seed).sends).sum::<u64>() / 10;
    let (recorded, model) = (replay.recorded.sends, metrics(1));
    assert_eq!(model.succeeded, 200);
    // The jitter is another one: ten runs of the same storm differ by 5 % themselves.
    assert!(sends.abs_diff(recorded) * 10 <= recorded, "{sends} for {recorded}");
    // A drain is the time of the unluckiest call, and no measure of a model.
    let milliseconds = |seed| {
        let median = metrics(seed).completion_p50.unwrap();
        u64::try_from(Duration::from_secs_f64(median).as_millis()).unwrap()
    };
    let (median, was) =
        ((1..=10).map(milliseconds).sum::<u64>() / 10, replay.recorded.completion_p50_ns);
    let was = was.unwrap() / 1_000_000;
    assert!(median.abs_diff(was) * 4 <= was, "{median} for {was}");
}

#[test]
fn the_demand_is_the_recorded_one() {
    let tables = "[clients]\ncalls = 40\n[arrivals]\nkind = \"poisson\"\nrate = \"3/s\"\n\
         [cost]\ninput_tokens = { kind = \"uniform\", min = 10, max = 900 }\n\
         output_tokens = { kind = \"uniform\", min = 10, max = 90 }\nmax_tokens = 100\n\
         [server]\nservice = { kind = \"exponential\", mean = \"1s\" }\n";
    let scenario = scenario(tables);
    let once = policy("[retry]\nmax_attempts = 1\n");
    let replay = replay(&recorded(&scenario, "[retry]\nmax_attempts = 1\n"));
    let ends = |scenario: &Scenario| {
        let run = Simulation::new(scenario, once.policy()).traced().run();
        let mut ends: Vec<_> = run.ends.iter().map(|end| (end.call, end.took)).collect();
        ends.sort();
        ends
    };
    // Each call is as long under way as it was, though other seeds draw other times.
    let (before, after) = (ends(&scenario), ends(&replay.scenario));
    assert_eq!(before.len(), after.len());
    for (one, other) in before.iter().zip(&after) {
        let apart = one.1.abs_diff(other.1);
        assert!(apart.as_nanos() <= 1, "{one:?} {other:?}");
    }
    for words in ["[arrivals.reserved]", "[arrivals.used]", "input_tokens = [", "output_tokens = ["]
    {
        assert!(replay.scenario.text().contains(words), "{words}");
    }
}

#[test]
fn what_is_derived_is_a_file_that_is_read_again() {
    let limit = "[[server.limit]]\nkind = \"token_bucket\"\nrate = \"10/s\"\nburst = 20\n";
    let replay = replayed(&format!("{CROWD}{limit}"));
    let again = Scenario::parse(replay.scenario.text(), &[]).unwrap();
    assert_eq!(again.hash(), replay.scenario.hash());
    // In the order in which they arrived, which is not that of the clients.
    let mut numbers = replay.numbers.clone();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=200).collect::<Vec<u64>>());
    for assumption in &replay.assumptions {
        assert!(again.description().contains(assumption.text()), "{assumption}");
    }
}

#[test]
fn the_server_can_be_given_as_a_scenario_or_a_part_of_one() {
    let trace = recorded(&scenario(CROWD), PATIENT);
    let recording = Recording::read(&trace[..]).unwrap();
    let server = "[server]\n[[server.limit]]\nkind = \"fixed_window\"\nlimit = 3\nwindow = \"1h\"\n\
         [[fault]]\nfail = 0.1\n";
    let whole = Scenario::named("retry-after-herd").unwrap();
    for (text, has) in [(server, "limit = 3"), (whole.text(), "rate = \"50/s\"")] {
        let wanted = Wanted::new("calls").server(text);
        let replay = recording.derive(&wanted).unwrap();
        finds(&replay, "the server is the given one");
        assert!(replay.scenario.text().contains(has), "{}", replay.scenario.text());
    }
    for (text, message) in [
        ("[sever]\n", "sever: must be a table of a scenario"),
        ("name = \"x\"\n", "missing field `server`"),
        ("[server]\nservis = 3\n", "unknown field `servis`"),
    ] {
        let error = recording.derive(&Wanted::new("calls").server(text)).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

fn line(call: u32, scope: Option<&str>) -> String {
    let scope = scope.map_or(String::new(), |name| format!("\"scope\":\"{name}\","));
    format!(
        "{{\"call\":{call},\"attempt\":1,\"arrived_ns\":5,\"sent_ns\":6,\"answered_ns\":9,{scope}\
         \"cost\":{{\"requests\":1}},\"observation\":{{\"outcome\":\"success\",\"code\":200}},\
         \"end\":\"success\",\"ended_ns\":9}}\n"
    )
}

#[test]
fn one_of_several_scopes_must_be_named() {
    let lines = [line(1, Some("a")), line(2, Some("b")), line(3, Some("b")), line(4, None)];
    let trace = format!("{HEADER}{}", lines.concat());
    let recording = Recording::read(trace.as_bytes()).unwrap();
    let derive = |wanted: Wanted<'_>| {
        recording.derive(&wanted).map(|replay| replay.recorded.calls).map_err(|e| e.to_string())
    };
    assert_eq!(
        derive(Wanted::new("calls")).unwrap_err(),
        "the trace has 2 scopes, each with limits of its own, so one must be named: b (2 calls), \
         a (1 calls)"
    );
    assert_eq!(derive(Wanted::new("calls").scope("b")), Ok(2));
    assert_eq!(derive(Wanted::new("calls").scope("all")), Ok(4));
    assert_eq!(
        derive(Wanted::new("calls").scope("c")).unwrap_err(),
        "the trace has no scope 'c'; it has b (2 calls), a (1 calls)"
    );
}

#[test]
fn lines_that_go_against_others_are_refused_with_their_numbers() {
    let one = line(1, None);
    let retried = one.replace(",\"end\":\"success\",\"ended_ns\":9", "");
    let moved = retried
        .replace("\"arrived_ns\":5", "\"arrived_ns\":4")
        .replace("attempt\":1", "attempt\":2");
    for (lines, message) in [
        ([&one, &one], "line 3: call 1 is over since line 2"),
        ([&retried, &retried], "line 3: attempt 1 of call 1 is in line 2, too"),
        ([&retried, &moved], "line 3: arrived_ns of call 1 is 4, and was 5 in line 2"),
    ] {
        let trace = format!("{HEADER}{}{}", lines[0], lines[1]);
        let error = Recording::read(trace.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.line(), Some(3));
        let recording = Recording::read_leniently(trace.as_bytes()).unwrap();
        let skipped: Vec<String> = recording
            .skipped()
            .iter()
            .map(|skipped| format!("line {}: {}", skipped.line, skipped.reason))
            .collect();
        assert_eq!(skipped, [message]);
        let replay = recording.derive(&Wanted::new("calls")).unwrap();
        finds(&replay, "1 lines could not be read and are left out");
    }
}

#[test]
fn broken_lines_and_other_versions_are_left_out_if_one_asks_for_it() {
    let newer = "{\"forbear_trace\":2,\"started_unix_ms\":0}\n";
    let long = format!("{{\"call\":\"{}\"}}\n", "x".repeat(70_000));
    let (one, two, three) = (line(1, None), line(2, None), line(3, None));
    let trace = format!("{HEADER}{one}nonsense\n{long}{newer}{two}{HEADER}{three}{}", &one[..40]);
    let recording = Recording::read_leniently(trace.as_bytes()).unwrap();
    let skipped: Vec<(u64, &str)> =
        recording.skipped().iter().map(|skipped| (skipped.line, skipped.reason.as_str())).collect();
    assert_eq!(
        skipped,
        [
            (3, "expected ident in column 2"),
            (4, "the line is longer than 65536 bytes"),
            (5, "forbear_trace is 2, must be 1"),
            (9, "the trace was cut off within its last line"),
        ]
    );
    // Call 2 is of another version, and nobody knows what it says.
    let replay = recording.derive(&Wanted::new("calls")).unwrap();
    assert_eq!(replay.numbers, [1, 3]);
    let strict = Recording::read(trace.as_bytes()).unwrap_err();
    assert_eq!(strict.to_string(), "line 3: expected ident in column 2");
    let none = Recording::read_leniently(newer.as_bytes()).unwrap_err();
    assert_eq!(none.to_string(), "line 1: forbear_trace is 2, must be 1");
}

#[test]
fn parts_of_a_trace_are_put_on_one_clock() {
    let later = HEADER.replace(":0}", ":2000}");
    let trace = format!("{HEADER}{}{later}{}", line(1, None), line(1, None));
    let replay = replay(trace.as_bytes());
    assert_eq!(replay.numbers, [1, 1]);
    assert!(
        replay.scenario.text().contains("at_ns = [0, 2000000000]"),
        "{}",
        replay.scenario.text()
    );
}

#[test]
fn nothing_to_replay_is_said() {
    let unsent = "{\"call\":1,\"arrived_ns\":5,\"cost\":{\"requests\":1},\"end\":\"budget\",\"ended_ns\":9}\n";
    for lines in ["", unsent] {
        let recording = Recording::read(format!("{HEADER}{lines}").as_bytes()).unwrap();
        let error = recording.derive(&Wanted::new("calls")).unwrap_err();
        assert!(error.is_empty());
        assert_eq!(error.to_string(), "the trace has no call that was answered");
    }
}

/// An entry with any numbers in it.
fn any_line() -> impl Strategy<Value = String> {
    let outcome = prop::sample::select(vec![
        "\"success\"",
        "\"transient\"",
        "\"permanent\"",
        "\"ignored\"",
        "{\"throttled\":\"rate_limit\"}",
        "{\"throttled\":\"overload\"}",
        "{\"throttled\":\"concurrency\"}",
        "{\"throttled\":\"quota_exhausted\"}",
    ]);
    let times = prop::collection::vec(
        prop_oneof![0..100_u64, 0..100_000_000_000_u64, 0..=i64::MAX as u64],
        3,
    );
    let quota = prop::option::of((any::<u64>(), any::<u64>(), any::<u32>(), any::<bool>()));
    let wait = prop::option::of(any::<u32>());
    (0..5_u32, 1..4_u32, times, outcome, quota, wait, any::<u32>(), any::<u16>()).prop_map(
        |(call, attempt, mut times, outcome, quota, wait, tokens, code)| {
            times.sort_unstable();
            let [arrived, sent, answered] = times[..] else { unreachable!() };
            let quota = quota.map_or(String::new(), |(limit, left, resets, is_windowed)| {
                let window = if is_windowed { "{\"secs\":60,\"nanos\":0}" } else { "null" };
                format!(
                    ",\"quotas\":[{{\"dimension\":\"tokens\",\"limit\":{limit},\"remaining\":{left},\
                     \"resets_in\":{{\"secs\":{resets},\"nanos\":0}},\"window\":{window}}}]"
                )
            });
            let wait = wait
                .map_or(String::new(), |secs| format!(",\"retry_after\":{{\"secs\":{secs},\"nanos\":0}}"));
            format!(
                "{{\"call\":{call},\"attempt\":{attempt},\"arrived_ns\":{arrived},\"sent_ns\":{sent},\
                 \"answered_ns\":{answered},\"cost\":{{\"requests\":1,\"tokens\":{tokens}}},\
                 \"observation\":{{\"outcome\":{outcome}{wait}{quota},\"code\":{code}}}}}\n"
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_trace_says_it_is_replayed_or_refused(lines in prop::collection::vec(any_line(), 1..30)) {
        let trace = format!("{HEADER}{}", lines.concat());
        let recording = Recording::read_leniently(trace.as_bytes()).unwrap();
        match recording.derive(&Wanted::new("calls")) {
            Ok(replay) => {
                let again = Scenario::parse(replay.scenario.text(), &[]).unwrap();
                prop_assert_eq!(again.hash(), replay.scenario.hash());
            }
            Err(error) => prop_assert!(error.is_empty(), "{}", error),
        }
    }
}

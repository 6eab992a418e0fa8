//! Traces of simulated runs, of which the server is known, replayed: the model that is made
//! of the server must be the server, within what a trace can tell.

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
fn a_bucket_is_found_by_what_it_refuses() {
    let limit = "[[server.limit]]\nkind = \"token_bucket\"\nrate = \"10/s\"\nburst = 20\n";
    let replay = replayed(&format!("{CROWD}{limit}"));
    finds(&replay, "bucket of 20 requests, 10/s");
    finds(&replay, "refusals ask for the time until the request would be let in");
    assert!(replay.fit.agreement_millionths() >= 980_000, "{:?}", replay.fit);
}

#[test]
fn a_window_is_found_by_what_it_refuses_and_by_its_phase() {
    let limit = "[[server.limit]]\nkind = \"fixed_window\"\nlimit = 30\nwindow = \"10s\"\n\
         offset = \"3s\"\n";
    let replay = replayed(&format!("{CROWD}{limit}"));
    finds(&replay, "window of 30 requests in 10s");
    assert!(replay.fit.agreement_millionths() >= 980_000, "{:?}", replay.fit);
}

#[test]
fn limits_are_found_by_the_windows_that_the_server_names() {
    let tables = CROWD.replace("[server]\n", "[server]\nquota_headers = true\n");
    for (limit, found) in [
        ("kind = \"token_bucket\"\nrate = \"600/min\"\nburst = 50", "bucket of 50 requests, 10/s"),
        (
            "kind = \"fixed_window\"\nlimit = 70\nwindow = \"60s\"\noffset = \"7s\"",
            "window of 70 requests in 1m",
        ),
        (
            "kind = \"fixed_window\"\nlimit = 70\nwindow = \"60s\"\nstart = \"first_call\"",
            "window of 70 requests in 1m",
        ),
    ] {
        let replay = replayed(&format!("{tables}[[server.limit]]\n{limit}\n"));
        let text = replay.scenario.text();
        finds(&replay, found);
        assert!(text.contains("quota_headers = true"), "{text}");
        assert!(replay.fit.agreement_millionths() >= 950_000, "{limit}: {:?}", replay.fit);
    }
}

#[test]
fn a_server_that_counts_what_it_refuses_is_told_from_one_that_does_not() {
    let silent = CROWD.replace("[server]\n", "[server]\nretry_after = \"none\"\n");
    let told = CROWD.replace("[server]\n", "[server]\nquota_headers = true\n");
    let counts = "refusals_count = true";
    for (limit, found) in [
        ("kind = \"token_bucket\"\nrate = \"10/s\"\nburst = 20", "bucket of 20 requests, 10/s"),
        // As HAProxy's `http_req_rate(10s)`, by which a stick table counts every request.
        (
            "kind = \"sliding_window\"\nlimit = 40\nwindow = \"10s\"\noffset = \"4s\"",
            "sliding window of 40 requests in 10s",
        ),
    ] {
        for tables in [&silent, &told] {
            let (plain, counting) = (
                replayed(&format!("{tables}[[server.limit]]\n{limit}\n")),
                replayed(&format!("{tables}[[server.limit]]\n{limit}\n{counts}\n")),
            );
            finds(&plain, &format!("{found}: "));
            finds(&counting, &format!("{found}, refused ones counted: "));
            for replay in [plain, counting] {
                assert!(replay.fit.agreement_millionths() >= 970_000, "{limit}: {:?}", replay.fit);
            }
        }
    }
}

#[test]
fn a_server_that_gives_back_what_was_not_used_is_told_from_one_that_does_not() {
    let tables = "[clients]\ncount = 200\n[arrivals]\nkind = \"burst\"\nspread = \"20s\"\n\
         [cost]\noutput_tokens = { kind = \"uniform\", min = 10, max = 300 }\n\
         max_tokens = 1000\n[network]\nround_trip = \"40ms\"\n\
         [server]\nservice = \"1s\"\nquota_headers = true\n\
         [[server.limit]]\nkind = \"token_bucket\"\ndimension = \"tokens\"\nrate = \"60000/min\"\n\
         burst = 20000\n";
    for (refund, refusals_count) in [(true, false), (true, true), (false, false), (false, true)] {
        let rules = format!("refund = {refund}\nrefusals_count = {refusals_count}\n");
        let replay = replayed(&format!("{tables}{rules}"));
        let text = replay.scenario.text();
        for rule in rules.lines() {
            let limit = text.split("[[server.limit]]").nth(1).unwrap_or_default();
            assert!(limit.contains(rule), "{rules}{}", &limit[..limit.len().min(300)]);
        }
        assert!(replay.fit.agreement_millionths() >= 950_000, "{rules}: {:?}", replay.fit);
    }
}

#[test]
fn a_number_at_once_is_found() {
    // Read off the wire, a refusal for concurrency is told apart by what the server says;
    // a simulated one is not, so the outcome is changed in the trace.
    let limit = "[[server.limit]]\nkind = \"concurrency\"\nmax = 7\n";
    let trace =
        String::from_utf8(recorded(&scenario(&format!("{CROWD}{limit}")), PATIENT)).unwrap();
    let replay = replay(trace.replace("rate_limit", "concurrency").as_bytes());
    finds(&replay, "the server has a 7 at once");
    finds(&replay, "the network takes what refusals took, 40 ms in the middle");
}

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

#[test]
fn recorded_answers_are_given_once_more_while_a_call_does_what_it_did() {
    let limit = "[[server.limit]]\nkind = \"token_bucket\"\nrate = \"10/s\"\nburst = 20\n";
    let trace = recorded(&scenario(&format!("{CROWD}{limit}")), ON_TIME);
    let recording = Recording::read(&trace[..]).unwrap();
    let within = Duration::from_millis(200);
    let exact = recording.derive(&Wanted::new("calls").exact(within)).unwrap();
    finds(&exact, "an attempt is answered as it was recorded as long as it and all before it");
    assert!(exact.scenario.text().contains("within = \"200ms\""));
    // The file says all of it.
    let again = Scenario::parse(exact.scenario.text(), &[]).unwrap();
    assert_eq!(again.hash(), exact.scenario.hash());
    let run = |scenario: &Scenario, text: &str| {
        Simulation::new(scenario, policy(text).policy()).traced().checked().run()
    };
    // The policy that was recorded meets what it met, to the last send.
    let same = run(&exact.scenario, ON_TIME);
    assert_eq!(same.violation, None);
    let metrics = &same.result.metrics;
    assert_eq!(same.result.repeated, Some(exact.recorded.sends), "{metrics:?}");
    assert_eq!(metrics.sends, exact.recorded.sends);
    assert_eq!(metrics.throttled, exact.recorded.throttled);
    assert_eq!(metrics.succeeded, exact.recorded.succeeded);
    // Another one has the first answers, and from then on those of the model.
    let other = run(&exact.scenario, PATIENT);
    assert_eq!(other.violation, None);
    let repeated = other.result.repeated.unwrap();
    let metrics = &other.result.metrics;
    assert!((200..metrics.sends).contains(&repeated), "{repeated} of {}", metrics.sends);
    assert_eq!(metrics.succeeded, 200);
    // Without it every answer is the model's.
    let model = recording.derive(&Wanted::new("calls")).unwrap();
    assert_eq!(run(&model.scenario, ON_TIME).result.repeated, None);
}

/// Retries at times that no luck decides.
const ON_TIME: &str = "[retry]\nmax_attempts = \"none\"\ndeadline = \"none\"\nbudget = \"none\"\n\
     hint = \"none\"\nbackoff = { kind = \"exponential\", base = \"300ms\", max = \"60s\" }\n";

#[test]
fn lists_of_recorded_answers_must_fit() {
    let answers = |status: &str| {
        format!(
            "name = \"t\"\ntitle = \"\"\ndescription = \"\"\nhorizon = \"1h\"\n[clients]\ncalls = 2\n\
             [arrivals]\nkind = \"recorded\"\nat_ns = [0, 5]\n[arrivals.answers]\nwithin = \"1s\"\n\
             at_ns = [[9], []]\nworked_ns = [[1], []]\nwait_ns = [[0], []]\nstatus = {status}\n[server]\n"
        )
    };
    assert!(Scenario::parse(&answers("[[200], []]"), &[]).is_ok());
    for (status, message) in [
        ("[[200]]", "must be of one length for each call"),
        ("[[200, 429], []]", "must be of one length for each call"),
        ("[[99], []]", "status is 99, must be 100 to 599"),
    ] {
        let error = Scenario::parse(&answers(status), &[]).unwrap_err().to_string();
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
            (3, "expected ident"),
            (4, "the line is longer than 65536 bytes"),
            (5, "forbear_trace is 2, must be 1"),
            (9, "the trace was cut off within its last line"),
        ]
    );
    // Call 2 is of another version, and nobody knows what it says.
    let replay = recording.derive(&Wanted::new("calls")).unwrap();
    assert_eq!(replay.numbers, [1, 3]);
    let strict = Recording::read(trace.as_bytes()).unwrap_err();
    assert_eq!(strict.to_string(), "line 3: expected ident");
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

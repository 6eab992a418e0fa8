use crate::support::{Directory, run};

/// Every line fits a terminal.
#[track_caller]
fn fits(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_life_of_a_call_is_told_with_the_reason_of_each_wait() {
    let ran = run(&["explain", "retry-after-herd", "full-jitter", "--call", "117"]).exits(0);
    fits(&ran.stdout);
    let expected = "\
Retry-After herd: call 117 under full-jitter, seed 1
client 2; costs 1 request

0.030 s  arrives
         attempt 1 leaves
0.055 s  the server refuses it with 429: 0 left of the bucket of 50 requests,
         50/s, opens at 0.065 s
0.080 s  answer 1: 429, throttled; the server asks to wait 1 s
         waits 382 ms for a backoff, until 0.462 s
0.463 s  attempt 2 leaves
";
    assert!(ran.stdout.starts_with(expected), "{}", ran.stdout);
    let end = "2.813 s  answer 5: 200, success\n         succeeds\n";
    assert!(ran.stdout.ends_with(end), "{}", ran.stdout);
}

#[test]
fn a_wait_is_traced_to_the_limiter_and_the_line() {
    let told = |scenario: &str, policy: &str, call: &str| {
        let ran = run(&["explain", scenario, policy, "--call", call]).exits(0);
        fits(&ran.stdout);
        ran.stdout
    };
    let limited = told("llm-batch", "recommended", "120");
    for words in ["is taken up by a caller", "for a turn in line", "for the limiter token_bucket"] {
        assert!(limited.contains(words), "{words}: {limited}");
    }
}

#[test]
fn a_shared_wait_names_the_call_that_was_told() {
    let directory = Directory::new();
    // The second call is refused, and the third is not even sent.
    let file = directory.file(
        "storm.toml",
        "name = 'shared-wait'\ntitle = 'Shared wait'\ndescription = ''\nhorizon = '10m'\n\
         [clients]\ncalls = 3\n[arrivals]\nkind = 'poisson'\nrate = '2/s'\n[server]\n\
         [[server.limit]]\nkind = 'fixed_window'\nlimit = 1\nwindow = '10s'\n\
         [[policy]]\nname = 'shared'\n",
    );
    let words = ["explain", &file, "--call", "3"];
    let ran = run(&words).exits(0);
    fits(&ran.stdout);
    let told = "for the server's wait after another call: call 2 was told so at ";
    assert!(ran.stdout.replace("\n          ", " ").contains(told), "{}", ran.stdout);
    let answer = run(&[&words[..], &["--json"]].concat()).exits(0).json();
    let entries = answer["timeline"]["entries"].as_array().unwrap();
    let wait = entries.iter().find(|entry| entry["reason"] == "cooldown").unwrap();
    assert_eq!((&wait["what"], &wait["told_by"]["call"]), (&"waits".into(), &1.into()));
    assert!(wait["until_ns"].as_u64() > wait["at_ns"].as_u64(), "{wait}");
}

#[test]
fn a_moment_is_told_in_groups_with_the_state_of_the_limits() {
    let words = ["explain", "llm-batch", "recommended", "--at", "20s"];
    let ran = run(&words).exits(0);
    fits(&ran.stdout);
    for part in [
        "Waiting\n",
        "calls for a caller that is free\n",
        "call for the limiter token_bucket, until ",
        "In flight\n",
        " at the server: call ",
        "What the limiters say of the next request\n",
        "  token_bucket 1: may go, at 1 client\n",
        "  token_bucket 2: must wait 93 ms, at 1 client\n",
        "Server\n",
        "bucket of 200000 tokens, 200000/m, refused ones counted: ",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let moment = run(&[&words[..], &["--json"]].concat()).exits(0).json()["moment"].clone();
    let calls = &moment["calls"];
    let total: u64 = ["to_come", "waiting", "in_flight", "succeeded", "failed"]
        .iter()
        .map(|state| calls[*state].as_u64().unwrap())
        .sum();
    assert_eq!(total, 600);
    let waiting: u64 = moment["waiting"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["count"].as_u64().unwrap())
        .sum();
    assert_eq!(waiting, calls["waiting"].as_u64().unwrap());
}

#[test]
fn a_queue_tells_whose_turn_it_is_and_what_its_limiters_say() {
    let words = ["explain", "tenant-batch", "tenants", "--set", "clients.calls=300", "--at", "1s"];
    let ran = run(&words).exits(0);
    fits(&ran.stdout);
    for part in [
        "calls for a turn in line\n",
        "  1 call for the limiter gcra, until 1.000 s\n",
        "What the limiters say of the next request\n  gcra: must wait ",
        "  cooldown: may go, at 1 client\n",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
}

#[test]
fn after_the_end_nothing_waits() {
    let ran = run(&["explain", "retry-after-herd", "recommended", "--at", "9h"]).exits(0);
    assert!(ran.stdout.contains("0 waiting, 0 in flight"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Waiting\n  nothing\n"), "{}", ran.stdout);
}

#[test]
fn a_trace_is_explained_by_the_numbers_of_its_calls() {
    let directory = Directory::new();
    let file = directory.path("calls.ndjson");
    let words = ["run", "retry-after-herd", "full-jitter", "--trace", &file];
    run(&words).exits(0);
    let ran = run(&["explain", &file, "recommended", "--call", "800"]).exits(0);
    assert!(ran.stdout.contains("call 800 under recommended"), "{}", ran.stdout);
    fits(&ran.stdout.lines().skip(1).collect::<Vec<_>>().join("\n"));
    run(&["explain", &file, "recommended", "--at", "1s"]).exits(0);
    let ran = run(&["explain", &file, "recommended", "--call", "801"]).exits(2);
    assert!(ran.stderr.contains("there is no call 801"), "{}", ran.stderr);
    assert!(ran.stderr.contains("calls of the trace are 1 to 800"), "{}", ran.stderr);
    let ran = run(&["explain", &file, "--call", "1", "--set", "a.b=1"]).exits(2);
    assert!(ran.stderr.contains("--set is for scenarios"), "{}", ran.stderr);
}

#[test]
fn what_is_not_there_is_said() {
    let ran = run(&["explain", "retry-after-herd", "--call", "0"]).exits(2);
    assert!(ran.stderr.contains("calls are 1 to 800"), "{}", ran.stderr);
    run(&["explain", "retry-after-herd", "--call", "801"]).exits(2);
    let ran = run(&["explain", "retry-after-herd"]).exits(2);
    assert!(ran.stderr.contains("--call"), "{}", ran.stderr);
    run(&["explain", "retry-after-herd", "--call", "1", "--at", "1s"]).exits(2);
    let ran = run(&["explain", "retry-after-herd", "--at", "soon"]).exits(2);
    assert!(ran.stderr.contains("a number and a unit"), "{}", ran.stderr);
    let ran = run(&["explain", "retry-after-herd", "--call", "1", "--lenient"]).exits(2);
    assert!(ran.stderr.contains("--lenient is for traces"), "{}", ran.stderr);
}

#[test]
fn a_run_that_is_checked_says_so() {
    let ran = run(&["run", "retry-after-herd", "recommended", "--check"]).exits(0);
    assert!(ran.stdout.ends_with("no rule was broken after any event\n"), "{}", ran.stdout);
    let plain = run(&["run", "retry-after-herd", "recommended"]).exits(0);
    assert!(ran.stdout.starts_with(&plain.stdout));
}

use std::fs;

use crate::compare::{STORM, interrupted};
use crate::support::{Directory, run};

fn storm(directory: &Directory) -> String {
    directory.file("storm.toml", STORM)
}

/// A backoff that is far too hasty, and what might be instead.
const SEARCH: [&str; 8] = [
    "--vary",
    "retry.backoff.base=5ms..5s:log",
    "--vary",
    "retry.backoff.jitter=none,full,equal",
    "--runs",
    "300",
    "--reps",
    "10",
];

fn hasty(directory: &Directory) -> String {
    let source = "[retry]\nmax_attempts = 'none'\ndeadline = 'none'\nbudget = 'none'\nhint = 'none'\n\
                  backoff = { kind = 'exponential', base = '5ms', max = '60s', jitter = 'none' }\n";
    directory.file("hasty.toml", source)
}

#[test]
fn what_is_found_is_a_policy_file_that_check_accepts() {
    let directory = Directory::new();
    let (file, base) = (storm(&directory), hasty(&directory));
    let out = directory.path("tuned.toml");
    let goal = ["--objective", "time_to_drain", "--constraint", "amplification <= 4"];
    let words = [&["tune", &file, "--policy", &base, "--out", &out][..], &SEARCH, &goal].concat();
    let ran = run(&words).exits(0);
    assert!(ran.stdout.contains("Found a policy that is better than hasty"), "{}", ran.stdout);
    assert!(ran.stdout.contains("storms that the search did not see"), "{}", ran.stdout);
    let policy = fs::read_to_string(&out).unwrap();
    for said in [
        "# Found by forbear ",
        "for the scenario small-storm, hash ",
        "tune ",
        "--constraint 'amplification <= 4'",
        "# Validated in 10 storms that the search did not see, from seed 4294967297:",
        "#   time_to_drain ",
        "name = \"hasty-tuned\"",
    ] {
        assert!(policy.contains(said), "{said}: {policy}");
    }
    // In storms that neither the search nor the validation has seen.
    let words = ["check", &file, &out, "--seed", "900", "--assert", "amplification <= 4.5"];
    run(&words).exits(0);
    let words = ["check", &file, &base, "--seed", "900", "--assert", "amplification <= 4.5"];
    run(&words).exits(3);
}

#[test]
fn the_same_search_gives_the_same_bytes() {
    let directory = Directory::new();
    let (file, base) = (storm(&directory), hasty(&directory));
    let goal = ["--objective", "time_to_drain.regret", "--constraint", "sends.regret <= 400%"];
    let words = [&["tune", &file, "--policy", &base, "--json"][..], &SEARCH, &goal].concat();
    let (one, again) = (run(&words).exits(0), run(&words).exits(0));
    assert_eq!(one.stdout, again.stdout);
    let json = one.json();
    assert_eq!(json["outcome"], "better");
    assert_eq!(json["validated"], true);
    let search = &json["search"];
    let runs = search["runs"].as_u64().unwrap();
    assert!((250..=300).contains(&runs), "{runs}");
    // What was run is what was counted.
    let candidates = search["candidates"].as_array().unwrap();
    let made: usize = candidates.iter().map(|one| one["runs"].as_array().unwrap().len()).sum();
    assert_eq!(made as u64 + 10 + 20, runs, "the base, and both in fresh storms");
    let fresh = search["fresh"].as_array().unwrap();
    let seen: Vec<u64> = search["base_runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["seed"].as_u64().unwrap())
        .collect();
    assert!(fresh.iter().all(|run| !seen.contains(&run["seed"].as_u64().unwrap())));
    let other = run(&[&words[..], &["--seed", "7"]].concat());
    assert_ne!(other.json()["search"]["candidates"][0], candidates[0]);
}

#[test]
fn nothing_better_is_said_and_written_nowhere() {
    let directory = Directory::new();
    let file = storm(&directory);
    let out = directory.path("tuned.toml");
    // The key makes no difference: whatever is tried is as good as the base.
    let vary = ["--vary", "retry.max_attempts=1000..2000", "--runs", "120", "--reps", "10"];
    let words = ["tune", &file, "--policy", "patient", "--objective", "sends", "--out", &out];
    let ran = run(&[&words[..], &vary].concat()).exits(3);
    let said = "Nothing clearly better than patient was found";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
    assert!(ran.stdout.contains("keep the policy that you have"), "{}", ran.stdout);
    assert_eq!(directory.names(), ["storm.toml"]);
}

#[test]
fn constraints_that_nothing_keeps_are_said_with_the_nearest() {
    let directory = Directory::new();
    let file = storm(&directory);
    let vary = ["--vary", "retry.backoff.base=5ms..5s:log", "--runs", "120", "--reps", "10"];
    let words = ["tune", &file, "--policy", "patient", "--objective", "sends"];
    let constraint = ["--constraint", "time_to_drain < 1s"];
    let ran = run(&[&words[..], &vary, &constraint].concat()).exits(3);
    let said = "No policy was found that keeps the constraints";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
    assert!(ran.stdout.contains("The nearest breaks time_to_drain < 1s ("), "{}", ran.stdout);
    assert!(!ran.stdout.contains("[retry]"), "no policy is given: {}", ran.stdout);
}

#[test]
fn a_search_ends_when_nothing_is_left_to_try() {
    let directory = Directory::new();
    let file = storm(&directory);
    let vary =
        ["--vary", "retry.backoff.jitter=none,full,equal", "--runs", "100000", "--reps", "3"];
    let words = ["tune", &file, "--policy", "patient", "--objective", "sends", "--json"];
    let json = run(&[&words[..], &vary].concat()).json();
    assert_eq!(json["search"]["exhausted"], true);
    assert_eq!(json["search"]["candidates"].as_array().unwrap().len(), 3);
    let caution = "Nothing was left to try before the budget was used up.";
    assert!(json["cautions"].as_array().unwrap().iter().any(|said| said == caution), "{json}");
}

#[test]
fn a_search_that_cannot_be_made_is_refused_before_anything_runs() {
    let directory = Directory::new();
    let file = storm(&directory);
    let out = directory.path("tuned.toml");
    let base = ["--vary", "retry.max_attempts=2..9", "--objective", "sends"];
    for (words, reason) in [
        (&["--objective", "sends"][..], "--vary <KEY=VALUES>"),
        (&["--vary", "retry.max_attempts=2..9"], "--objective <METRIC>"),
        (&["--vary", "retry.max_attempts=2..9", "--objective", "sneds"], "did you mean 'sends'?"),
        (&["--vary", "retry.max_attempts=2..9", "--objective", "calls"], "so it is no objective"),
        (
            &["--vary", "retry.max_attempts=2..9", "--objective", "completion_p95.regret"],
            "no bound of completion_p95 is known",
        ),
        (
            &[&base[..], &["--runs", "0"]].concat(),
            "--runs: 0 runs are too few, must be at least 80",
        ),
        (&[&base[..], &["--runs", "79"]].concat(), "79 runs are too few, must be at least 80"),
        (&[&base[..], &["--runs", "-1"]].concat(), "unexpected argument '-1'"),
        (&[&base[..], &["--constraint", "sends"]].concat(), "must be a metric, one of < <= > >="),
        (&[&base[..], &["--constraint", "snds < 3"]].concat(), "did you mean 'sends'?"),
        (
            &[&base[..], &["--constraint", "sends < 3", "--constraint", "sends > 4"]].concat(),
            "no policy can keep both sends < 3 and sends > 4",
        ),
        (&[&base[..], &["--vary", "clients.count=2..9"]].concat(), "is not of the policy"),
        (&[&base[..], &["--vary", "retry.max_attempts=3,4"]].concat(), "max_attempts varies twice"),
        (&[&base[..], &["--vary", "retry.dedline=1s,2s"]].concat(), "unknown key 'dedline'"),
        (
            &[&base[..], &["--vary", "retry.backoff.factor=9.0..2.0"]].concat(),
            "must be above the start",
        ),
        (
            &[&base[..], &["--vary", "retry.backoff.base=0s..2s:log"]].concat(),
            "'0s' must be above 0",
        ),
        (&[&base[..], &["--vary", "retry.backoff.jitter=some,any"]].concat(), "jitter=some"),
    ] {
        let first = ["tune", &file, "--policy", "patient", "--out", &out];
        let ran = run(&[&first[..], words].concat()).exits(2);
        assert!(ran.stderr.contains(reason), "{words:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{words:?}");
    }
    assert_eq!(directory.names(), ["storm.toml"], "nothing is written");
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_the_best_so_far_and_says_that_it_is_not_validated() {
    let directory = Directory::new();
    let (file, base) = (storm(&directory), hasty(&directory));
    let out = directory.path("tuned.toml");
    let words = ["tune", &file, "--policy", &base, "--out", &out, "--objective", "sends"];
    let vary =
        ["--vary", "retry.backoff.base=5ms..5s:log", "--vary", "retry.backoff.factor=1.1..9.0"];
    let words = [&words[..], &["--runs", "100000000"]].concat();
    let ran = interrupted(&[&words[..], &vary].concat()).exits(130);
    assert!(ran.stderr.contains("the best so far is kept, not validated"), "{}", ran.stderr);
    assert!(ran.stdout.contains("Interrupted: what was found is not validated"), "{}", ran.stdout);
    let policy = fs::read_to_string(&out).unwrap();
    assert!(policy.contains("they are NOT validated"), "{policy}");
    run(&["check", &file, &out, "--reps", "3", "--assert", "failed <= 0"]).exits(0);
}

use std::fs;
use std::process::{Command, Stdio};

use crate::support::{Directory, Ran, forbear, run, run_with};

/// A small storm with two policies.
pub(crate) const STORM: &str = "
name        = 'small-storm'
title       = 'Small storm'
description = 'Twenty clients and a small bucket.'
horizon     = '30m'

[clients]
count = 20

[arrivals]
kind   = 'burst'
spread = '50ms'

[server]
retry_after = 'seconds'

[[server.limit]]
kind  = 'token_bucket'
rate  = '5/s'
burst = 5

[[policy]]
name = 'never'
[policy.retry]
max_attempts = 1
budget = 'none'
hint = 'none'

[[policy]]
name = 'patient'
[policy.retry]
max_attempts = 'none'
deadline = 'none'
budget = 'none'
[policy.retry.backoff]
kind = 'exponential'
base = '500ms'
max = '60s'
jitter = 'full'
";

fn storm(directory: &Directory) -> String {
    directory.file("storm.toml", STORM)
}

#[test]
fn the_policies_of_the_scenario_are_compared() {
    let directory = Directory::new();
    let ran = run(&["compare", &storm(&directory), "--reps", "10"]).exits(0);
    assert!(ran.stdout.starts_with("Small storm: 20 calls, 10 replications from seed 1\n"));
    for word in ["policy", "never", "patient", "429"] {
        assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
    }
    assert_eq!(ran.stderr, "", "no progress where nobody looks on");
}

#[test]
fn what_a_scenario_is_judged_by_has_a_column() {
    let small = ["--set", "clients.calls=100", "--reps", "2"];
    let ran = run(&[&["compare", "tenant-batch"][..], &small].concat()).exits(0);
    assert!(ran.stdout.contains("Share"), "{}", ran.stdout);
    let ran = run(&["compare", "retry-after-herd", "--reps", "2"]).exits(0);
    assert!(!ran.stdout.contains("Share"), "{}", ran.stdout);
}

#[test]
fn the_same_words_give_the_same_bytes() {
    let directory = Directory::new();
    let file = storm(&directory);
    let once = |name: &str| {
        let paths = ["html", "md", "csv"].map(|kind| directory.path(&format!("{name}.{kind}")));
        let words = ["compare", &file, "--reps", "4", "--json"];
        let files = ["--html", &paths[0], "--md", &paths[1], "--csv", &paths[2]];
        let ran = run(&[&words[..], &files[..]].concat()).exits(0);
        (ran.stdout, paths.map(|path| fs::read_to_string(path).expect("the report is written")))
    };
    assert_eq!(once("a"), once("b"));
}

#[test]
fn the_command_of_a_report_makes_it_again() {
    let directory = Directory::new();
    let file = storm(&directory);
    let words = ["compare", &file, "patient", "--set", "clients.count=7", "--json", "--reps", "2"];
    let answer = run(&words).exits(0).json();
    let command = answer["comparison"]["command"].as_str().expect("the command is in the JSON");
    let expected =
        format!("forbear compare {file} patient --reps 2 --seed 1 --set clients.count=7");
    assert_eq!(command, expected);
    let again: Vec<_> = command.split(' ').skip(1).chain(["--json"]).collect();
    assert_eq!(run(&again).exits(0).json(), answer);
}

#[test]
fn policies_come_from_files_the_scenario_and_presets_each_with_its_own_name() {
    let directory = Directory::new();
    let file = storm(&directory);
    let mine = directory.file("mine.toml", "[retry]\nmax_attempts = 3\n");
    let namesake = directory.file("other.toml", "name = 'never'\n[retry]\nmax_attempts = 2\n");
    let words =
        ["compare", &file, &mine, "never", "recommended", &namesake, "--reps", "1", "--json"];
    let answer = run(&words).exits(0).json();
    let policies = answer["comparison"]["policies"].as_array().unwrap().iter();
    let names: Vec<_> = policies.map(|policy| policy["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["mine", "never", "recommended", "never-2"]);
}

#[test]
fn a_scenario_is_read_from_standard_input() {
    let ran = run_with(STORM, &["compare", "-", "--reps", "1"]).exits(0);
    assert!(ran.stdout.contains("Small storm"), "{}", ran.stdout);
}

#[test]
fn reports_are_written_whole_and_named_on_standard_error() {
    let directory = Directory::new();
    let file = storm(&directory);
    let html = directory.file("report.html", "old");
    let ran = run(&["compare", &file, "--reps", "1", "--html", &html]).exits(0);
    assert_eq!(ran.stderr, format!("wrote {html}\n"));
    assert!(fs::read_to_string(&html).unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(directory.names(), ["report.html", "storm.toml"], "no other file is left");
}

#[test]
fn charts_are_written_to_a_directory_each_as_a_file() {
    let directory = Directory::new();
    let file = storm(&directory);
    let charts = directory.path("charts");
    let words = ["compare", &file, "--reps", "2", "--svg", &charts];
    let ran = run(&words).exits(0);
    let written = || {
        let entries = fs::read_dir(&charts).expect("the directory is made");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("it can be read"))
            .map(|entry| (entry.file_name(), fs::read_to_string(entry.path()).expect("it is text")))
            .collect();
        files.sort();
        files
    };
    let first = written();
    let names: Vec<_> = first.iter().map(|(name, _)| name.to_str().expect("UTF-8")).collect();
    let expected = "attempts completion cost fairness front outstanding send-rate storms";
    assert!(names.iter().map(|name| name.trim_end_matches(".svg")).eq(expected.split(' ')));
    for (name, svg) in &first {
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{name:?}");
        assert!(svg.contains("prefers-color-scheme:dark"), "{name:?}");
        assert!(ran.stderr.contains(name.to_str().expect("UTF-8")), "{}", ran.stderr);
    }
    run(&words).exits(0);
    assert_eq!(written(), first, "the same words give the same charts");
}

#[test]
fn charts_are_written_as_pictures_too() {
    let directory = Directory::new();
    let file = storm(&directory);
    let pictures = directory.path("pictures");
    let words = ["compare", &file, "never", "--reps", "2", "-q", "--png", &pictures];
    run(&words).exits(0);
    let names: Vec<_> =
        fs::read_dir(&pictures).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names.len(), 8);
    for path in names {
        assert_eq!(path.extension().and_then(|extension| extension.to_str()), Some("png"));
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{}", path.display());
        // Two pixels for each of the chart's 820 and its margins.
        assert_eq!(bytes[16..20], 1_704_u32.to_be_bytes(), "{}", path.display());
    }
    let ran = run(&["compare", &file, "--svg", &pictures, "--png", &file]).exits(2);
    assert!(ran.stderr.contains("is a file, must be a directory"), "{}", ran.stderr);
}

#[test]
fn charts_that_cannot_be_written_are_refused_before_the_work() {
    let directory = Directory::new();
    let file = storm(&directory);
    let long = ["compare", &file, "--reps", "1000000", "--svg"];
    let ran = run(&[&long[..], &[&file]].concat()).exits(2);
    assert!(ran.stderr.contains("is a file, must be a directory"), "{}", ran.stderr);
    let ran = run(&[&long[..], &[&directory.path("no/charts")]].concat()).exits(2);
    assert!(ran.stderr.contains("cannot be made: no such file"), "{}", ran.stderr);
    let charts = directory.path("");
    let taken = directory.path("cost.svg");
    let ran = run(&[&long[..], &[&charts, "--html", &taken]].concat()).exits(2);
    assert!(ran.stderr.contains("is named for two reports"), "{}", ran.stderr);
    assert_eq!(directory.names(), ["storm.toml"]);
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_the_work() {
    let directory = Directory::new();
    let file = storm(&directory);
    // So many replications would take hours.
    let long = ["compare", &file, "--reps", "1000000", "--html"];
    let missing = directory.path("no/report.html");
    let ran = run(&[&long[..], &[&missing]].concat()).exits(2);
    assert!(ran.stderr.contains("cannot be written: no such file or directory"), "{}", ran.stderr);
    let folder = directory.path("");
    let ran = run(&[&long[..], &[&folder]].concat()).exits(2);
    assert!(ran.stderr.contains("is a directory"), "{}", ran.stderr);
    let twice = directory.path("report");
    let ran = run(&[&long[..], &[&twice, "--csv", &twice]].concat()).exits(2);
    assert!(ran.stderr.contains("is named for two reports"), "{}", ran.stderr);
    assert_eq!(directory.names(), ["storm.toml"]);
}

#[test]
fn values_of_the_scenario_can_be_set() {
    let directory = Directory::new();
    let file = storm(&directory);
    let ran = run(&["compare", &file, "--reps", "1", "--set", "clients.count=7"]).exits(0);
    assert!(ran.stdout.starts_with("Small storm: 7 calls"), "{}", ran.stdout);
    for (set, message, help) in [
        ("clients.cuont=7", "unknown key 'cuont'", "did you mean 'count'?"),
        ("clients.count=0", "--set clients.count=0: ", ""),
        ("server.limit.0.rate=0/s", "--set server.limit.0.rate=0/s: ", ""),
        ("clients.count", "must be key=value", ""),
        ("=7", "must be key=value", ""),
    ] {
        let ran = run(&["compare", &file, "--set", set]).exits(2);
        assert!(ran.stderr.contains(message), "{set}: {}", ran.stderr);
        assert!(ran.stderr.contains(help), "{set}: {}", ran.stderr);
    }
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    let shipped = run(&["scenarios", "--json"]).exits(0).json();
    let name = shipped["scenarios"][0]["name"].as_str().unwrap();
    let ran = run(&["compare", &format!("{name}x")]).exits(2);
    assert!(ran.stderr.contains(&format!("did you mean '{name}'?")), "{}", ran.stderr);
    let ran = run(&["compare", "nosuch"]).exits(2);
    assert!(ran.stderr.contains("forbear scenarios"), "{}", ran.stderr);
    let directory = Directory::new();
    let ran = run(&["compare", &storm(&directory), "patent"]).exits(2);
    assert!(ran.stderr.contains("did you mean 'patient'?"), "{}", ran.stderr);
    run(&["compare", "./nosuch.toml"]).exits(2);
    run(&["compare"]).exits(2);
    run(&["compare", name, "--reps", "0"]).exits(2);
}

#[test]
fn a_scenario_without_policies_is_nothing_to_run() {
    let directory = Directory::new();
    let end = STORM.find("[[policy]]").unwrap();
    let file = directory.file("storm.toml", &STORM[..end]);
    let ran = run(&["compare", &file]).exits(4);
    assert!(ran.stderr.contains("names no policy"), "{}", ran.stderr);
    run(&["compare", &file, "recommended", "--reps", "1"]).exits(0);
}

#[test]
fn every_shipped_scenario_is_listed_and_printed() {
    let list = run(&["scenarios", "--json"]).exits(0).json();
    let table = run(&["scenarios"]).exits(0).stdout;
    let directory = Directory::new();
    for scenario in list["scenarios"].as_array().unwrap() {
        let name = scenario["name"].as_str().unwrap();
        assert!(table.contains(name), "{table}");
        let text = run(&["scenarios", name]).exits(0).stdout;
        let document = run(&["scenarios", name, "--json"]).exits(0).json();
        assert_eq!((&document["name"], &document["source"]), (&name.into(), &text.clone().into()));
        let file = directory.file("storm.toml", text);
        let printed = run(&["run", &file, "--json"]).exits(0).json();
        let shipped = run(&["run", name, "--json"]).exits(0).json();
        assert_eq!(printed["comparison"]["scenario"], shipped["comparison"]["scenario"]);
    }
}

#[test]
fn one_run_shows_every_metric() {
    let directory = Directory::new();
    let file = storm(&directory);
    let ran = run(&["run", &file, "patient", "--seed", "7"]).exits(0);
    assert!(ran.stdout.starts_with("Small storm: policy patient, seed 7\n"), "{}", ran.stdout);
    for line in ["What came of the calls", "Wasted", "hash "] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    assert_eq!(ran.stdout, run(&["run", &file, "patient", "--seed", "7"]).exits(0).stdout);
    assert_ne!(ran.stdout, run(&["run", &file, "patient", "--seed", "8"]).exits(0).stdout);
}

#[test]
fn a_shared_quota_is_told_of() {
    let ran = run(&["run", "redis-partition", "shared"]).exits(0);
    for words in ["\nHow Redis was used\n", "\n  Sent from leases ", "\n  Without Redis "] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let json = run(&["run", "redis-partition", "shared-closed", "--json"]).exits(0).json();
    let shared = &json["comparison"]["policies"][0]["runs"][0]["shared"];
    assert_eq!(shared["without_redis"], 0, "{shared}");
    assert!(shared["failures"].as_u64().unwrap() > 0, "{shared}");
    let without = run(&["run", "redis-partition", "static-split"]).exits(0);
    assert!(!without.stdout.contains("How Redis"), "{}", without.stdout);
}

/// Starts what takes long, and presses Ctrl-C after a while.
#[cfg(unix)]
pub(crate) fn interrupted(words: &[&str]) -> Ran {
    stopped(words, "-INT")
}

/// Starts what takes long, and sends it a signal after a while.
#[cfg(unix)]
fn stopped(words: &[&str], signal: &str) -> Ran {
    // Long enough for many runs, of which one takes below a millisecond; longer where a
    // busy machine has not come to the first.
    for seconds in ["2", "8", "30"] {
        let mut command = forbear(words);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("it starts");
        let pid = child.id().to_string();
        Command::new("sleep").arg(seconds).status().expect("sleep is there");
        Command::new("kill").args([signal, &pid]).status().expect("kill is there");
        let ran: Ran = child.wait_with_output().expect("it ends").into();
        if !ran.stderr.contains("interrupted before the first") {
            return ran;
        }
    }
    panic!("nothing was done in half a minute")
}

#[test]
#[cfg(unix)]
fn a_supervisor_that_terminates_it_gets_what_is_done_too() {
    let ran = stopped(&["compare", "retry-after-herd", "--reps", "100000"], "-TERM").exits(130);
    assert!(ran.stderr.contains(" of 100000 replications are kept"), "{}", ran.stderr);
    assert!(ran.stdout.contains("recommended"), "{}", ran.stdout);
}

#[test]
#[cfg(unix)]
fn ctrl_c_before_the_first_run_says_so() {
    // A scenario from standard input that never comes.
    for (words, json) in [
        (&["compare", "-"][..], false),
        (&["sweep", "-", "--vary", "clients.count=1,2"], false),
        (&["check", "-", "--json"], true),
    ] {
        let mut command = forbear(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut ended = None;
        // Pressed too early, before anybody listens, it has no words.
        for seconds in ["1", "4", "15"] {
            let pid = child.id().to_string();
            Command::new("sleep").arg(seconds).status().expect("sleep is there");
            Command::new("kill").args(["-INT", &pid]).status().expect("kill is there");
            let stdin = child.stdin.take();
            let ran = child.wait_with_output().expect("it ends");
            drop(stdin);
            if !ran.stderr.is_empty() {
                ended = Some(Ran::from(ran));
                break;
            }
            child = command.spawn().expect("it starts");
        }
        let ran = ended.expect("it says something").exits(130);
        if json {
            assert_eq!(ran.json_error()["message"], "interrupted before the first run began");
        } else {
            assert_eq!(ran.stderr, "error: interrupted before the first run began\n");
        }
        assert_eq!(ran.stdout, "");
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_the_replications_that_are_done() {
    let directory = Directory::new();
    let file = storm(&directory);
    let csv = directory.path("report.csv");
    let large = ["--set", "clients.count=200", "--reps", "20000", "--csv", &csv];
    let ran = interrupted(&[&["compare", &file][..], &large].concat()).exits(130);
    assert!(ran.stderr.contains("interrupted: "), "{}", ran.stderr);
    assert!(ran.stderr.contains(" of 20000 replications are kept"), "{}", ran.stderr);
    assert!(ran.stdout.contains("patient"), "{}", ran.stdout);
    assert!(fs::read_to_string(&csv).unwrap().lines().count() > 2);
    assert_eq!(directory.names(), ["report.csv", "storm.toml"]);
}

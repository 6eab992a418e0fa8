use std::fs;

use crate::compare::{STORM, interrupted};
use crate::support::{Directory, run};

fn storm(directory: &Directory) -> String {
    directory.file("storm.toml", STORM)
}

const VARY: [&str; 4] =
    ["--vary", "retry.backoff.base=100ms..1600ms:x4", "--vary", "clients.count=10,20"];

fn swept<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["sweep", file, "patient", "--reps", "4"][..], &VARY, more].concat()
}

#[test]
fn every_combination_is_a_point_and_the_last_varies_fastest() {
    let directory = Directory::new();
    let ran = run(&swept(&storm(&directory), &["--json"])).exits(0);
    let json = ran.json();
    let points: Vec<String> = json["sweep"]["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| format!("{}", point["values"]))
        .collect();
    let expected = ["100ms", "400ms", "1600ms"]
        .iter()
        .flat_map(|base| ["10", "20"].map(|count| format!("[\"{base}\",\"{count}\"]")));
    assert_eq!(points, expected.collect::<Vec<_>>());
    // Half of the clients make half of the calls.
    assert_eq!(json["summary"][0]["metrics"]["calls"]["mean"], 10.0);
    assert_eq!(json["summary"][1]["metrics"]["calls"]["mean"], 20.0);
}

#[test]
fn a_point_is_what_compare_says_of_its_values() {
    let directory = Directory::new();
    let file = storm(&directory);
    let sweep = run(&swept(&file, &["--seed", "7", "--json"])).exits(0).json();
    let changed = STORM.replace("base = '500ms'", "base = '400ms'");
    let other = directory.file("other.toml", changed);
    let words = ["--reps", "4", "--seed", "7", "--set", "clients.count=10", "--json"];
    let compared = run(&[&["compare", &other, "patient"][..], &words].concat()).exits(0).json();
    assert_eq!(sweep["sweep"]["points"][2]["values"][0], "400ms");
    assert_eq!(sweep["sweep"]["points"][2]["runs"], compared["comparison"]["policies"][0]["runs"]);
}

#[test]
fn the_front_is_marked_in_words() {
    let directory = Directory::new();
    let words = ["sweep", &storm(&directory), "patient", "--reps", "12"];
    // Impatience costs sends, patience costs time.
    let vary = ["--vary", "retry.backoff.base=20ms,1s", "--objective", "time_to_drain,sends"];
    let ran = run(&[&words[..], &vary].concat()).exits(0);
    assert_eq!(ran.stdout.matches("  front\n").count(), 2, "{}", ran.stdout);
    assert!(ran.stdout.contains("2 of 2 points are on the Pareto front of time to drain"));

    let vary = ["--vary", "retry.backoff.base=20ms,1s", "--objective", "sends"];
    let ran = run(&[&words[..], &vary].concat()).exits(0);
    assert_eq!(ran.stdout.matches("  front\n").count(), 1, "{}", ran.stdout);
    let line = ran.stdout.lines().find(|line| line.ends_with("front")).unwrap();
    assert!(line.starts_with("1s "), "{}", ran.stdout);
}

#[test]
fn conditions_are_not_held_against_each_other() {
    let directory = Directory::new();
    let ran = run(&["sweep", &storm(&directory), "patient", "--vary", "clients.count=10,20"]);
    let ran = ran.exits(0);
    assert!(!ran.stdout.contains("front"), "{}", ran.stdout);
}

#[test]
fn merged_shards_are_the_whole_to_the_byte() {
    let directory = Directory::new();
    let file = storm(&directory);
    for objective in ["success_share,time_to_drain,amplification", "sends"] {
        let of = |more: &[&str]| {
            run(&swept(&file, &[&["--objective", objective, "--json"][..], more].concat())).exits(0)
        };
        let whole = of(&[]).stdout;
        let parts: Vec<String> = ["3/4", "1/4", "4/4", "2/4"]
            .into_iter()
            .map(|shard| {
                let name = format!("{}.json", &shard[..1]);
                directory.file(&name, of(&["--shard", shard]).stdout)
            })
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let merged = run(&[&["merge", "--json"][..], &parts].concat()).exits(0);
        assert_eq!(merged.stdout, whole);

        let csv = directory.path("merged.csv");
        run(&[&["merge", "--csv", &csv][..], &parts].concat()).exits(0);
        let other = directory.path("whole.csv");
        of(&["--csv", &other]);
        assert_eq!(fs::read_to_string(csv).unwrap(), fs::read_to_string(other).unwrap());

        let ran = run(&[&["merge"][..], &parts[..3]].concat()).exits(2);
        assert!(ran.stderr.contains("there are 4 of 6 points"), "{}", ran.stderr);
        assert!(ran.stderr.contains("is missing is 1 (shard 2/4)"), "{}", ran.stderr);
        let ran = run(&["merge", parts[0], parts[0]]).exits(2);
        assert!(ran.stderr.contains("point 2 (shard 3/4) comes twice"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_not_of_one_sweep_is_not_merged() {
    let directory = Directory::new();
    let file = storm(&directory);
    let first = run(&swept(&file, &["--shard", "1/2", "--json"])).exits(0).stdout;
    let part = directory.file("1.json", &first);
    let second = run(&swept(&file, &["--shard", "2/2", "--json"])).exits(0).stdout;
    let other_storm = directory.file("other.toml", STORM.replace("burst = 5", "burst = 6"));
    let of = |file: &str, words: &[&str]| {
        run(&swept(file, &[&["--shard", "2/2", "--json"][..], words].concat())).exits(0).stdout
    };
    for (other, reason) in [
        (of(&other_storm, &[]), "has another scenario than the first part"),
        (of(&file, &["--seed", "9"]), "has another first seed than the first part"),
        (of(&file, &["--vary", "clients.calls=1,2"]), "has another set of parameters than"),
        (of(&file, &["--objective", "sends"]), "has other objectives than the first part"),
        (
            second.replace("\"version\": \"", "\"version\": \"9."),
            "has another version of forbear than the first part",
        ),
        (
            second.replace("\"partial\": false", "\"partial\": true"),
            "was interrupted, run it again",
        ),
        (second.replace("\"index\": 1,", "\"index\": 77,"), "that is not of its grid"),
        (
            second.replacen("\"seed\": 2,", "\"seed\": 77,", 1),
            "has other runs of point 1 than the 4 from seed 1 on",
        ),
        (second.replace("\"2/2\"", "\"3/2\""), "shard is 3/2, must be 1/2 to 2/2"),
        (second.replace("\"format\": 1", "\"format\": 2"), "has format 2"),
        (second[..second.len() / 2].to_owned(), "is no result of a sweep"),
        ("{}".to_owned(), "is no result of a sweep: missing field"),
    ] {
        let other = directory.file("2.json", other);
        let ran = run(&["merge", &part, &other]).exits(2);
        assert!(ran.stderr.contains(reason), "{reason}: {}", ran.stderr);
        assert!(ran.stderr.contains("2.json"), "{reason}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    let missing = directory.path("none.json");
    let ran = run(&["merge", &missing]).exits(2);
    assert!(ran.stderr.contains("none.json: no such file"), "{}", ran.stderr);
}

#[test]
fn what_cannot_vary_is_said_before_anything_runs() {
    let directory = Directory::new();
    let file = storm(&directory);
    let report = directory.path("report.csv");
    for (vary, reason) in [
        ("clients.count", "must be key=values, such as"),
        ("clients.count=10..40", "10..40 has no steps, must be such as clients.count=10..40:10"),
        ("clients.count=10..40:log", "clients.count=10..40:log5, or be sampled"),
        ("clients.count=5,10..40", "10..40 has no steps, so it must stand alone"),
        ("clients.count=40..10:5", "'10' must be at least 40"),
        ("clients.count=1,1", "the value 1 comes twice"),
        ("clients.count=1,,2", "a value is empty"),
        ("clients.count=0", "clients.count=0: the number is 0, must be 1 to 1000000"),
        ("clients.cuont=1", "unknown key 'cuont'"),
        ("retry.max_atempts=1", "unknown key 'max_atempts'"),
        ("retry.max_attempts=0", "max_attempts is 0, must be at least 1"),
        ("retry.backoff.max=1ms", "base is 500ms, must be no longer than max"),
        ("server.limit.7.rate=5/s", "'7' is not the number of one of 1 entries"),
        ("policy.0.retry.max_attempts=2", "a sweep has one policy"),
        ("clients.count=1..10000:1,10001", "more than 10000 values"),
    ] {
        let ran = run(&["sweep", &file, "patient", "--csv", &report, "--vary", vary]).exits(2);
        assert!(ran.stderr.contains(reason), "{vary}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{vary}");
    }
    let grid = ["--vary", "clients.count=1..200:1", "--vary", "clients.calls=1..200:1"];
    for (words, reason) in [
        (&[][..], "--vary <KEY=VALUES>"),
        (&["--vary", "clients.count=1", "--vary", "clients.count=2"], "clients.count varies twice"),
        (&grid, "the grid has 40000 points, must be at most 10000"),
        (
            &["--vary", "clients.count=1", "--set", "clients.count=2"],
            "--set clients.count=2 is replaced by --vary",
        ),
        (&["--vary", "clients.count=1", "--shard", "3/2"], "shard is 3/2, must be 1/2 to 2/2"),
        (&["--vary", "clients.count=1", "--shard", "x"], "must be part/parts, such as 1/4"),
        (&["--vary", "clients.count=1", "--objective", "sneds"], "did you mean 'sends'?"),
        (&["--vary", "clients.count=1", "--objective", "calls"], "it is no objective"),
    ] {
        let ran = run(&[&["sweep", &file, "patient", "--csv", &report][..], words].concat());
        let ran = ran.exits(2);
        assert!(ran.stderr.contains(reason), "{words:?}: {}", ran.stderr);
    }
    assert_eq!(directory.names(), ["storm.toml"], "nothing is written");
    let ran = run(&["sweep", &file, "--vary", "clients.count=1", "--shard", "2/2"]).exits(4);
    assert!(ran.stderr.contains("this shard has no point"), "{}", ran.stderr);
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_the_points_that_are_done() {
    let directory = Directory::new();
    // Few points, of which each takes long: a busy machine needs a while to read 300.
    let vary = ["--vary", "clients.count=401..460:1"];
    let words = ["sweep", &storm(&directory), "patient", "--reps", "100"];
    let ran = interrupted(&[&words[..], &vary].concat()).exits(130);
    assert!(ran.stderr.contains("interrupted: "), "{}", ran.stderr);
    assert!(ran.stderr.contains(" of 60 points are kept"), "{}", ran.stderr);
    assert!(ran.stdout.contains(" of 60 points"), "{}", ran.stdout);
}

#[test]
fn the_points_of_a_sample_are_drawn_against_each_parameter() {
    let directory = Directory::new();
    let (file, svg, html) =
        (storm(&directory), directory.path("points.svg"), directory.path("points.html"));
    let words = ["sweep", &file, "patient", "--reps", "2", "--scatter", &svg, "--html", &html];
    let sample = ["--sample", "lhs", "--points", "12"];
    let vary = ["--vary", "retry.backoff.base=100ms..2s:log", "--vary", "retry.max_attempts=2..9"];
    run(&[&words[..], &vary, &sample].concat()).exits(0);
    let drawn = fs::read_to_string(&svg).unwrap();
    assert_eq!(drawn.matches("<circle").count(), 2 * 12, "{drawn}");
    for key in ["retry.backoff.base (s)", "retry.max_attempts"] {
        assert!(drawn.contains(key), "{key}: {drawn}");
    }
    assert!(fs::read_to_string(&html).unwrap().contains("class=\"chart scatter\""));
    let grid = run(&swept(&file, &["--scatter", &svg])).exits(2);
    assert!(grid.stderr.contains("--scatter takes a sample (--sample lhs)"), "{}", grid.stderr);
}

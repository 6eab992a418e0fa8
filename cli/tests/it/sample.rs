use std::fs;

use crate::compare::STORM;
use crate::support::{Directory, run};

fn storm(directory: &Directory) -> String {
    directory.file("storm.toml", STORM)
}

/// A time with its unit, in seconds.
#[expect(clippy::float_arithmetic, reason = "a place on an axis")]
fn seconds(text: &str) -> f64 {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        unit => panic!("{unit}"),
    };
    digits.parse::<f64>().expect("the digits are a number") * unit
}

const VARY: [&str; 10] = [
    "--vary",
    "retry.backoff.base=10ms..10s:log",
    "--vary",
    "clients.count=10..29",
    "--sample",
    "lhs",
    "--points",
    "20",
    "--reps",
    "2",
];

#[test]
fn a_latin_hypercube_meets_each_part_of_each_range_once() {
    let directory = Directory::new();
    let file = storm(&directory);
    let words = [&["sweep", &file, "patient", "--json"][..], &VARY].concat();
    let json = run(&words).exits(0).json();
    let points = json["sweep"]["points"].as_array().unwrap();
    assert_eq!(points.len(), 20);
    assert!(json["summary"][0]["standing"].is_null(), "each point has a storm of its own");
    assert!(json["cautions"].to_string().contains("there is no Pareto front"), "{json}");
    let value = |at: usize| points.iter().map(move |point| point["values"][at].as_str().unwrap());
    let mut counts: Vec<u32> = value(1).map(|count| count.parse().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, (10..30).collect::<Vec<u32>>());
    // A thousandfold in twenty equal ratios.
    let mut parts: Vec<u32> = value(0)
        .map(|base| {
            let place = (seconds(base) / 0.01).ln() / 1000_f64.ln() * 20.0;
            // Three digits may round a place over its border.
            (0..20_u32).find(|part| place < f64::from(*part) + 1.03).unwrap()
        })
        .collect();
    parts.sort_unstable();
    parts.dedup();
    assert!(parts.len() >= 19, "{parts:?}");
    assert_eq!(run(&words).exits(0).json(), json, "the same seed draws the same");
    let other = run(&[&words[..], &["--seed", "2"]].concat()).exits(0).json();
    assert_ne!(other["sweep"]["points"][0]["values"], json["sweep"]["points"][0]["values"]);
}

#[test]
fn the_command_of_a_sample_makes_it_again() {
    let directory = Directory::new();
    let file = storm(&directory);
    let json = run(&[&["sweep", &file, "patient", "--json"][..], &VARY].concat()).exits(0).json();
    let command = json["sweep"]["command"].as_str().unwrap().to_owned();
    let words: Vec<&str> = command.split(' ').skip(1).chain(["--json"]).collect();
    assert!(command.contains("--sample lhs --points 20"), "{command}");
    assert_eq!(run(&words).exits(0).json(), json);
}

#[test]
fn merged_shards_of_a_sample_are_the_whole_to_the_byte() {
    let directory = Directory::new();
    let file = storm(&directory);
    let of = |more: &[&str]| {
        run(&[&["sweep", &file, "patient", "--json"][..], &VARY, more].concat()).exits(0).stdout
    };
    let whole = of(&[]);
    let parts: Vec<String> = ["2/3", "1/3", "3/3"]
        .into_iter()
        .map(|shard| directory.file(&format!("{}.json", &shard[..1]), of(&["--shard", shard])))
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (csv, parquet) = (directory.path("m.csv"), directory.path("m.parquet"));
    let words = ["merge", "--json", "--effects", &csv, "--parquet", &parquet];
    let merged = run(&[&words[..], &parts].concat()).exits(0);
    assert_eq!(merged.stdout, whole);
    let (other_csv, other) = (directory.path("w.csv"), directory.path("w.parquet"));
    of(&["--effects", &other_csv, "--parquet", &other]);
    assert_eq!(fs::read_to_string(csv).unwrap(), fs::read_to_string(other_csv).unwrap());
    assert_eq!(fs::read(parquet).unwrap(), fs::read(other).unwrap());

    let words = [&["sweep", &file, "patient", "--json"][..], &VARY].concat();
    let words = [&words[..], &["--shard", "1/3", "--points", "21"]].concat();
    let error = run(&words);
    assert_eq!(error.code, 2, "one --points only: {}", error.stderr);
    let grid = ["--vary", "clients.count=10,11", "--shard", "1/3", "--reps", "2", "--json"];
    let other = run(&[&["sweep", &file, "patient"][..], &grid].concat()).exits(0).stdout;
    let other = directory.file("other.json", other);
    let ran = run(&["merge", parts[0], &other]).exits(2);
    assert!(ran.stderr.contains("has another set of parameters"), "{}", ran.stderr);
}

#[test]
fn what_each_parameter_does_is_said_with_its_interval() {
    let directory = Directory::new();
    let file = storm(&directory);
    let effects = directory.path("effects.csv");
    let vary = ["--vary", "retry.backoff.base=20ms,1s", "--vary", "clients.count=10,20,40"];
    let words = ["sweep", &file, "patient", "--reps", "12", "--objective", "sends,time_to_drain"];
    let ran = run(&[&words[..], &vary, &["--effects", &effects]].concat()).exits(0);
    assert!(ran.stdout.contains("retry.backoff.base explains "), "{}", ran.stdout);
    let text = fs::read_to_string(&effects).unwrap();
    let mut lines = text.lines();
    let head = "parameter,metric,unit,explains,value,points,mean,effect,low,high";
    assert_eq!(lines.next(), Some(head));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), (2 + 3) * 2);
    for metric in ["sends", "time_to_drain"] {
        let rows = || rows.iter().filter(|row| row[1] == metric);
        let number = |text: &str| text.parse::<f64>().unwrap();
        // Effects are distances from one mean, so with equal weights they cancel.
        for key in ["retry.backoff.base", "clients.count"] {
            let effects = rows().filter(|row| row[0] == key).map(|row| number(row[7]));
            assert!(effects.sum::<f64>().abs() < 1e-9, "{text}");
        }
        for row in rows() {
            assert!(
                number(row[8]) <= number(row[7]) && number(row[7]) <= number(row[9]),
                "{row:?}"
            );
        }
        let explained = |key: &str| number(rows().find(|row| row[0] == key).unwrap()[3]);
        let both = explained("retry.backoff.base") + explained("clients.count");
        assert!(both > 0.5 && both <= 1.0 + 1e-9, "{metric}: {both}");
    }
    // Impatience costs sends: the paired interval of its effect is far from zero.
    let hasty = rows.iter().find(|row| row[1] == "sends" && row[4] == "20ms").unwrap();
    assert!(hasty[8].parse::<f64>().unwrap() > 0.0, "{hasty:?}");
    let json = run(&[&words[..], &vary, &["--json"]].concat()).exits(0).json();
    assert_eq!(json["effects"][0]["parameter"], "retry.backoff.base");
    assert_eq!(json["effects"][0]["levels"][0]["effect"]["mean"].to_string(), hasty[7]);
}

#[test]
fn a_grid_of_two_parameters_is_drawn_as_a_field() {
    let directory = Directory::new();
    let file = storm(&directory);
    let (svg, html) = (directory.path("map.svg"), directory.path("sweep.html"));
    let vary = ["--vary", "retry.backoff.base=20ms,1s", "--vary", "clients.count=10,20,40"];
    let words = ["sweep", &file, "patient", "--reps", "3", "--heat-map", &svg];
    run(&[&words[..], &vary, &["--html", &html]].concat()).exits(0);
    let drawn = fs::read_to_string(&svg).unwrap();
    let shaded = |svg: &str| svg.matches("class=\"h").count();
    assert_eq!(shaded(&drawn), 6, "six fields of one value, and no legend for it");
    assert!(
        drawn.contains(">Succeeded by retry.backoff.base and clients.count</title>"),
        "{drawn}"
    );
    let page = fs::read_to_string(&html).unwrap();
    assert_eq!(page.matches("<svg").count(), 3, "a map of each objective");
    assert_eq!(shaded(&page), 3 * 6 + 2 * 9, "two legends, of what differs");
    assert!(page.contains("What each parameter does"));

    let three = [&vary[..], &["--vary", "clients.calls=1,2"]].concat();
    for vary in [&vary[..2], &three, &VARY[..8]] {
        let fresh = directory.path("no.svg");
        let words = ["sweep", &file, "patient", "--heat-map", &fresh];
        let ran = run(&[&words[..], vary].concat()).exits(2);
        assert!(
            ran.stderr.contains("--heat-map takes a grid in which exactly two"),
            "{}",
            ran.stderr
        );
        assert!(!fs::exists(&fresh).unwrap());
    }
}

#[test]
fn a_sample_that_cannot_be_drawn_is_refused() {
    let directory = Directory::new();
    let file = storm(&directory);
    for (words, reason) in [
        (&["--vary", "clients.count=2..9", "--sample", "lhs"][..], "--points <N>"),
        (&["--vary", "clients.count=2..9", "--points", "9"], "--sample <KIND>"),
        (
            &["--vary", "clients.count=2..9", "--sample", "lhs", "--points", "0"],
            "0 is not in 1..=10000",
        ),
        (
            &["--vary", "clients.count=2..9", "--sample", "sobol", "--points", "9"],
            "[possible values: lhs]",
        ),
        (
            &["--vary", "clients.count=9..2", "--sample", "lhs", "--points", "9"],
            "'2' must be above the start",
        ),
        (
            &["--vary", "clients.count=0..9:log", "--sample", "lhs", "--points", "9"],
            "'0' must be above 0",
        ),
        (
            &["--vary", "clients.count=0..0.5", "--sample", "lhs", "--points", "9"],
            "clients.count=0",
        ),
        (
            &["--vary", "retry.max_atempts=2..9", "--sample", "lhs", "--points", "9"],
            "unknown key 'max_atempts'",
        ),
    ] {
        let ran = run(&[&["sweep", &file, "patient"][..], words].concat()).exits(2);
        assert!(ran.stderr.contains(reason), "{words:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{words:?}");
    }
}

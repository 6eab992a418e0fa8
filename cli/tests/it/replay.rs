use std::fs;

use crate::support::{Directory, run, run_with};

/// The trace of a small storm, with and without a place in a directory.
fn trace(directory: &Directory) -> String {
    let path = directory.path("calls.ndjson");
    let words = ["run", "retry-after-herd", "full-jitter", "--set", "clients.calls=40"];
    run(&[&words[..], &["--trace", &path]].concat()).exits(0);
    path
}

#[test]
fn a_recorded_storm_is_replayed_under_the_usual_policies() {
    let directory = Directory::new();
    let file = trace(&directory);
    let ran = run(&["replay", &file, "--reps", "3"]).exits(0);
    for words in
        ["Recorded over ", "It takes for granted that\n- ", "- the server has a bucket of "]
    {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    for policy in ["none", "fixed-retry", "exponential", "full-jitter", "recommended"] {
        assert!(ran.stdout.contains(policy), "{policy}: {}", ran.stdout);
    }
    // Up to the table of the comparison, which has the width of its columns.
    let head: Vec<_> =
        ran.stdout.lines().take_while(|line| !line.starts_with("Replay of")).collect();
    assert!(head.len() > 5 && head.iter().all(|line| line.chars().count() <= 80), "{head:#?}");
}

#[test]
fn the_scenario_of_a_trace_is_written_and_gives_the_same_results() {
    let directory = Directory::new();
    let file = trace(&directory);
    let storm = directory.path("storm.toml");
    let words = ["replay", &file, "recommended", "full-jitter", "--reps", "2", "--json"];
    let replayed = run(&[&words[..], &["--scenario", &storm]].concat()).exits(0);
    assert_eq!(replayed.stderr, format!("wrote {storm}\n"));
    let compared = ["compare", &storm, "recommended", "full-jitter", "--reps", "2", "--json"];
    let (one, other) = (replayed.json(), run(&compared).exits(0).json());
    assert_eq!(one["comparison"]["policies"], other["comparison"]["policies"]);
    assert_eq!(one["comparison"]["scenario"], other["comparison"]["scenario"]);
    let assumptions = one["replay"]["assumptions"].as_array().unwrap();
    assert!(assumptions.len() >= 4, "{assumptions:?}");
    assert_eq!(one["replay"]["recorded"]["calls"], 320);
    let description = one["comparison"]["scenario"]["description"].as_str().unwrap();
    assert!(description.contains(assumptions[0].as_str().unwrap()), "{description}");
    let command = one["comparison"]["command"].as_str().unwrap();
    assert_eq!(command, format!("forbear replay {file} recommended full-jitter --reps 2 --seed 1"));
}

#[test]
fn the_report_of_a_long_trace_is_small_and_says_what_is_assumed() {
    let directory = Directory::new();
    let path = directory.path("calls.ndjson");
    let words = ["run", "github-secondary", "recommended", "--set", "clients.calls=20000"];
    let more = ["--set", "horizon=10h", "--trace", &path];
    run(&[&words[..], &more].concat()).exits(0);
    let (html, md) = (directory.path("r.html"), directory.path("r.md"));
    let ran = ["replay", &path, "recommended", "--reps", "1", "--html", &html, "--md", &md];
    run(&ran).exits(0);
    assert!(fs::metadata(&html).unwrap().len() < 1_000_000);
    for file in [&html, &md] {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains("takes for granted"), "{file}");
        assert!(text.contains("characters more"), "{file}");
    }
}

#[test]
fn a_trace_comes_from_standard_input_and_a_server_from_a_file() {
    let directory = Directory::new();
    let text = fs::read_to_string(trace(&directory)).unwrap();
    let server = directory.file(
        "server.toml",
        "[server]\n[[server.limit]]\nkind = 'fixed_window'\nlimit = 7\nwindow = '1m'\n",
    );
    let words = ["replay", "-", "recommended", "--reps", "1", "--server", &server];
    let ran = run_with(&text, &words).exits(0);
    assert!(ran.stdout.contains("the server is the given one"), "{}", ran.stdout);
    let wrong = directory.file("wrong.toml", "[server]\nservis = '1s'\n");
    let words = ["replay", "-", "recommended", "--server", &wrong];
    let ran = run_with(&text, &words).exits(2);
    assert!(ran.stderr.contains("unknown key 'servis'"), "{}", ran.stderr);
    assert!(ran.stderr.contains("wrong.toml:2"), "{}", ran.stderr);
}

#[test]
fn traces_that_cannot_be_read_are_refused_with_the_line() {
    let directory = Directory::new();
    let text = fs::read_to_string(trace(&directory)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let cut = &text[..text.len() - 20];
    let newer = text.replacen("\"forbear_trace\":1", "\"forbear_trace\":9", 1);
    let mixed = format!("{}\n{}\n{}\n", lines[0], lines[1], newer.lines().next().unwrap());
    let twice = format!("{}\n{}\n{}\n", lines[0], lines[1], lines[1]);
    let last = lines.len();
    for (name, content, place, message) in [
        ("cut", cut.to_owned(), format!(":{last}"), "the trace was cut off within its last line"),
        ("new", newer.clone(), ":1".to_owned(), "forbear_trace is 9, must be 1"),
        ("mixed", mixed, ":3".to_owned(), "forbear_trace is 9, must be 1"),
        ("twice", twice, ":3".to_owned(), "line 2"),
        ("none", "{}\n".to_owned(), ":1".to_owned(), "does not begin with its header"),
    ] {
        let file = directory.file(&format!("{name}.ndjson"), content);
        let ran = run(&["replay", &file, "recommended"]).exits(2);
        assert!(ran.stderr.contains(&format!("{file}{place}: ")), "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{name}: {}", ran.stderr);
        let error = run(&["replay", &file, "recommended", "--json"]).exits(2).json_error();
        assert_eq!(format!(":{}", error["line"]), place, "{name}");
    }
    let cut = directory.path("cut.ndjson");
    let ran = run(&["replay", &cut, "recommended", "--lenient", "--reps", "1"]).exits(0);
    let skipped = format!("{cut}:{last}: skipped: the trace was cut off within its last line\n");
    assert_eq!(ran.stderr, skipped);
    let assumed = ran.stdout.replace('\n', " ");
    assert!(assumed.contains("1 lines could not be read and are left out"), "{assumed}");
}

#[test]
fn one_of_several_scopes_is_asked_for() {
    let directory = Directory::new();
    let text = fs::read_to_string(trace(&directory)).unwrap();
    let text = text.replacen("\"call\":1,", "\"scope\":\"a\",\"call\":1,", 1);
    let file = directory.file("scoped.ndjson", text);
    let ran = run(&["replay", &file, "recommended"]).exits(2);
    assert!(ran.stderr.contains("one must be named: a (1 calls)"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--scope all"), "{}", ran.stderr);
    run(&["replay", &file, "recommended", "--scope", "all", "--reps", "1"]).exits(0);
}

#[test]
fn recorded_answers_are_given_once_more_where_one_asks_for_it() {
    let directory = Directory::new();
    let file = trace(&directory);
    let words = ["replay", &file, "full-jitter", "--reps", "2", "--exact"];
    let ran = run(&words).exits(0);
    let text = ran.stdout.replace('\n', " ");
    assert!(text.contains("an attempt is answered as it was recorded"), "{text}");
    assert!(text.contains("Of the sends, so many were answered as recorded: "), "{text}");
    let json = run(&[&words[..], &["--json"]].concat()).exits(0).json();
    let policy = &json["comparison"]["policies"][0];
    assert!(policy["runs"][0]["repeated"].as_u64().unwrap() >= 320, "the first of each call");
    let command = json["comparison"]["command"].as_str().unwrap();
    assert!(command.contains("--exact=1s"), "{command}");
    let ran = run(&["explain", &file, "full-jitter", "--call", "1", "--exact=5s"]).exits(0);
    assert!(ran.stdout.contains("as it was recorded to"), "{}", ran.stdout);
    run(&["replay", &file, "--exact=0s"]).exits(2);
    assert!(!run(&["replay", &file, "full-jitter", "--reps", "1"]).stdout.contains("as recorded:"));
}

use crate::compare::STORM;
use crate::support::{Directory, run, run_with};

/// `(policy, line, column, message, help)`: what is wrong with each, and where.
const POLICIES: &[(&str, u64, u64, &str, Option<&str>)] = &[
    (
        "[retry]\nmax_atempts = 3\n",
        2,
        1,
        "unknown key 'max_atempts'",
        Some("did you mean 'max_attempts'?"),
    ),
    (
        "[retry]\nmaxAttempts = 3\n",
        2,
        1,
        "unknown key 'maxAttempts'",
        Some("did you mean 'max_attempts'?"),
    ),
    (
        "[retry]\nattempts = 3\n",
        2,
        1,
        "unknown key 'attempts'",
        Some("did you mean 'max_attempts'?"),
    ),
    (
        "name = 'x'\n\n[[limits]]\nkind = 'gcra'\n",
        3,
        3,
        "unknown key 'limits'",
        Some("did you mean 'limit'?"),
    ),
    // Inside tables with a kind, whose place serde does not know.
    (
        "[[limit]]\nkind = 'gcra'\nrate = '5/s'\n\n[[limit]]\nkind = 'gcra'\nrate = '9/s'\n  brst = 3\n",
        8,
        3,
        "unknown key 'brst'",
        Some("did you mean 'burst'?"),
    ),
    (
        "[retry]\nbackoff = { kind = 'exponential', base = '1s', fctor = 2 }\n",
        2,
        48,
        "unknown key 'fctor'",
        Some("did you mean 'factor'?"),
    ),
    (
        "[retry]\nbackoff = { kind = 'exponental', base = '1s' }\n",
        2,
        20,
        "kind is 'exponental', must be ",
        Some("did you mean 'exponential'?"),
    ),
    (
        "[retry.backoff]\nkind = 'exponential'\nbase = '1s'\njitter = 'ful'\n",
        4,
        10,
        "jitter is 'ful', must be ",
        Some("did you mean 'full'?"),
    ),
    // Zero.
    (
        "[[limit]]\nkind = 'gcra'\nrate = '0/s'\n",
        3,
        8,
        "rate is '0/s', must be a number above 0",
        None,
    ),
    ("[[limit]]\nkind = 'gcra'\nrate = '5/0s'\n", 3, 8, "rate is '5/0s', must be ", None),
    (
        "[[limit]]\nkind = 'gcra'\nrate = '5/s'\nburst = 0\n",
        4,
        9,
        "burst is 0, must be at least 1",
        None,
    ),
    ("[[limit]]\nkind = 'concurrency'\nmax = 0\n", 3, 7, "max is 0, must be ", None),
    ("[retry]\nmax_attempts = 0\n", 2, 16, "max_attempts is 0, must be at least 1", None),
    ("[retry]\ndeadline = '0s'\n", 2, 12, "deadline is ", None),
    ("[retry]\nhint = { cap = '0s' }\n", 2, 16, "cap is 0, must be longer than 0", None),
    // Negative and not a number.
    ("[[limit]]\nkind = 'gcra'\nrate = '-5/s'\n", 3, 8, "rate is '-5/s', must be ", None),
    (
        "[[limit]]\nkind = 'gcra'\nrate = '5/s'\nburst = -1\n",
        4,
        9,
        "burst is -1, must be a whole number",
        None,
    ),
    ("[retry]\nmax_attempts = -3\n", 2, 16, "max_attempts is -3, must be ", None),
    ("[retry]\nbudget = { ratio = -0.1 }\n", 2, 20, "ratio is -0.1, must be ", None),
    ("[retry]\nbudget = { ratio = nan }\n", 2, 20, "ratio is NaN, must be ", None),
    (
        "[retry.backoff]\nkind = 'exponential'\nbase = '1s'\nfactor = nan\n",
        4,
        10,
        "factor is NaN, must be a number above 0",
        None,
    ),
    (
        "[retry.backoff]\nkind = 'exponential'\nbase = '1s'\nfactor = -inf\n",
        4,
        10,
        "factor is -inf, must be a number above 0",
        None,
    ),
    // The minimum above the maximum; "120s" is 2m in the message.
    (
        "[retry.backoff]\nkind = 'exponential'\nbase = '120s'\nmax = '60s'\n",
        3,
        8,
        "base is 2m, must be no longer than max",
        None,
    ),
    (
        "[retry.backoff]\nkind = 'decorrelated'\nbase = '2s'\nmax = '1s'\n",
        3,
        8,
        "base is 2s, must be no longer than max",
        None,
    ),
    // Durations and rates without a unit.
    ("[retry]\ndeadline = '120'\n", 2, 12, "deadline is '120', must be a number and a unit", None),
    ("[retry]\ndeadline = 120\n", 2, 12, "deadline is 120, must be text", Some("\"120s\"")),
    (
        "[retry.backoff]\nkind = 'constant'\ndelay = '500'\n",
        3,
        9,
        "delay is '500', must be a number and a unit",
        None,
    ),
    (
        "[retry.backoff]\nkind = 'constant'\ndelay = 500\n",
        3,
        9,
        "delay is 500, must be text",
        Some("\"500s\""),
    ),
    ("[[limit]]\nkind = 'gcra'\nrate = 5\n", 3, 8, "rate is 5, must be text", Some("\"5/min\"")),
    // What is missing, and what is no TOML.
    ("[[limit]]\nkind = 'gcra'\n", 1, 1, "the key 'rate' is missing", None),
    ("\n[[limit]]\nrate = '5/s'\n", 2, 1, "the key 'kind' is missing", None),
    ("[retry\n", 1, 7, "unclosed table, expected `]`", None),
    ("max_attempts\n", 1, 13, "key with no value, expected `=`", None),
    ("[retry]\nmax_attempts = 3\nmax_attempts = 4\n", 3, 1, "duplicate key", None),
];

#[test]
fn every_mistake_is_answered_with_its_line_and_column() {
    let directory = Directory::new();
    for &(policy, line, column, message, help) in POLICIES {
        let file = directory.file("policy.toml", policy);
        let ran = run(&["delays", &file, "--json"]).exits(2);
        let error = ran.json_error();
        let found = (error["line"].as_u64(), error["column"].as_u64());
        assert_eq!(found, (Some(line), Some(column)), "{policy}{error}");
        assert!(error["message"].as_str().unwrap().starts_with(message), "{policy}{error}");
        assert_eq!(error["file"], file.as_str());
        if let Some(help) = help {
            assert!(error["help"].as_str().unwrap().contains(help), "{policy}{error}");
        }
        assert_eq!(ran.stdout, "", "{policy}");
    }
}

/// `(in the storm, in its place, column, message, help)`.
const SCENARIOS: &[(&str, &str, u64, &str, Option<&str>)] = &[
    ("count = 20", "cuont = 20", 1, "unknown key 'cuont'", Some("did you mean 'count'?")),
    ("count = 20", "count = 0", 9, "count is 0, must be ", None),
    ("count = 20", "count = -1", 9, "count is -1, must be ", None),
    ("count = 20", "count = nan", 9, "count is ", None),
    ("spread = '50ms'", "spread = '50'", 10, "spread is '50', must be a number and a unit", None),
    ("spread = '50ms'", "spread = 50", 10, "spread is 50, must be text", Some("\"50s\"")),
    ("rate  = '5/s'", "rate  = '0/s'", 9, "rate is '0/s', must be ", None),
    ("rate  = '5/s'", "rate  = '-5/s'", 9, "rate is '-5/s', must be ", None),
    ("burst = 5", "brust = 5", 1, "unknown key 'brust'", Some("did you mean 'burst'?")),
    ("horizon     = '30m'", "horizon     = '0s'", 15, "horizon is ", None),
    (
        "max_attempts = 1",
        "max_atempts = 1",
        1,
        "unknown key 'max_atempts'",
        Some("did you mean 'max_attempts'?"),
    ),
    ("max = '60s'", "max = '1ms'", 8, "base is 500ms, must be no longer than max", None),
];

#[test]
fn scenarios_are_held_to_the_same() {
    let directory = Directory::new();
    for &(right, wrong, column, message, help) in SCENARIOS {
        let text = STORM.replacen(right, wrong, 1);
        assert_ne!(text, STORM, "{right}");
        let file = directory.file("storm.toml", &text);
        let report = directory.path("report.html");
        let ran = run(&["compare", &file, "--html", &report, "--json"]).exits(2);
        let error = ran.json_error();
        assert!(error["message"].as_str().unwrap().starts_with(message), "{wrong}: {error}");
        assert_eq!(error["column"].as_u64(), Some(column), "{wrong}: {error}");
        if let Some(help) = help {
            assert!(error["help"].as_str().unwrap().contains(help), "{wrong}: {error}");
        }
        assert_eq!(ran.stdout, "", "{wrong}");
        assert_eq!(directory.names(), ["storm.toml"], "nothing is written");
    }
}

#[test]
fn people_see_the_line_with_the_mistake_underlined() {
    let directory = Directory::new();
    let file = directory.file("policy.toml", "[[limit]]\nkind = 'gcra'\nrate = '5/s'\nbrst = 3\n");
    let ran = run(&["delays", &file]).exits(2);
    let expected = format!(
        "error: unknown key 'brst'\n \
         --> {file}:4:1\n  \
         |\n\
         4 | brst = 3\n  \
         | ^^^^\n  \
         |\n  \
         = help: did you mean 'burst'?\n"
    );
    assert_eq!(ran.stderr, expected);
}

#[test]
fn a_key_with_no_near_one_is_answered_with_all() {
    let directory = Directory::new();
    let file = directory.file("policy.toml", "[retry]\ncolour = 'red'\n");
    let ran = run(&["delays", &file]).exits(2);
    let all = "the keys here are 'max_attempts', 'deadline', ";
    assert!(ran.stderr.contains(all), "{}", ran.stderr);
}

#[test]
fn control_characters_of_a_file_do_not_reach_the_terminal() {
    let directory = Directory::new();
    let file = directory.file("policy.toml", "\"\\u001b[31mred\" = 1\n");
    let ran = run(&["delays", &file, "--color", "never"]).exits(2);
    assert!(ran.stderr.contains("unknown key '\\u{1b}[31mred'"), "{}", ran.stderr);
    assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
}

#[test]
fn what_is_no_text_file_is_refused() {
    let directory = Directory::new();
    let noise: Vec<u8> =
        (0..10_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let garbage = directory.file("garbage.toml", &noise);
    let binary = directory.file("binary.toml", b"name = \"\xff\"\n");
    let missing = directory.path("missing.toml");
    let folder = directory.path("");
    let report = directory.path("report.html");
    for (file, message) in [
        (garbage, "is larger than 1 MiB"),
        (binary, "is not UTF-8 text, see byte 8"),
        (missing, "no such file or directory"),
        (folder, "is a directory, must be a file"),
    ] {
        let storm = ["compare", &file, "--html", &report];
        for words in [&["delays", &file][..], &storm, &["run", "retry-after-herd", &file]] {
            let ran = run(words).exits(2);
            assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
            assert!(ran.stderr.contains(message), "{}", ran.stderr);
            assert!(ran.stderr.len() < 1_000, "{}", ran.stderr);
            assert_eq!(ran.stdout, "");
        }
    }
    assert_eq!(directory.names(), ["binary.toml", "garbage.toml"], "nothing is written");
    let ran = run_with(&noise, &["delays", "-"]).exits(2);
    assert!(ran.stderr.contains("stdin: is larger than 1 MiB"), "{}", ran.stderr);
}

#[test]
fn a_megabyte_on_one_line_is_answered_in_a_few() {
    let directory = Directory::new();
    let file = directory.file("policy.toml", "abcdefghij".repeat(100_000));
    let ran = run(&["delays", &file]).exits(2);
    assert!(ran.stderr.contains("key with no value"), "{}", ran.stderr);
    assert!(ran.stderr.len() < 1_000, "{}", ran.stderr);
}

#[test]
fn a_deep_nest_is_refused_and_not_followed() {
    let directory = Directory::new();
    let file = directory.file("policy.toml", format!("a = {}", "[".repeat(100_000)));
    let ran = run(&["delays", &file]).exits(2);
    assert!(ran.stderr.contains("recursion"), "{}", ran.stderr);
}

#[test]
fn a_preset_that_is_misspelt_is_suggested() {
    let ran = run(&["delays", "recomended"]).exits(2);
    assert!(ran.stderr.contains("did you mean 'recommended'?"), "{}", ran.stderr);
}

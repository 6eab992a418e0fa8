use crate::compare::STORM;
use crate::support::{Directory, run};

const ASSERT: &str = "
[[assert]]
policy = 'patient'
metric = 'failed'
at_most = 0

[[assert]]
policy = 'never'
metric = 'amplification'
at_most = 1
";

#[test]
fn what_the_scenario_asserts_holds_in_every_replication() {
    let directory = Directory::new();
    let file = directory.file("storm.toml", format!("{STORM}{ASSERT}"));
    let ran = run(&["check", &file, "--reps", "5"]).exits(0);
    let expected = "ok      patient: failed is at most 0: holds in all 5 replications\n";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("\n0 of 2 checks failed\n"), "{}", ran.stdout);

    let ran = run(&["check", &file, "never", "--reps", "5"]).exits(0);
    assert!(
        ran.stdout.contains("0 of 1 checks failed"),
        "only those of the policy: {}",
        ran.stdout
    );
    let tight = format!("{STORM}{ASSERT}").replace("at_most = 0", "at_least = 1");
    let tight = directory.file("tight.toml", tight);
    let ran = run(&["check", &tight, "--reps", "5", "--seed", "7"]).exits(3);
    let expected = "FAILED  patient: failed is at least 1: broken in 5 of 5 replications, first with \
                    seed 7: failed of patient is 0, must be at least 1\n";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    let caution =
        "There are only 5 replications, so the intervals are rough. Repeat with 10 or more.";
    assert_eq!(ran.stderr, format!("{caution}\n"));
    let json = run(&["check", &tight, "--reps", "5", "--json"]).exits(3).json();
    assert_eq!(json["cautions"][0], caution);
    assert_eq!(run(&["check", &file, "--reps", "10"]).exits(0).stderr, "");
}

#[test]
fn a_threshold_holds_for_the_mean() {
    let directory = Directory::new();
    let file = directory.file("storm.toml", STORM);
    for (threshold, code) in [
        ("success_share >= 100%", 0),
        ("success_share>=1", 0),
        ("success_share > 1", 3),
        ("completion_p99 < 1h", 0),
        ("completion_p99 <= 1ms", 3),
        ("time_to_drain < 2", 3),
        ("failed <= 0", 0),
    ] {
        let ran = run(&["check", &file, "patient", "--reps", "3", "--assert", threshold]);
        let ran = ran.exits(code);
        let word = if code == 0 { "ok      " } else { "FAILED  " };
        let line = format!("{word}patient: {threshold}: ");
        assert!(ran.stdout.contains(&line), "{threshold}: {}", ran.stdout);
    }
    let words = ["--assert", "failed <= 0", "--assert", "sends < 1", "--json"];
    let ran = run(&[&["check", &file, "patient", "--reps", "3"][..], &words].concat()).exits(3);
    let json = ran.json();
    assert_eq!(json["holds"], false);
    assert_eq!(json["findings"][1]["rule"], "sends < 1");
    assert_eq!(json["findings"][1]["source"], "threshold");
}

#[test]
fn a_storm_that_the_horizon_cuts_off_has_not_drained() {
    let words = ["check", "retry-after-herd", "recommended", "--reps", "2", "--set", "horizon=5s"];
    let ran = run(&[&words[..], &["--assert", "time_to_drain < 10s"]].concat()).exits(3);
    for line in [
        "FAILED  recommended: time_to_drain is at most 16.5: broken in 2 of 2 replications",
        "must be at most 16.5, and would be more: the horizon cut off ",
        "FAILED  recommended: time_to_drain < 10s: 5.00",
        "and more without the horizon, which cut off calls",
        "ok      recommended: throttled is at most 0",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    assert!(ran.stderr.contains("The horizon cuts off calls, of 800 at most "), "{}", ran.stderr);
    let whole = run(&["check", "retry-after-herd", "recommended", "--reps", "2"]).exits(0);
    assert!(!whole.stderr.contains("horizon"), "{}", whole.stderr);
}

#[test]
fn a_threshold_on_a_regret_counts_from_what_is_possible() {
    let directory = Directory::new();
    let file = directory.file("storm.toml", STORM);
    let compared = run(&["compare", &file, "patient", "--reps", "3", "--json"]).exits(0).json();
    let drain = &compared["summary"][0]["metrics"]["time_to_drain"];
    let (mean, bound) = (drain["mean"].as_f64().unwrap(), drain["bound"].as_f64().unwrap());
    let regret = drain["regret"]["mean"].as_f64().unwrap();
    assert!(bound > 0.0 && (mean - bound - regret).abs() < 1e-9, "{drain}");
    let percent = regret / bound * 100.0;
    for (threshold, code) in [
        (format!("time_to_drain.regret <= {}", regret + 0.001), 0),
        (format!("time_to_drain.regret < {}", regret - 0.001), 3),
        (format!("time_to_drain.regret <= {}%", percent + 0.1), 0),
        (format!("time_to_drain.regret <= {}%", percent - 0.1), 3),
        ("success_share.regret <= 0%".to_owned(), 0),
        ("sends.regret >= 0".to_owned(), 0),
    ] {
        let words = ["check", &file, "patient", "--reps", "3", "--assert", &threshold];
        let ran = run(&words).exits(code);
        assert!(ran.stdout.contains(&threshold), "{threshold}: {}", ran.stdout);
        let allowed = threshold.contains("drain") && threshold.ends_with('%');
        assert_eq!(ran.stdout.contains(" are allowed"), allowed, "{}", ran.stdout);
    }
}

#[test]
fn only_what_is_clearly_worse_than_the_baseline_fails() {
    let directory = Directory::new();
    let file = directory.file("storm.toml", STORM);
    let policy = |base: &str| {
        let source = format!(
            "[retry]\nmax_attempts = 'none'\ndeadline = 'none'\nbudget = 'none'\nbackoff = \
             {{ kind = 'exponential', base = '{base}', max = '60s', jitter = 'full' }}\n"
        );
        directory.file(&format!("{base}.toml"), source)
    };
    let (calm, hasty) = (policy("500ms"), policy("5ms"));
    let compared = run(&["compare", &file, &calm, "--reps", "10", "--json"]).exits(0);
    let baseline = directory.file("baseline.json", &compared.stdout);
    let check = |policy: &str, more: &[&str]| {
        let words = ["check", &file, policy, "--baseline", &baseline, "--reps", "10"];
        run(&[&words[..], more].concat())
    };
    let same = check(&calm, &["--tolerance", "0"]).exits(0);
    assert!(same.stdout.contains("\n0 of 17 checks failed\n"), "{}", same.stdout);
    let ran = check(&hasty, &[]).exits(3);
    assert!(ran.stdout.contains("FAILED  5ms: sends is no worse than before: +"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ok      5ms: success_share is no worse"), "{}", ran.stdout);
    check(&hasty, &["--tolerance", "100000%"]).exits(0);
    check(&hasty, &["--metric", "success_share,failed"]).exits(0);
    // Better is not worse.
    let hasty_result = run(&["compare", &file, &hasty, "--reps", "10", "--json"]).exits(0).stdout;
    let other = directory.file("other.json", hasty_result);
    let words = ["--baseline", &other, "--reps", "10", "--metric", "sends,wasted,amplification"];
    run(&[&["check", &file, &calm][..], &words].concat()).exits(0);
}

#[test]
fn a_baseline_that_does_not_fit_is_refused() {
    let directory = Directory::new();
    let file = directory.file("storm.toml", STORM);
    let compared = run(&["compare", &file, "--reps", "3", "--json"]).exits(0).stdout;
    let baseline = directory.file("baseline.json", &compared);
    let words = ["check", &file, "--reps", "3"];
    for (more, content, reason) in [
        (&["--set", "clients.count=5"][..], &*compared, "with hash "),
        (&["--seed", "90"], &compared, "has 0 seeds of never in common with this run"),
        (&["--seed", "3"], &compared, "has 1 seeds of never in common with this run"),
        (&[], "{}", "is no result of a comparison: missing field"),
        (&[], "", "is no result of a comparison"),
        (&["--metric", "sneds"], &compared, "did you mean 'sends'?"),
        (&["--tolerance=-5%"], &compared, "must be a share of 0 or more, such as 5% or 0.05"),
        (&["--tolerance", "NaN"], &compared, "must be a share of 0 or more"),
    ] {
        directory.file("baseline.json", content);
        let ran = run(&[&words[..], &["--baseline", &baseline], more].concat()).exits(2);
        assert!(ran.stderr.contains(reason), "{reason}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{reason}");
    }
    let renamed = directory.file("baseline.json", compared.replace("\"never\"", "\"ever\""));
    let ran = run(&[&words[..], &["--baseline", &renamed]].concat()).exits(2);
    assert!(ran.stderr.contains("has no policy 'never'"), "{}", ran.stderr);
    let ran = run(&[&words[..], &["--baseline", &directory.path("no.json")]].concat()).exits(2);
    assert!(ran.stderr.contains("no.json: no such file"), "{}", ran.stderr);
}

#[test]
fn a_threshold_that_is_none_is_refused() {
    let directory = Directory::new();
    let file = directory.file("storm.toml", STORM);
    for (threshold, reason) in [
        ("completion_p99", "must be a metric, one of < <= > >=, and a number"),
        ("p99_completion < 30s", "no metric is called 'p99_completion'; there are success_share"),
        (
            "completion_p99 < soon",
            "the bound of completion_p99 is 'soon', must be a time such as 30s",
        ),
        ("completion_p99 < ", "the bound of completion_p99 is '', must be a time"),
        ("sends < 5%", "the bound of sends is '5%', must be a number"),
        ("throttled_rate < nan", "must be a share such as 0.05 or 5%"),
        ("sends = 5", "must be a metric, one of"),
        ("sneds < 5", "no metric is called 'sneds', did you mean 'sends'?"),
        ("sneds.regret < 5", "no metric is called 'sneds', did you mean 'sends'?"),
        ("completion_p99.regret < 5s", "no bound of completion_p99 is known, so it has no regret"),
        ("time_to_drain.regret < x", "must be a time such as 30s or a share of the bound such as"),
        ("sends.regret < x", "must be a number or a share of the bound such as 20%"),
    ] {
        let ran = run(&["check", &file, "--assert", threshold]).exits(2);
        assert!(ran.stderr.contains(reason), "{threshold}: {}", ran.stderr);
    }
    let ran = run(&["check", &file]).exits(4);
    assert!(ran.stderr.contains("there is nothing to check"), "{}", ran.stderr);
    let ran = run(&["check", &file, "--tolerance", "5%"]).exits(2);
    assert!(ran.stderr.contains("--baseline"), "{}", ran.stderr);
}

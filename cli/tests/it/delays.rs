use crate::support::{Directory, run};

const FULL: &str = "kind=exponential base=1s factor=2 max=60s jitter=full";

fn delays_ns(words: &[&str]) -> Vec<Vec<u64>> {
    let words = [&["delays", "--json"], words].concat();
    let answer = run(&words).exits(0).json();
    serde_json::from_value(answer["delays_ns"].clone()).expect("a list of lists of whole numbers")
}

#[test]
fn the_delays_of_a_seed_are_always_the_same() {
    let delays = delays_ns(&["--backoff", FULL, "--seed", "7", "--samples", "2", "--retries", "4"]);
    let expected = [
        [143_759_843, 1_393_499_495, 1_808_682_488, 7_394_809_710],
        [491_582_676, 64_375_298, 1_514_343_114, 2_450_479_102],
    ];
    assert_eq!(delays, expected);
    // 11^39 / 10^30, exactly: the platform's floats have no part in it.
    let slow = "kind=exponential base=1s factor=1.1 max=1h jitter=none";
    let delays = delays_ns(&["--backoff", slow, "--retries", "40"]);
    assert_eq!(delays[0][39], 41_144_777_789);
}

#[test]
fn json_has_one_list_a_sample() {
    let delays = delays_ns(&["--backoff", FULL, "--samples", "3", "--retries", "7"]);
    assert_eq!(delays.iter().map(Vec::len).collect::<Vec<_>>(), [7, 7, 7]);
}

#[test]
fn delays_without_jitter_are_exact() {
    let seconds = |text: &[&str]| -> Vec<u64> {
        delays_ns(text)[0].iter().map(|ns| ns / 1_000_000_000).collect()
    };
    let exponential = "kind=exponential base=1s max=20s";
    assert_eq!(seconds(&["--backoff", exponential, "--retries", "7"]), [1, 2, 4, 8, 16, 20, 20]);
    let hinted = ["--backoff", exponential, "--retries", "7", "--hint", "5s"];
    assert_eq!(seconds(&hinted), [5, 5, 5, 8, 16, 20, 20]);
    assert_eq!(seconds(&["--backoff", "kind=constant delay=3s", "--retries", "2"]), [3, 3]);
}

#[test]
fn jittered_delays_stay_in_their_range_and_above_the_hint() {
    for delays in delays_ns(&["--backoff", FULL, "--samples", "200"]) {
        for (n, delay) in (0_u32..).zip(delays) {
            assert!(delay <= 1_000_000_000 * 2_u64.pow(n).min(60));
        }
    }
    for delays in delays_ns(&["--backoff", FULL, "--samples", "200", "--hint", "5s"]) {
        assert!(delays.iter().all(|delay| *delay >= 5_000_000_000));
    }
}

#[test]
fn a_hint_does_not_grow_the_delays_of_decorrelated_jitter() {
    let backoff = ["--backoff", "kind=decorrelated base=1s max=60s", "--samples", "5"];
    let own = delays_ns(&backoff);
    let hinted = delays_ns(&[&backoff[..], &["--hint", "60s"]].concat());
    for (own, hinted) in own.iter().flatten().zip(hinted.iter().flatten()) {
        assert_eq!(*hinted, own + 60_000_000_000);
    }
}

#[test]
fn more_samples_change_none() {
    let few = delays_ns(&["--backoff", FULL, "--samples", "2"]);
    let many = delays_ns(&["--backoff", FULL, "--samples", "50"]);
    assert_eq!(few[..], many[..2]);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let words = ["delays", "--backoff", FULL, "--seed", "7", "--samples", "20", "--json"];
    assert_eq!(run(&words).exits(0).stdout, run(&words).exits(0).stdout);
    let other = ["delays", "--backoff", FULL, "--seed", "8", "--samples", "20", "--json"];
    assert_ne!(run(&words).exits(0).stdout, run(&other).exits(0).stdout);
}

#[test]
fn a_file_and_the_same_words_give_the_same_delays() {
    let directory = Directory::new();
    let file = directory.file(
        "policy.toml",
        "[retry.backoff]\nkind = 'exponential'\nbase = '1s'\nfactor = 2\nmax = '60s'\njitter = 'full'\n",
    );
    assert_eq!(delays_ns(&[&file]), delays_ns(&["--backoff", FULL]));
}

#[test]
fn a_policy_that_ignores_hints_is_shown_without_them() {
    let directory = Directory::new();
    let file = directory.file("policy.toml", "[retry]\nhint = 'none'\n");
    assert_eq!(delays_ns(&[&file, "--hint", "5s"]), delays_ns(&[&file]));
}

#[test]
fn people_see_a_table_and_where_the_policy_ends() {
    let ran = run(&["delays"]).exits(0);
    assert!(ran.stdout.contains("retry      delay     in all"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ends before retry 6: all 6 attempts were made"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn mistakes_in_the_words_of_a_backoff_are_underlined() {
    for (backoff, column, message) in [
        ("kind=exponential base=1s fctor=2", Some(26), "unknown key 'fctor'"),
        ("kind=expo base=1s", Some(6), "kind is 'expo'"),
        ("kind=exponential  base=1", Some(24), "base is 1, must be text"),
        ("kind=exponential base=1s factor=nan", Some(33), "factor is NaN"),
        ("kind=exponential base=2m max=60s", Some(23), "base is 2m"),
        ("kind=exponential base", Some(18), "'base' is no pair"),
        ("kind=decorrelated base=0s", Some(24), "base is 0"),
        ("", None, "the key 'kind' is missing"),
    ] {
        let error = run(&["delays", "--backoff", backoff, "--json"]).exits(2).json_error();
        assert_eq!(error["column"].as_u64(), column, "{backoff}: {error}");
        assert!(error["message"].as_str().unwrap().starts_with(message), "{backoff}: {error}");
    }
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    for words in [
        ["--retries", "0"],
        ["--retries", "-1"],
        ["--samples", "0"],
        ["--seed", "x"],
        ["--hint", "5"],
        ["--hint", "-5s"],
    ] {
        run(&["delays", words[0], words[1]]).exits(2);
    }
    run(&["delays", "policy.toml", "--backoff", FULL]).exits(2);
}

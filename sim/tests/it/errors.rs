//! What a scenario file is refused for, and in which words.

use forbear_sim::Scenario;

const GOOD: &str = r#"
name = "test"
title = "Test"
description = "A test."
horizon = "10m"
[clients]
count = 3
[arrivals]
kind = "burst"
[server]
[[server.limit]]
kind = "token_bucket"
rate = "5/s"
burst = 5
[[policy]]
name = "plain"
"#;

/// A change to `GOOD`, and what the message must say.
const REFUSED: &[(&str, &str, &str)] = &[
    ("count = 3", "count = 0", "the number is 0, must be 1 to 1000000"),
    ("count = 3", "count = -1", "the number is -1, must be 1 to 1000000"),
    ("count = 3", "count = 9999999", "the number is 9999999, must be 1 to 1000000"),
    ("count = 3", "count = 2.5", "invalid type: floating point `2.5`"),
    ("count = 3", "count = 100000\ncalls = 1000", "is 100000000, must be at most 1000000"),
    (
        "count = 3\n[arrivals]\nkind = \"burst\"",
        "count = 1000000\ncalls = 11\ncallers = 1\n[arrivals]\nkind = \"closed\"\nthink = \"1s\"",
        "is 11000000, must be at most 10000000",
    ),
    ("count = 3", "counts = 3", "unknown field `counts`"),
    (
        "[clients]",
        "foremost = \"fairnes\"\n[clients]",
        "unknown variant `fairnes`, expected one of",
    ),
    ("[clients]", "foremost = 7\n[clients]", "expected the name of a metric or a list of up to 3"),
    ("[clients]", "foremost = []\n[clients]", "foremost has 0 metrics, must have 1 to 3"),
    (
        "[clients]",
        "foremost = [\"failed\", \"failed\"]\n[clients]",
        "foremost has failed twice, must have it once",
    ),
    (
        "[clients]",
        "foremost = [\"fairness\", \"calls\"]\n[clients]",
        "foremost is calls, must be a metric of which more or less is better",
    ),
    ("count = 3", "count = 3\ntimeout = \"0\"", "duration is 0, must be longer than 0"),
    ("count = 3", "count = 3\ntimeout = 5", "invalid type: integer `5`"),
    ("\"10m\"", "\"10\"", "duration is '10', must be a number and a unit"),
    ("\"10m\"", "\"0s\"", "duration is 0, must be longer than 0"),
    ("\"10m\"", "\"-5s\"", "duration is '-5s', must be"),
    ("\"5/s\"", "\"0/s\"", "rate is '0/s', must be a number above 0 per time"),
    ("\"5/s\"", "\"nan/s\"", "rate is 'nan/s', must be a number above 0 per time"),
    ("burst = 5", "burst = 0", "the number is 0, must be 1 to"),
    ("burst = 5", "", "missing field `burst`"),
    ("\"token_bucket\"", "\"leaky_bucket\"", "unknown variant `leaky_bucket`"),
    ("kind = \"burst\"", "kind = \"burst\"\nspred = \"1s\"", "unknown field `spred`"),
    ("kind = \"burst\"", "kind = \"poisson\"", "missing field `rate`"),
    (
        "kind = \"burst\"",
        "kind = \"waves\"\nsize = 1\nevery = \"1s\"\nspread = \"2s\"",
        "spread is 2s, must be no longer than every",
    ),
    (
        "kind = \"burst\"",
        "kind = \"closed\"\nthink = \"1s\"",
        "clients.callers is missing, must be set",
    ),
    (
        "[server]",
        "[network]\nround_trip = \"1s\"\nhop = \"1s\"\n[server]",
        "hop is set, must be left out where round_trip is set",
    ),
    ("[server]", "[network]\nround_trip = \"fast\"\n[server]", "duration is 'fast', must be"),
    (
        "[server]",
        "[network]\nround_trip = { kind = \"uniform\", min = \"2s\", max = \"1s\" }\n[server]",
        "min is 2s, must be no more than max",
    ),
    (
        "[server]",
        "[network]\nround_trip = { kind = \"lognormal\", median = \"1s\", sigma = nan }\n[server]",
        "the number is NaN, must be 0 to 10",
    ),
    (
        "[server]",
        "[network]\nround_trip = { kind = \"lognormal\", median = \"1s\", sigma = -1 }\n[server]",
        "the number is -1, must be 0 to 10",
    ),
    ("[server]", "[[fault]]\nfail = 1.5\n[server]", "the share is 1.5, must be 0 to 1"),
    ("[server]", "[[fault]]\nfail = inf\n[server]", "the share is inf, must be 0 to 1"),
    (
        "[server]",
        "[[fault]]\n[server]",
        "fault is empty, must be one with fail, slow, lose, quota, retry_after, restart, partition, \
         flush, stall or promotion",
    ),
    (
        "[server]",
        "[[fault]]\nfail = 1\nstatus = 200\n[server]",
        "status is 200, must be a status from 400 to 599",
    ),
    (
        "[server]",
        "[[fault]]\nfail = 1\nfrom = \"9s\"\nuntil = \"3s\"\n[server]",
        "from is 9s, must be before until",
    ),
    ("[server]", "[[fault]]\nlose = 2\n[server]", "the share is 2, must be 0 to 1"),
    ("[server]", "[[fault]]\nlose = 0.1\n[server]", "clients.timeout is missing, must be set"),
    ("[server]", "[[fault]]\nrestart = -1\n[server]", "the share is -1, must be 0 to 1"),
    ("[server]", "[[fault]]\nquota = 0\n[server]", "the part is 0, must be 0.000001 to 1"),
    ("[server]", "[[fault]]\nquota = 1.5\n[server]", "the part is 1.5, must be 0.000001 to 1"),
    ("[server]", "[[fault]]\nquota = nan\n[server]", "the part is NaN, must be 0.000001 to 1"),
    ("[server]", "[[fault]]\nretry_after = \"x\"\n[server]", "unknown variant `x`"),
    (
        "[server]",
        "[[fault]]\nrestart = 1\n[server]\noptimistic = true",
        "server.optimistic is set, must be left out where clients restart",
    ),
    (
        "[server]",
        "[[group]]\nclients = {}\narrivals = { kind = \"burst\" }\n\
         policy = { retry = { max_attempts = 0 } }\n[server]",
        "max_attempts is 0, must be",
    ),
    ("[server]", "[server]\nretry_after = \"soon\"", "unknown variant `soon`"),
    ("[server]", "[server]\nworkers = 0", "the number is 0, must be 1 to 100000"),
    (
        "[server]",
        "[server]\nqueue = 5",
        "server.workers is missing, must be set where server.queue is",
    ),
    (
        "[server]",
        "[server]\n[[server.limit]]\nkind = \"fixed_window\"\nlimit = 1\nwindow = \"9s\"\n\
         start = \"first_call\"\noffset = \"3s\"",
        "offset is 3s, must be left out where windows begin with the first call",
    ),
    ("name = \"plain\"", "", "missing field `name`"),
    (
        "name = \"plain\"",
        "name = \"plain\"\n[[policy]]\nname = \"plain\"",
        "policy.name is plain, must be the name of one policy only",
    ),
    (
        "name = \"plain\"",
        "name = \"plain\"\nretry = { max_attempts = 0 }",
        "max_attempts is 0, must be",
    ),
    (
        "name = \"plain\"",
        "name = \"plain\"\n[[assert]]\npolicy = \"x\"\nmetric = \"sends\"\nat_most = 1",
        "assert.policy is x, must be the name of a policy",
    ),
    (
        "name = \"plain\"",
        "name = \"plain\"\n[[assert]]\npolicy = \"plain\"\nmetric = \"sends\"",
        "assert is empty, must be one with at_least or at_most",
    ),
    (
        "name = \"plain\"",
        "name = \"plain\"\n[[assert]]\npolicy = \"plain\"\nmetric = \"sens\"\nat_most = 1",
        "unknown variant `sens`",
    ),
    (
        "name = \"test\"",
        "name = \"Not a name\"",
        "name is 'Not a name', must be lower-case words with dashes",
    ),
    ("name = \"test\"", "", "missing field `name`"),
    ("name = \"test\"", "name = ", "string values must be quoted"),
];

#[test]
fn each_mistake_is_named_with_its_value_and_what_it_must_be() {
    Scenario::parse(GOOD, &[]).unwrap();
    for &(good, bad, message) in REFUSED {
        assert!(GOOD.contains(good), "{good}");
        let text = GOOD.replacen(good, bad, 1);
        let error = Scenario::parse(&text, &[]).expect_err(bad).to_string();
        assert!(error.contains(message), "{bad}\n  says  {error}\n  not   {message}");
    }
}

#[test]
fn a_mistake_in_the_file_has_a_place() {
    let text = GOOD.replace("count = 3", "count = 0");
    let error = Scenario::parse(&text, &[]).unwrap_err();
    let span = error.toml().and_then(toml::de::Error::span).unwrap();
    assert_eq!(&error.text().unwrap()[span], "0");
}

/// Keys and values to set, and what the message must say.
const NOT_SET: &[(&str, &str, &str)] = &[
    ("clients.count", "0", "clients.count=0: the number is 0, must be 1 to 1000000"),
    ("clients.cuont", "5", "clients.cuont=5: unknown field `cuont`"),
    ("nothing.here", "5", "nothing.here=5: unknown field `nothing`"),
    ("horizon", "soon", "horizon=soon: duration is 'soon'"),
    ("name.first", "x", "name.first: 'first' is below a single value"),
    ("server.limit.1.rate", "5/s", "'1' is not the number of one of 1 entries"),
    ("clients..count", "5", "clients..count: the key has an empty part"),
];

#[test]
fn a_value_that_cannot_be_set_is_named_with_its_key() {
    for &(key, value, message) in NOT_SET {
        let overrides = [(key.to_owned(), value.to_owned())];
        let error = Scenario::parse(GOOD, &overrides).expect_err(key).to_string();
        assert!(error.contains(message), "{key}={value}\n  says  {error}\n  not   {message}");
    }
}

#[test]
fn a_set_value_counts_and_changes_the_hash() {
    let plain = Scenario::parse(GOOD, &[]).unwrap();
    let set = |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> =
            pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        Scenario::parse(GOOD, &pairs).unwrap()
    };
    let changed = set(&[("clients.count", "150"), ("server.limit.0.rate", "20/s")]);
    assert!(changed.text().contains("count = 150"), "{}", changed.text());
    assert!(changed.text().contains("rate = \"20/1s\""), "{}", changed.text());
    assert_ne!(changed.hash(), plain.hash());
    assert_eq!(set(&[("clients.count", "3")]).hash(), plain.hash());
    // What a scenario prints, it can read.
    let again = Scenario::parse(changed.text(), &[]).unwrap();
    assert_eq!(again.hash(), changed.hash());
}

#[test]
fn values_that_fit_together_may_be_set_in_any_order() {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let few = GOOD.replace("count = 3", "count = 3\ncalls = 1000");
    let many = [pair("clients.count", "100000"), pair("clients.calls", "1")];
    let reversed = [many[1].clone(), many[0].clone()];
    let hash = |overrides: &[_]| Scenario::parse(&few, overrides).map(|scenario| scenario.hash());
    assert_eq!(hash(&many).unwrap(), hash(&reversed).unwrap());
    let error = hash(&many[..1]).unwrap_err().to_string();
    assert!(error.contains("must be at most 1000000"), "{error}");
}

#[test]
fn an_unknown_scenario_is_told_which_there_are() {
    let error = Scenario::named("retry-after-hurd").unwrap_err();
    assert!(error.is_unknown());
    assert!(error.to_string().contains("retry-after-herd"), "{error}");
}

//! Every limiter can be written in the policy file.

use forbear_core::spec::{LimitSpec, PolicySpec};

const KINDS: &str = r#"
limit = [
    { kind = "gcra", rate = "500/min", burst = 20 },
    { kind = "token_bucket", dimension = "tokens", rate = "200000/min", burst = 200000 },
    { kind = "leaky_bucket", rate = "10/s" },
    { kind = "warm_up", rate = "10/s", period = "30s" },
    { kind = "window", rate = "60/min", margin = "2s" },
    { kind = "fixed_window", rate = "5000/h", start = "first_send" },
    { kind = "sliding_window", rate = "60/min" },
    { kind = "sliding_counter", rate = "60/min", steps = 6 },
    { kind = "concurrency", max = 64 },
    { kind = "aimd", ratio = 0.5 },
    { kind = "vegas", percentile = 0.5 },
    { kind = "gradient" },
    { kind = "cubic" },
    { kind = "adaptive_throttle", k = 2.0 },
    { kind = "reservoir", rate = "100/min", capacity = 300, initial = 0 },
    { kind = "cubic", ratio = 0.5, min_rate = "1/min" },
    { kind = "breaker", failures = 5 },
    { kind = "breaker", percent = 50, last = 100 },
    { kind = "breaker", percent = 50, window = "10s", at_least = 20, open_for = "5s", probes = 3 },
    { kind = "learned", headroom = 0.05, share = 0.5 },
]
"#;

#[test]
fn every_kind_reads_builds_and_writes_back_the_same() {
    let spec: PolicySpec = toml::from_str(KINDS).unwrap();
    assert_eq!(spec.limit.len(), 20);
    let _ = spec.build().unwrap();
    let again: PolicySpec = toml::from_str(&toml::to_string(&spec).unwrap()).unwrap();
    assert_eq!(spec, again);
}

#[test]
fn impossible_numbers_are_refused_by_name() {
    for (table, expected) in [
        ("kind = 'window', rate = '60/min', margin = '60s'", "margin is 1m, must be shorter"),
        ("kind = 'fixed_window', rate = '5000000000/h'", "rate is 5000000000/1h, must be at most"),
        ("kind = 'sliding_counter', rate = '60/min', steps = 0", "steps is 0, must be at least 1"),
        ("kind = 'warm_up', rate = '1/s', period = '0s'", "period is 0, must be longer than 0"),
        (
            "kind = 'warm_up', rate = '1/s', period = '1s', cold_factor = 0",
            "cold_factor is 0, must be from 1 to 1000",
        ),
        ("kind = 'aimd', ratio = 1.0", "ratio is 1, must be a number above 0 and below 1"),
        ("kind = 'aimd', min = 9, max = 3", "min is 9, must be at least 1 and no more than max"),
        ("kind = 'vegas', initial = 0", "initial is 0, must be at least 1"),
        ("kind = 'aimd', percentile = 95", "percentile is 95, must be a number above 0"),
        ("kind = 'gradient', initial = 500", "initial is 500, must be from min to max"),
        ("kind = 'adaptive_throttle', k = 0.5", "k is 0.5, must be a number from 1 to 1000"),
        ("kind = 'breaker', percent = 50, last = 0", "requests is 0, must be from 1 to 1000000"),
        ("kind = 'breaker', last = 9", "last is 9, must be left out without percent"),
        ("kind = 'reservoir', rate = '1/s', capacity = 0", "capacity is 0, must be at least 1"),
        ("kind = 'cubic', ratio = 1.0", "ratio is 1, must be a number above 0 and below 1"),
        ("kind = 'breaker', failures = 0", "failures is 0, must be at least 1"),
        ("kind = 'breaker', percent = 101", "percent is 101, must be from 1 to 100"),
        (
            "kind = 'breaker', percent = 50, failures = 3",
            "failures is 3, must be left out where percent is set",
        ),
        ("kind = 'learned', headroom = 1.0", "headroom is 1, must be from 0 to below 1"),
        ("kind = 'learned', share = 0.0", "share is 0, must be above 0 and at most 1"),
    ] {
        let spec: PolicySpec = toml::from_str(&format!("limit = [{{ {table} }}]")).unwrap();
        let error = spec.build().unwrap_err().to_string();
        assert!(error.contains(expected), "{table}: {error}");
    }
}

#[test]
fn an_unknown_key_or_kind_is_refused() {
    for (table, expected) in [
        ("kind = 'vegas', alpha = 3", "unknown field `alpha`"),
        ("kind = 'vergas'", "unknown variant `vergas`"),
        ("kind = 'window'", "missing field `rate`"),
    ] {
        let error = toml::from_str::<PolicySpec>(&format!("limit = [{{ {table} }}]")).unwrap_err();
        assert!(error.to_string().contains(expected), "{table}: {error}");
    }
}

#[test]
fn the_schema_knows_every_kind() {
    let schema = serde_json::to_string(&schemars::schema_for!(LimitSpec)).unwrap();
    let spec: PolicySpec = toml::from_str(KINDS).unwrap();
    for limit in &spec.limit {
        let kind = serde_json::to_value(limit).unwrap()["kind"].to_string();
        assert!(schema.contains(&kind), "{kind}");
    }
}

use forbear_core::Policy;
use forbear_core::spec::PolicySpec;

const EVERYTHING: &str = r#"
name = "everything"

[retry]
max_attempts = 6
deadline = "120s"
attempt_timeout = "30s"
backoff = { kind = "exponential", base = "500ms", factor = 2.5, max = "60s", jitter = "full" }
budget = { ratio = 0.1, reserve = 10 }
hint = { cap = "10m", beyond = "park", shared = false }

[[limit]]
kind = "gcra"
dimension = "requests"
rate = "500/min"
burst = 20

[[limit]]
kind = "token_bucket"
dimension = "tokens"
rate = "200000/min"
burst = 200000
initial = 0

[[limit]]
kind = "concurrency"
max = 64

[queue]
capacity = 5000
overflow = "drop_lowest_priority"
fairness = "tenant"
count = "tokens"
order = "earliest_deadline"
lanes = [4, 2, 1]
ageing = "30s"

[queue.weights]
product = 4
research = 1

[hedge]
after = "200ms"
at_most = 4
"#;

fn is_written_back_the_same(spec: &PolicySpec) {
    let again: PolicySpec = toml::from_str(&toml::to_string(spec).unwrap()).unwrap();
    assert_eq!(*spec, again);
    let json: PolicySpec = serde_json::from_str(&serde_json::to_string(spec).unwrap()).unwrap();
    assert_eq!(*spec, json);
}

#[test]
fn a_whole_file_reads_and_writes_back_the_same() {
    let spec: PolicySpec = toml::from_str(EVERYTHING).unwrap();
    assert!(spec.build().is_ok());
    let again: PolicySpec = toml::from_str(&toml::to_string(&spec).unwrap()).unwrap();
    assert_eq!(spec, again);
}

#[test]
fn an_empty_file_is_the_recommended_policy() {
    let policy: Policy = toml::from_str("").unwrap();
    assert_eq!(format!("{policy:?}"), format!("{:?}", Policy::recommended()));
}

#[test]
fn bounds_may_be_lifted_in_words() {
    let spec: PolicySpec = toml::from_str(
        "[retry]
        max_attempts = 'none'
        deadline = 'none'
        attempt_timeout = 'none'
        budget = 'none'
        hint = 'none'",
    )
    .unwrap();
    assert!(spec.build().is_ok());
    let again: PolicySpec = toml::from_str(&toml::to_string(&spec).unwrap()).unwrap();
    assert_eq!(spec, again);
}

#[test]
fn the_time_of_an_attempt_has_the_names_that_others_give_it() {
    let half_a_minute = std::time::Duration::from_secs(30);
    // Envoy's and the AWS SDK's.
    for name in ["attempt_timeout", "per_try_timeout", "operation_attempt_timeout"] {
        let spec: PolicySpec = toml::from_str(&format!("retry = {{ {name} = '30s' }}")).unwrap();
        assert_eq!(spec.build().unwrap().attempt_timeout(), Some(half_a_minute));
        is_written_back_the_same(&spec);
    }
    let none: Policy = toml::from_str("retry = { attempt_timeout = 'none' }").unwrap();
    assert_eq!(none.attempt_timeout(), None);
}

#[test]
fn every_budget_and_bound_has_its_words() {
    for (words, expected) in [
        ("budget = { ratio = 0.5 }", "RetryBudget"),
        ("budget = { kind = 'share', ratio = 0.5, reserve = 3 }", "RetryBudget"),
        ("budget = { ratio = 0.5, kind = 'windowed' }", "WindowedBudget"),
        ("budget = { kind = 'windowed', ratio = 0, min_per_second = 2, window = '5s' }", "slot_ns"),
        ("budget = { kind = 'throttle', max_tokens = 10, ratio = 0.1 }", "RetryThrottle"),
        ("budget = { kind = 'quota' }", "transient: 14, throttled: 5"),
        ("budget = { kind = 'quota', capacity = 9, transient = 2, reward = 0.5 }", "transient: 2"),
        ("elapsed = '30s'", "elapsed: Some(Elapsed(30s))"),
        ("total_wait = '0s'", "total_wait: Some(TotalWait(0ns))"),
    ] {
        let spec: PolicySpec = toml::from_str(&format!("[retry]\n{words}")).unwrap();
        let policy = format!("{:?}", spec.build().unwrap());
        assert!(policy.contains(expected), "{words}\n{policy}");
        is_written_back_the_same(&spec);
    }
}

#[test]
fn a_queue_is_what_its_table_says() {
    for (words, expected) in [
        ("", "capacity: 100000, overflow: RejectNewest"),
        ("capacity = 7\noverflow = 'block'", "capacity: 7, overflow: Block"),
        ("overflow = 'drop_oldest'\nfairness = 'none'", "overflow: DropOldest"),
        ("lanes = 3\nageing = '10s'", "lanes: Strict(3), ageing: Some(10s)"),
        ("lanes = [3, 1]", "lanes: Weighted([3, 1]), ageing: None"),
        ("count = 'input_tokens'\norder = 'fifo'", "dimension: InputTokens, order: Fifo"),
        ("order = 'earliest_deadline'", "order: EarliestDeadline"),
    ] {
        let spec: PolicySpec = toml::from_str(&format!("[queue]\n{words}")).unwrap();
        let config = format!("{:?}", spec.queue.as_ref().unwrap().build().unwrap());
        assert!(config.contains(expected), "{words}\n{config}");
        is_written_back_the_same(&spec);
    }
}

#[test]
fn what_is_wrong_is_named_with_its_value_and_what_it_must_be() {
    for (file, expected) in [
        ("retry = { max_atempts = 3 }", "unknown field `max_atempts`, expected one of"),
        ("retry = { max_attempts = 0 }", "max_attempts is 0, must be at least 1"),
        ("retry = { max_attempts = -1 }", "invalid value: integer `-1`, expected u32"),
        ("retry = { deadline = '120' }", "duration is '120', must be a number and a unit"),
        ("retry = { deadline = 120 }", "invalid type: integer `120`, expected a string"),
        ("retry = { deadline = '0s' }", "deadline is 0, must be longer than 0"),
        ("retry = { budget = { ratio = nan } }", "ratio is NaN, must be a number from 0 to 1000"),
        ("retry = { budget = { ratio = -0.1 } }", "ratio is -0.1, must be a number from 0 to"),
        ("retry = { budget = { ratio = 1e9 } }", "ratio is 1000000000, must be"),
        ("retry = { budget = 'some' }", "invalid type: string \"some\", expected a table, such as"),
        ("retry = { budget = { reserve = 1 } }", "missing field `ratio`"),
        ("retry = { budget = { ratio = 0.1, max_tokens = 9 } }", "unknown field `max_tokens`"),
        ("retry = { budget = { kind = 'free' } }", "unknown variant `free`, expected one of"),
        (
            "retry = { budget = { kind = 'throttle', max_tokens = 0, ratio = 1 } }",
            "max_tokens is 0, must be from 1 to 1000",
        ),
        (
            "retry = { budget = { kind = 'windowed', ratio = 0.1, window = '2m' } }",
            "window is 2m, must be from 1s to 60s",
        ),
        ("retry = { budget = { kind = 'quota', reward = -1 } }", "reward is -1, must be a number"),
        ("retry = { attempt_timeout = '0s' }", "attempt_timeout is 0, must be longer than 0"),
        ("retry = { attempt_timeout = '5' }", "duration is '5', must be a number and a unit"),
        ("retry = { elapsed = '0s' }", "elapsed is 0, must be longer than 0"),
        ("retry = { total_wait = 5 }", "invalid type: integer `5`, expected a string"),
        ("retry = { hint = { cap = '0s' } }", "cap is 0, must be longer than 0"),
        (
            "retry = { backoff = { kind = 'exponential', base = '2m', max = '1m' } }",
            "base is 2m, must be no longer than max",
        ),
        (
            "retry = { backoff = { kind = 'exponential', base = '1s', factor = inf } }",
            "factor is inf, must be a number above 0",
        ),
        ("retry = { backoff = { kind = 'expo' } }", "unknown variant `expo`, expected one of"),
        ("limit = [{ kind = 'gcra', rate = '0/s' }]", "rate is '0/s', must be a number above 0"),
        ("limit = [{ kind = 'gcra', rate = 'nan/s' }]", "rate is 'nan/s', must be"),
        ("limit = [{ kind = 'gcra', rate = '1/s', burst = 0 }]", "burst is 0, must be at least 1"),
        ("limit = [{ kind = 'gcra', rate = '1/s', brst = 1 }]", "unknown field `brst`"),
        ("limit = [{ kind = 'concurrency', max = 0 }]", "max is 0, must be at least 1"),
        ("limit = [{ kind = 'gcra', rate = '1/s', dimension = 'x' }]", "unknown variant `x`"),
        ("hedge = {}", "after is missing, must be set, or percentile"),
        (
            "hedge = { after = '1s', percentile = 95 }",
            "percentile is 95, must be left out beside after",
        ),
        ("hedge = { percentile = 100 }", "percentile is 100, must be in 1..=99"),
        ("hedge = { after = '1s', at_most = 0 }", "at_most is 0, must be at least 1"),
        ("hedge = { delay = '1s' }", "unknown field `delay`, expected one of `after`"),
        ("queue = { capacty = 1 }", "unknown field `capacty`, expected one of `capacity`"),
        ("queue = { capacity = 0 }", "capacity is 0, must be at least 1"),
        ("queue = { overflow = 'drop' }", "unknown variant `drop`, expected one of"),
        ("queue = { fairness = 'all' }", "unknown variant `all`, expected `tenant` or `none`"),
        ("queue = { order = 'lifo' }", "unknown variant `lifo`, expected `fifo` or"),
        ("queue = { count = 'bytes' }", "unknown variant `bytes`, expected one of `requests`"),
        ("queue = { lanes = 0 }", "lanes is 0, must be at least 1"),
        ("queue = { lanes = 256 }", "`256`, expected a number of lanes from 1 to 255, or a list"),
        ("queue = { lanes = -1 }", "`-1`, expected a number of lanes from 1 to 255"),
        ("queue = { lanes = 'two' }", "string \"two\", expected a number of lanes from 1 to 255"),
        ("queue = { lanes = [] }", "lanes is 0, must be from 1 to 255"),
        ("queue = { lanes = [1, 0] }", "weight is 0, must be at least 1"),
        ("queue = { lanes = ['a'] }", "invalid type: string \"a\", expected u32"),
        ("queue = { lanes = 2, ageing = '0s' }", "ageing is 0, must be longer than 0"),
        ("queue = { ageing = '9s' }", "ageing is 9s, must be left out where there is one lane"),
        ("queue = { weights = { ann = 0 } }", "weights is ann = 0, must be at least 1 for each"),
        (
            "queue = { fairness = 'none', weights = { ann = 1 } }",
            "weights is ann = 1, must be left out where fairness is none",
        ),
    ] {
        let error = toml::from_str::<Policy>(file).unwrap_err().to_string();
        assert!(error.contains(expected), "{file}\n{error}");
    }
}

use forbear_sim::truth::{Kind, Verdict};
use serde::Deserialize;
use serde_json::Value;

/// See `tests/data/README.md`.
const ROWS: &str = include_str!("../data/analytic.json");

#[derive(Deserialize)]
struct Row {
    id: String,
    kind: String,
    parameters: serde_json::Map<String, Value>,
    expected: Value,
    tolerance: Tolerance,
}

#[derive(Deserialize)]
struct Tolerance {
    #[serde(default)]
    abs: f64,
    #[serde(default)]
    rel: f64,
}

/// How many samples a debug build can afford; the table suggests up to 100 times as
/// many, and `forbear verify --set samples=1000000` takes them.
const SAMPLES: &[(&str, &str)] = &[
    ("amplification", "20000"),
    ("closed_population", "40000"),
    ("collision", "300"),
    ("decorrelated_jitter", "20000"),
    ("equal_jitter", "20000"),
    ("erlang_b", "40000"),
    ("expected_attempts", "40000"),
    ("full_jitter", "20000"),
    ("md1", "40000"),
    ("mm1", "40000"),
    ("mm1k", "40000"),
    ("mmc", "40000"),
    ("retry_after_herd", "20"),
];

#[test]
fn every_row_of_the_table_is_computed_and_measured() {
    let rows: Vec<Row> = serde_json::from_str(ROWS).unwrap();
    assert_eq!(rows.len(), 31);
    for row in rows {
        let set: Vec<(String, String)> = row
            .parameters
            .iter()
            .filter(|(key, _)| !key.starts_with("suggested_"))
            .map(|(key, value)| (key.clone(), value.to_string()))
            .collect();
        let verdict = verify(&row.kind, set);
        // The same number may be measured in several ways, which follow each other.
        let mut computed: Vec<f64> = verdict.checks.iter().map(|check| check.expected).collect();
        let mut names = verdict.checks.iter().map(|check| check.what.split(" (").next());
        let mut last = None;
        computed.retain(|_| {
            let name = names.next().unwrap();
            let is_new = name != last;
            last = name;
            is_new
        });
        let expected = numbers(&row.expected);
        let Tolerance { abs, rel } = row.tolerance;
        // What is exact is exact; the rest is at most as far off as the row allows, which
        // is for a simulation, so a formula is held to a thousandth of it.
        let is_row = |part: &[f64]| {
            part.iter().zip(&expected).all(|(computed, expected)| {
                (computed - expected).abs() <= (abs + rel * expected.abs()) / 1000.0 + 1e-9
            })
        };
        let is_found = computed.windows(expected.len()).any(is_row);
        assert!(is_found, "{}: {expected:?} is not in {computed:?}", row.id);
    }
}

/// Other parameters than those of the table, in its ranges and at their ends.
#[test]
fn the_laws_hold_for_other_parameters_too() {
    for (kind, set) in [
        ("aimd", "peak=1000 decrease_factor=0.7 increase_per_step=2 x0=1 y0=90 capacity=150"),
        ("amplification", "layers_that_retry=2 retries_per_layer=4 p=0.9"),
        ("amplification", "layers_that_retry=1 retries_per_layer=0 p=0.3"),
        ("closed_population", "clients=5 think_s=0.5 service_s=0.2"),
        ("collision", "clients=10 t_s=1 slot_s=0.25"),
        ("cubic", "w_max=7 beta=0.5 c=1.5 t=[0,0.5,3]"),
        ("decorrelated_jitter", "base_s=0.5 n=4"),
        ("decorrelated_jitter", "base_s=0.05 cap_s=0.12 n=5"),
        ("drain", "jobs=333 rate_per_s=7 burst=1 limit=10 window_s=1.5"),
        ("equal_jitter", "base_s=1 cap_s=3 n=4"),
        ("erlang_b", "offered_erlangs=20 servers=18"),
        ("expected_attempts", "p=0.9 max_attempts=10"),
        ("expected_attempts", "p=1 max_attempts=3"),
        ("fixed_window", "limit=7 window_ms=1000 arrivals=[[0,3],[999,9],[1000,9],[2500,1]]"),
        ("full_jitter", "base_s=0.01 cap_s=0.01 n=2"),
        ("gcra", "emission_interval_ms=70 tau_ms=25 arrivals_ms=[0,45,45,90,114,200,201,900]"),
        ("grpc_throttle", "max_tokens=3 token_ratio=0.55 outcomes=FFSSSFSFFFSSSS"),
        ("md1", "lambda=3 service_s=0.2"),
        ("mm1", "lambda=5 mu=10"),
        ("mm1k", "lambda=2 mu=2 k=1"),
        ("mmc", "lambda=1.5 mu=1 c=2"),
        ("periodic_overload", "demand_per_s=70 rate_per_s=30 burst=7 t_s=11"),
        ("retry_after_herd", "clients=100 retry_after_s=2 spread_s=7 burst=300"),
        ("retry_budget", "requests=777 ratio=2.3 initial_tokens=13"),
        ("retry_budget", "requests=10 ratio=0 initial_tokens=0"),
        ("sliding_window_counter", "window_s=7 cases=[[5,2,3.3],[0,0,6.9]]"),
        ("sre_throttle", "cases=[[200,50,1.5,60]] n=5000 f=0.3 k=1.2"),
        ("sync_backoff", "clients=7 base_ms=33 factor=1.5 cap_ms=200 latency_ms=7 attempts=12"),
        ("token_bucket", "rate=0.7 burst=1 t=[0,1.4,1.5,100]"),
        ("token_bucket", "rate=3333 burst=5 t=10"),
    ] {
        let pairs = set.split(' ').map(|pair| pair.split_once('=').unwrap());
        verify(kind, pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect());
    }
}

#[test]
fn a_parameter_that_is_wrong_is_named_with_what_it_must_be() {
    for (kind, key, value, message) in [
        ("token_bucket", "speed", "7", "unknown field `speed`, expected one of `rate`"),
        ("token_bucket", "rate", "0", "rate is 0, must be a number from 0.000001"),
        ("token_bucket", "rate", "fast", "invalid type: string \"fast\", expected f64"),
        ("token_bucket", "t", "1e9", "must be a time within which at most 2000000"),
        ("mm1", "lambda", "1", "load is 1, must be at most 0.98"),
        ("mm1", "samples", "7", "samples is 7, must be from 1000 to 1000000"),
        ("amplification", "p", "1.5", "p is 1.5, must be a number from 0 to 1"),
        ("amplification", "p", "nan", "p is NaN, must be a number from 0 to 1"),
        ("grpc_throttle", "outcomes", "FX", "outcomes is FX, must be of the letters F and S"),
    ] {
        let kind = Kind::named(kind).unwrap();
        let error = kind.verify(&[(key.to_owned(), value.to_owned())]).unwrap_err().to_string();
        assert!(error.contains(message), "{key}={value}: {error}");
    }
}

/// The verdict about a kind, which must hold.
#[track_caller]
fn verify(kind: &str, mut set: Vec<(String, String)>) -> Verdict {
    if let Some((_, samples)) = SAMPLES.iter().find(|(name, _)| *name == kind) {
        let herds = ["collision", "retry_after_herd"];
        let key = if herds.contains(&kind) { "replications" } else { "samples" };
        set.push((key.to_owned(), (*samples).to_owned()));
    }
    let kind = Kind::named(kind).unwrap_or_else(|| panic!("no kind is {kind}"));
    let verdict =
        kind.verify(&set).unwrap_or_else(|error| panic!("{} {set:?}: {error}", kind.name));
    let off: Vec<_> = verdict.checks.iter().filter(|check| !check.holds()).collect();
    assert!(off.is_empty(), "{} {set:?}: {off:#?}", kind.name);
    verdict
}

/// All numbers of a list of lists, in their order.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => value.as_f64().into_iter().collect(),
    }
}

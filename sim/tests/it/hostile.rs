//! Scenario files that nobody would write on purpose: each is simulated or refused with
//! words, and in a debug build every event of what is simulated is checked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use forbear_sim::{Options, Scenario, Shipped, compare};
use proptest::prelude::*;
use toml::{Table, Value};

/// How long a scenario is simulated: some are longer than any test.
const LONG_ENOUGH: Duration = Duration::from_millis(60);
/// Calls whose costs and times are drawn before a run, which nothing can stop.
const FEW_CALLS: u64 = 30_000;

/// Simulates what can be, for a while, and says what else is wrong.
fn play(text: &str, policy: usize) -> Result<(), String> {
    let scenario = Scenario::parse(text, &[]).map_err(|error| error.to_string())?;
    if scenario.calls() > FEW_CALLS || scenario.policies().is_empty() {
        return Ok(());
    }
    let policies = scenario.policies();
    let policy = policy % policies.len();
    let cancel = AtomicBool::new(false);
    thread::scope(|scope| {
        let (over, waits) = mpsc::channel::<()>();
        scope.spawn(|| {
            let _ = waits.recv_timeout(LONG_ENOUGH);
            cancel.store(true, Ordering::Relaxed);
            // Moved here, since a scope ends with its threads.
            drop(waits);
        });
        let policies = &policies[policy..=policy];
        let comparison = compare(&scenario, policies, &Options::default(), &|_| {}, &cancel);
        drop(over);
        for run in comparison.policies.iter().flat_map(|policy| &policy.runs) {
            let metrics = &run.metrics;
            assert!(metrics.succeeded + metrics.failed <= metrics.calls);
            assert!(metrics.time_to_drain.is_finite() && metrics.goodput.is_finite());
        }
    });
    Ok(())
}

/// A value that is at the edge of what some key takes, or beyond.
fn odd_value() -> impl Strategy<Value = Value> {
    let texts = [
        "",
        "0s",
        "1ns",
        "213503d",
        "584y",
        "-1s",
        "1e9s",
        "0/s",
        "1/213503d",
        "4294967295/1ns",
        "0.000001/s",
        "none",
        "x",
        "ü\u{0}\u{202e}",
        "token_bucket",
        "requests",
        "full",
    ];
    prop_oneof![
        prop::sample::select(texts.to_vec()).prop_map(Value::from),
        prop::sample::select(vec![
            i64::MIN,
            -1,
            0,
            1,
            2,
            100,
            65_536,
            1_000_000,
            4_294_967_295,
            4_294_967_296,
            i64::MAX,
        ])
        .prop_map(Value::from),
        prop::sample::select(vec![
            -1.0,
            -0.0,
            0.0,
            1e-300,
            0.5,
            1.0,
            1e18,
            1e308,
            f64::INFINITY,
            f64::NAN,
        ])
        .prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Array(Vec::new())),
        Just(Value::Table(Table::new())),
    ]
}

/// What is done to a file at a place in it.
#[derive(Clone, Debug)]
enum Change {
    /// Another value.
    Set(Value),
    /// The value of another place.
    Copy(usize),
    /// Nothing there.
    Remove,
    /// An unknown key beside it, or one element more.
    Add(Value),
    /// The same once more, in a list.
    Double,
}

fn change() -> impl Strategy<Value = (usize, Change)> {
    let change = prop_oneof![
        6 => odd_value().prop_map(Change::Set),
        3 => any::<usize>().prop_map(Change::Copy),
        1 => Just(Change::Remove),
        1 => odd_value().prop_map(Change::Add),
        1 => Just(Change::Double),
    ];
    (any::<usize>(), change)
}

/// The places in a value, each as the keys and numbers that lead to it.
fn places(value: &Value) -> Vec<Vec<String>> {
    let below: Vec<(String, &Value)> = match value {
        Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(array) => {
            (0..).zip(array).map(|(n, value): (u32, _)| (n.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (key, value) in below {
        all.push(vec![key.clone()]);
        all.extend(places(value).into_iter().map(|rest| [vec![key.clone()], rest].concat()));
    }
    all
}

fn at<'a>(root: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(root, |at, key| match at {
        Value::Table(table) => table.get_mut(key),
        Value::Array(array) => array.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    })
}

fn apply(root: &mut Value, place: usize, change: &Change) {
    let places = places(root);
    let Some(path) = places.get(place % places.len().max(1)) else { return };
    let other = match change {
        Change::Copy(from) => at(root, &places[from % places.len()]).cloned(),
        Change::Set(value) => Some(value.clone()),
        _ => None,
    };
    if let Some(value) = other {
        if let Some(place) = at(root, path) {
            *place = value;
        }
        return;
    }
    let (Some((last, before)), this) = (path.split_last(), at(root, path).cloned()) else { return };
    match (at(root, before), change) {
        (Some(Value::Table(table)), Change::Remove) => drop(table.remove(last)),
        (Some(Value::Array(array)), Change::Remove) => drop(array.pop()),
        (Some(Value::Table(table)), Change::Add(value)) => {
            table.insert(format!("{last}2"), value.clone());
        }
        (Some(Value::Array(array)), Change::Add(value)) => array.push(value.clone()),
        (Some(Value::Array(array)), Change::Double) => array.extend(this),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_scenario_with_odd_values_is_simulated_or_refused(
        storm in 0..Shipped::ALL.len(),
        policy in any::<usize>(),
        changes in prop::collection::vec(change(), 1..5),
    ) {
        let mut root: Value = toml::from_str(Shipped::ALL[storm].text).unwrap();
        for (place, change) in &changes {
            apply(&mut root, *place, change);
        }
        let text = toml::to_string(&root).unwrap();
        if let Err(error) = play(&text, policy) {
            prop_assert!(!error.trim().is_empty(), "refused without a word: {text}");
        }
    }

    #[test]
    fn a_scenario_with_changed_bytes_is_simulated_or_refused(
        storm in 0..Shipped::ALL.len(),
        policy in any::<usize>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<u8>()), 1..4),
    ) {
        let mut bytes = Shipped::ALL[storm].text.as_bytes().to_vec();
        for (place, kind, byte) in changes {
            let place = place.index(bytes.len());
            match kind {
                0 => bytes[place] = byte,
                1 => drop(bytes.remove(place)),
                _ => bytes.insert(place, if byte.is_ascii() { byte } else { b'9' }),
            }
        }
        if let Err(error) = play(&String::from_utf8_lossy(&bytes), policy) {
            prop_assert!(!error.trim().is_empty());
        }
    }
}

//! The shipped scenarios: their hashes and what they promise.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;

use forbear_sim::{NamedPolicy, Options, Scenario, Shipped, compare, golden_hash};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/golden.toml");

/// A change of these hashes is a change of every result: say why in the commit.
/// `FORBEAR_BLESS=1 cargo test -p forbear-sim golden` writes them anew.
#[test]
fn each_scenario_has_its_golden_hash() {
    let mut text = String::from(
        "# Hash of all events of each scenario, under all of its policies, with seed 1.\n\
         # Written by `FORBEAR_BLESS=1 cargo test -p forbear-sim golden`.\n\n",
    );
    let mut hashes = BTreeMap::new();
    for shipped in Shipped::ALL {
        let scenario = Scenario::named(shipped.name).unwrap();
        let hash = golden_hash(&scenario);
        writeln!(text, "{} = \"{hash}\"", shipped.name).unwrap();
        hashes.insert(shipped.name.to_owned(), hash);
    }
    if std::env::var_os("FORBEAR_BLESS").is_some() {
        std::fs::write(FILE, text).unwrap();
    }
    let golden: BTreeMap<String, String> =
        toml::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    assert_eq!(hashes, golden);
}

#[test]
fn each_scenario_keeps_what_it_asserts() {
    for shipped in Shipped::ALL {
        let scenario = Scenario::named(shipped.name).unwrap();
        assert!(!scenario.assertions().is_empty(), "{} asserts nothing", shipped.name);
        let options = Options { replications: 2, ..Options::default() };
        let policies = scenario.policies();
        let comparison = compare(&scenario, policies, &options, &|_| {}, &AtomicBool::new(false));
        let broken: Vec<String> = comparison
            .policies
            .iter()
            .flat_map(|policy| policy.runs.iter().map(|run| (&policy.name, &run.metrics)))
            .flat_map(|(name, metrics)| scenario.broken(name, metrics))
            .map(|broken| broken.to_string())
            .collect();
        assert!(broken.is_empty(), "{}: {broken:?}", shipped.name);
    }
}

#[test]
fn each_scenario_is_named_as_its_file_and_has_the_usual_policies() {
    for shipped in Shipped::ALL {
        let scenario = Scenario::named(shipped.name).unwrap();
        assert_eq!(scenario.name(), shipped.name);
        assert!(scenario.source().starts_with("https://"), "{}", shipped.name);
        let names: Vec<&str> = scenario.policies().iter().map(NamedPolicy::name).collect();
        if ["aws-backoff", "tenant-batch"].contains(&shipped.name) {
            // Its policies are those of the experiment, or differ in who goes next only.
            continue;
        }
        for name in ["none", "fixed-retry", "exponential", "full-jitter", "recommended"] {
            assert!(names.contains(&name), "{} lacks {name}", shipped.name);
        }
    }
}

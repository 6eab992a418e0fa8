//! What decides a shipped storm, against the closed form that its comment names.

use forbear_sim::{Scenario, Shipped, Simulation};

/// Successes of `metastable` with each client at `rate`, under the policy of this name.
fn metastable(rate: &str, calls: u64, policy: &str) -> u64 {
    let named = Shipped::ALL.iter().find(|shipped| shipped.name == "metastable");
    let text = named.expect("it is shipped").text;
    let set = [
        ("arrivals.rate".to_owned(), rate.to_owned()),
        ("clients.calls".to_owned(), calls.to_string()),
    ];
    let scenario = Scenario::parse(text, &set).unwrap_or_else(|error| panic!("{error}"));
    let named = scenario.policies().iter().find(|named| named.name() == policy);
    let policy = named.expect("the scenario has it");
    Simulation::new(&scenario, policy.policy()).run().result.metrics.succeeded
}

#[test]
fn a_collapse_is_for_ever_above_a_third_of_the_capacity_and_not_below() {
    // Three attempts a call: 100 / 3 = 33.3 a second is what a collapsed server bears.
    // 20 s before the trigger are 800 and 600 calls.
    let (above, below) =
        (metastable("4/s", 1200, "full-jitter"), metastable("3/s", 1200, "full-jitter"));
    assert!(above <= 1500, "40 a second came back: {above} of 12000");
    assert!(below >= 6000, "30 a second did not: {below} of 12000");
    // With a budget of a tenth it bears 100 / 1.1 = 91.
    let budgeted = metastable("4/s", 1200, "recommended");
    assert!(budgeted >= 11_000, "{budgeted} of 12000");
}

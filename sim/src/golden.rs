//! One hash for all that a scenario does.

use crate::hash::Hash;
use crate::scenario::Scenario;
use crate::simulation::Simulation;

/// Hash of all events of `scenario`, under each of its policies, with seed 1: 16
/// hexadecimal digits.
///
/// What a build prints for a shipped scenario is in `scenarios/golden.toml`; another
/// hash means that results of the two builds cannot be compared.
#[must_use]
pub fn golden_hash(scenario: &Scenario) -> String {
    let mut hash = Hash::new();
    for policy in scenario.policies() {
        hash.text(policy.name());
        hash.text(&Simulation::of(scenario, policy).run().result.hash);
    }
    hash.to_string()
}

//! Prints what each shipped scenario does to each of its policies, and how fast it is
//! simulated: alone, and held to its rules after every event.
//!
//! `cargo run --release -p forbear-sim --example storms [SCENARIO..]`

#![expect(clippy::print_stdout, reason = "an example prints")]
#![expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "it prints a speed")]
#![expect(clippy::disallowed_methods, reason = "it measures how fast the simulator is")]

use std::error::Error;
use std::time::Instant;

use forbear_sim::{Scenario, Shipped, Simulation, golden_hash};

fn main() -> Result<(), Box<dyn Error>> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for shipped in Shipped::ALL {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == shipped.name) {
            continue;
        }
        let scenario = Scenario::named(shipped.name)?;
        println!("\n{} {}", scenario.name(), golden_hash(&scenario));
        println!(
            "{:14} {:>7} {:>7} {:>8} {:>7} {:>7} {:>6} {:>8} {:>8} {:>8} {:>5} {:>5} {:>8} {:>8}",
            "policy",
            "ok",
            "failed",
            "sends",
            "429",
            "hint!",
            "429%",
            "drain",
            "p50",
            "p99",
            "util",
            "jain",
            "Mev/s",
            "checked"
        );
        for policy in scenario.policies() {
            let start = Instant::now();
            let result = Simulation::new(&scenario, policy.policy()).run().result;
            let took = start.elapsed().as_secs_f64();
            let start = Instant::now();
            let checked = Simulation::new(&scenario, policy.policy()).checked().run();
            let checked_took = start.elapsed().as_secs_f64();
            if let Some(violation) = checked.violation {
                println!("{violation}");
            }
            let m = &result.metrics;
            println!(
                "{:14} {:7} {:7} {:8} {:7} {:7} {:6.2} {:8.2} {:8.2} {:8.2} {:5.3} {:5.3} {:8.2} {:8.2}",
                policy.name(),
                m.succeeded,
                m.failed,
                m.sends,
                m.throttled,
                m.before_hint,
                m.throttled_rate * 100.0,
                m.time_to_drain,
                m.completion_p50.unwrap_or(f64::NAN),
                m.completion_p99.unwrap_or(f64::NAN),
                m.quota_utilisation.unwrap_or(f64::NAN),
                m.fairness.unwrap_or(f64::NAN),
                result.events as f64 / took / 1e6,
                result.events as f64 / checked_took / 1e6,
            );
        }
    }
    Ok(())
}

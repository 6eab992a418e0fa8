//! Servers that only refuse, learned on machines that are late, more or less.
//!
//! `cargo test -p forbear-core --all-features --test it lateness -- --nocapture` prints
//! the table of `docs/LEARNED.md`.
#![expect(clippy::float_arithmetic, reason = "shares of a quota are only reported")]

use std::time::Duration;

use super::servers::{MS, Noise, Rule, SECOND, Storm, Tally};

const SEEDS: u64 = 5;
const HINT: Option<Duration> = Some(Duration::from_secs(1));

/// How late the machine is, and which part of the quota is used then: on average over
/// the seeds, and in each run.
struct Level {
    name: &'static str,
    noise: Noise,
    mean: f64,
    least: f64,
}

fn levels() -> [Level; 4] {
    let level = |name, (late, stall_each, stall), mean, least| Level {
        name,
        noise: Noise { late: late * MS, stall_each: stall_each * SECOND, stall: stall * MS },
        mean,
        least,
    };
    [
        level("never", (0, 0, 0), 0.95, 0.9),
        level("up to 2 ms", (2, 0, 0), 0.93, 0.9),
        level("up to 5 ms, each second up to 40 ms", (5, 1, 40), 0.88, 0.75),
        level("up to 10 ms, each second up to 150 ms", (10, 1, 150), 0.75, 0.45),
    ]
}

/// The rule's name, the rule, and the seconds to learn it in.
fn rules() -> [(&'static str, Rule, u64); 11] {
    [
        ("bucket of 21, 100 a second", Rule::bucket(100, 20), 20),
        ("bucket of 6, 10 a second", Rule::bucket(10, 5), 100),
        ("bucket of 101, 1000 a second", Rule::bucket(1000, 100), 20),
        ("HAProxy, 50 in 1 s", Rule::counter(50, SECOND), 20),
        ("HAProxy, 200 in 1 s", Rule::counter(200, SECOND), 20),
        ("HAProxy, 100 in 10 s", Rule::counter(100, 10 * SECOND), 100),
        ("fixed, 50 in 1 s", Rule::fixed(50, SECOND, 700 * MS), 30),
        ("fixed, 600 in 60 s", Rule::fixed(600, 60 * SECOND, 20 * SECOND), 300),
        ("sliding, 50 in 1 s", Rule::log(50, SECOND), 20),
        ("sliding, 200 in 1 s", Rule::log(200, SECOND), 20),
        ("sliding, 600 in 60 s", Rule::log(600, 60 * SECOND), 300),
    ]
}

/// What was sent while it learned, and as long again four times.
fn run(rule: &Rule, hint: Option<Duration>, level: &Level, learning: u64, seed: u64) -> [Tally; 2] {
    let mut storm = Storm::new(rule.clone(), 32, (MS, MS / 5));
    (storm.hint, storm.noise) = (hint, level.noise);
    storm.seed(seed);
    storm.run_for(learning * SECOND);
    let (learned, from) = (storm.since(SECOND), storm.now);
    storm.run_for(4 * learning * SECOND);
    [learned, storm.since(from)]
}

fn range(values: impl Iterator<Item = f64> + Clone) -> String {
    let (least, most) = (values.clone().fold(f64::MAX, f64::min), values.fold(0.0, f64::max));
    format!("{:.1} to {:.1} %", 100.0 * least, 100.0 * most)
}

fn refused(tally: &Tally) -> f64 {
    tally.refused as f64 / tally.sends as f64
}

#[test]
fn two_in_a_hundred_are_refused_at_most_and_nearly_all_is_used() {
    for level in levels() {
        println!("\nLate: {}\n", level.name);
        println!("| server | refused while learning | refused later | used later | on average |");
        println!("| --- | --- | --- | --- | --- |");
        for (name, rule, learning) in rules() {
            for (hint, says) in [(None, ""), (HINT, ", `Retry-After: 1`")] {
                let runs = (1..=SEEDS).map(|seed| run(&rule, hint, &level, learning, seed));
                let runs: Vec<_> = runs.collect();
                let mean = runs.iter().map(|run| run[1].used).sum::<f64>() / SEEDS as f64;
                println!(
                    "| {name}{says} | {} | {} | {} | {:.1} % |",
                    range(runs.iter().map(|run| refused(&run[0]))),
                    range(runs.iter().map(|run| refused(&run[1]))),
                    range(runs.iter().map(|run| run[1].used)),
                    100.0 * mean,
                );
                for [learned, later] in &runs {
                    assert!(refused(learned) <= 0.1, "{name}{says}: {learned:?}");
                    assert!(refused(later) <= 0.02, "{name}{says}: {later:?}");
                    assert!(later.used >= level.least, "{name}{says}: {later:?}");
                }
                assert!(mean >= level.mean, "{name}{says}: {mean}");
            }
        }
    }
}

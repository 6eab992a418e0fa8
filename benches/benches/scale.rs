//! What a simulated client costs, from ten thousand to a million of them.
//!
//! The crowd of `simulate`, with a server that grows with it, for so many virtual seconds
//! that each size has some millions of events. Prints the time of an event, the most memory
//! that was allocated at once for a client, and how replications speed up with threads.
//! Not criterion's: one run with a million clients takes seconds, and the sizes are run in
//! turn so that other work on the machine meets all of them.
//!
//! `cargo bench -p forbear-benches --bench scale`; with `-- --test`, small and once.

#![expect(clippy::float_arithmetic, reason = "figures are printed with a few digits")]
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use forbear_benches::crowd::scenario;
use forbear_benches::timed;
use forbear_sim::{Options, Scenario, Simulation, compare};

/// Clients and virtual seconds.
const SIZES: [(u32, u32); 3] = [(10_000, 60), (100_000, 20), (1_000_000, 5)];
const TURNS: usize = 3;
const REPLICATIONS: u32 = 16;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (sizes, turns) = if is_test { (&SIZES[..1], 1) } else { (&SIZES[..], TURNS) };
    print_sizes(sizes, turns);
    print_replications(turns);
}

fn print_sizes(sizes: &[(u32, u32)], turns: usize) {
    let mut quickest = vec![(f64::MAX, 0, 0); sizes.len()];
    for _ in 0..turns {
        for (row, &(clients, horizon_s)) in quickest.iter_mut().zip(sizes) {
            let scenario = scenario(clients, horizon_s);
            let (mut events, mut took) = (0, Duration::ZERO);
            let counted = allocation_counter::measure(|| {
                (events, took) = timed(|| run(&scenario));
            });
            let ns_an_event = took.as_secs_f64() * 1e9 / real(events);
            *row = (row.0.min(ns_an_event), events, counted.bytes_max);
        }
    }
    println!("  clients  virtual s       events  ns an event  to the first  bytes a client");
    for (&(clients, horizon_s), &(ns, events, bytes)) in sizes.iter().zip(&quickest) {
        let (times, bytes) = (ns / quickest[0].0, real(bytes) / f64::from(clients));
        println!("{clients:9}{horizon_s:11}{events:13}{ns:13.1}{times:14.2}{bytes:16.1}");
    }
}

fn run(scenario: &Scenario) -> u64 {
    Simulation::new(scenario, scenario.policies()[0].policy()).run().result.events
}

/// How long replications take on one thread and on all.
fn print_replications(turns: usize) {
    let scenario = scenario(1_000, 60);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut alone = Duration::MAX;
    let mut together = Duration::MAX;
    for _ in 0..turns {
        alone = alone.min(replicate(&scenario, 1));
        together = together.min(replicate(&scenario, threads));
    }
    let times = alone.as_secs_f64() / together.as_secs_f64();
    println!(
        "{REPLICATIONS} replications: {alone:?} on 1 thread, {together:?} on {threads}: {times:.2} times"
    );
}

fn replicate(scenario: &Scenario, threads: usize) -> Duration {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let options = Options { replications: REPLICATIONS, ..Options::default() };
    let replicate =
        || compare(scenario, scenario.policies(), &options, &|_| {}, &AtomicBool::new(false));
    timed(|| pool.install(replicate)).1
}

#[expect(clippy::cast_precision_loss, reason = "printed with a few digits")]
fn real(count: u64) -> f64 {
    count as f64
}

//! A crowd that backs off, in the simulator and in loops that do nothing else.
//!
//! 10,000 clients think for Exp(1 s), call a server that admits 1000 a second and
//! answers after 50 ms, and back off with full jitter (100 ms to 10 s) where it
//! refuses; 60 virtual seconds. The simulator runs the production engine and keeps its
//! books and its hash; the others are [`crowd::Crowd`], 100 lines, behind a scheduler:
//! a binary heap of (time, sequence), nexosim with one model for all clients, and the
//! same in `SimPy`.
//!
//! Each does about the same sends, which is checked before it is measured. Sends a
//! second compare whole simulators; events a second compare what each calls an event.

#![expect(clippy::print_stdout, reason = "what was played is said beside its time")]

mod crowd;
mod heap;
mod model;
mod simpy;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use forbear_sim::{Run, Scenario, Simulation};

use self::crowd::Played;

/// The crowd as a scenario.
fn scenario(clients: u32) -> Scenario {
    // The rate grows with the crowd, or more clients would be more refusals too.
    let rate = clients / 10;
    let text = format!(
        r#"
        name = "crowd"
        title = "A crowd that backs off"
        description = "10 times more demand than rate."
        horizon = "60s"
        timer = "0"
        [clients]
        count = {clients}
        calls = 40
        callers = 1
        [arrivals]
        kind = "closed"
        think = {{ kind = "exponential", mean = "1s" }}
        [network]
        round_trip = "50ms"
        [server]
        retry_after = "none"
        [[server.limit]]
        kind = "token_bucket"
        rate = "{rate}/s"
        burst = {rate}
        [[policy]]
        name = "full-jitter"
        [policy.retry]
        max_attempts = "none"
        deadline = "none"
        budget = "none"
        hint = "none"
        backoff = {{ kind = "exponential", base = "100ms", max = "10s", jitter = "full" }}
        "#
    );
    Scenario::parse(&text, &[]).expect("a scenario")
}

fn simulate(scenario: &Scenario) -> Run {
    Simulation::new(scenario, scenario.policies()[0].policy()).run()
}

fn crowds(c: &mut Criterion) {
    let mut group = c.benchmark_group("10,000 clients, 60 virtual seconds");
    group.sample_size(10);
    let scenario = scenario(10_000);
    let (run, heap) = (simulate(&scenario), heap::play(10_000, 1));
    let nexosim = model::play(10_000, 1);
    println!("forbear: {} sends, {} events", run.result.metrics.sends, run.result.events);
    println!("loop: {heap:?}; nexosim: {nexosim:?}");
    assert_alike(run.result.metrics.sends, heap);
    assert_eq!(heap, nexosim, "the same draws in another order");

    group.throughput(Throughput::Elements(run.result.events));
    group.bench_function("forbear", |b| b.iter(|| simulate(black_box(&scenario))));
    group.throughput(Throughput::Elements(heap.events));
    group.bench_function("binary heap, by hand", |b| b.iter(|| heap::play(10_000, black_box(1))));
    group.bench_function("nexosim", |b| b.iter(|| model::play(10_000, black_box(1))));
    if let Some((played, _)) = simpy::play(10_000) {
        println!("SimPy: {played:?}");
        assert_alike(run.result.metrics.sends, played);
        group.throughput(Throughput::Elements(played.events));
        group.bench_function("SimPy", |b| {
            b.iter_custom(|times| {
                let runs = (0..times).map(|_| simpy::play(black_box(10_000)));
                runs.map(|run| run.expect("it ran before").1).sum()
            });
        });
    } else {
        println!("SimPy: left out, python3 cannot import it (pip install simpy)");
    }
    group.finish();
}

/// How the cost of an event grows with the crowd, up to the million calls of a scenario.
fn sizes(c: &mut Criterion) {
    let mut group = c.benchmark_group("events by clients");
    group.sample_size(10);
    for clients in [1_000, 10_000, 25_000] {
        let scenario = scenario(clients);
        group.throughput(Throughput::Elements(simulate(&scenario).result.events));
        group.bench_function(BenchmarkId::from_parameter(clients), |b| {
            b.iter(|| simulate(black_box(&scenario)));
        });
    }
    group.finish();
}

fn assert_alike(sends: u64, by_hand: Played) {
    let apart = sends.abs_diff(by_hand.sends);
    assert!(apart * 50 < sends, "{sends} sends are not within 2 % of {by_hand:?}");
}

criterion_group!(benches, crowds, sizes);
criterion_main!(benches);

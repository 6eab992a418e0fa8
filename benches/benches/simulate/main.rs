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
//! second compare whole simulators; events a second compare what each calls an event: the
//! simulator has three a send, since a request is on its way and an answer too, and the
//! others have two.
//!
//! Before criterion measures them, all are run in turn a few times and the quickest runs are
//! compared, which a machine that has other work bears better than means that were taken
//! one after another. `benches/simulators` prints that alone, and asks for `SimPy` first.

#![expect(clippy::float_arithmetic, reason = "figures are printed with a few digits")]
#![expect(clippy::print_stdout, reason = "what was played is said beside its time")]

mod crowd;
mod heap;
mod model;
mod simpy;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forbear_benches::crowd::scenario;
use forbear_benches::timed;
use forbear_sim::{Run, Scenario, Simulation};

use self::crowd::Played;

fn simulate(scenario: &Scenario) -> Run {
    Simulation::new(scenario, scenario.policies()[0].policy()).run()
}

fn crowds(c: &mut Criterion) {
    let mut group = c.benchmark_group("10,000 clients, 60 virtual seconds");
    group.sample_size(10);
    let scenario = scenario(10_000, 60);
    let (run, heap) = (simulate(&scenario), heap::play(10_000, 1));
    let nexosim = model::play(10_000, 1);
    println!("forbear: {} sends, {} events", run.result.metrics.sends, run.result.events);
    println!("loop: {heap:?}; nexosim: {nexosim:?}");
    assert_alike(run.result.metrics.sends, heap);
    assert_eq!(heap, nexosim, "the same draws in another order");
    print_ratios(&scenario);

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

/// How often each is run for the ratios.
const TURNS: usize = 5;

/// The quickest of some runs of each, in turn, and what they are to each other.
fn print_ratios(scenario: &Scenario) {
    let mut rows: Vec<(&str, Duration, u64, u64)> = Vec::new();
    let mut note =
        |name, took: Duration, sends, events| match rows.iter_mut().find(|row| row.0 == name) {
            Some(row) => row.1 = row.1.min(took),
            None => rows.push((name, took, sends, events)),
        };
    for _ in 0..TURNS {
        let (result, took) = timed(|| simulate(scenario).result);
        note("forbear", took, result.metrics.sends, result.events);
        let (played, took) = timed(|| heap::play(10_000, 1));
        note("binary heap, by hand", took, played.sends, played.events);
        let (played, took) = timed(|| model::play(10_000, 1));
        note("nexosim", took, played.sends, played.events);
        if let Some((played, took)) = simpy::play(10_000) {
            note("SimPy", took, played.sends, played.events);
        }
    }
    println!("the quickest of {TURNS} runs    M events/s   M sends/s   forbear has, of events");
    let per_s = |count: u64, took: Duration| millions(count) / took.as_secs_f64();
    let ours = per_s(rows[0].3, rows[0].1);
    for (name, took, sends, events) in rows {
        let events = per_s(events, took);
        println!("{name:22}{events:16.2}{:12.2}{:19.2} times", per_s(sends, took), ours / events);
    }
}

#[expect(clippy::cast_precision_loss, reason = "printed with a few digits")]
fn millions(count: u64) -> f64 {
    count as f64 / 1e6
}

fn assert_alike(sends: u64, by_hand: Played) {
    let apart = sends.abs_diff(by_hand.sends);
    assert!(apart * 50 < sends, "{sends} sends are not within 2 % of {by_hand:?}");
}

criterion_group!(benches, crowds);
criterion_main!(benches);

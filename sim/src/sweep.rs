//! Many points: one scenario and one policy at every combination of some of their values,
//! or at values that are sampled.
//!
//! Every point meets the storms of the same seeds (common random numbers: Law,
//! "Simulation Modeling and Analysis", 5th ed. 2015, section 11.2), so two points are
//! compared seed by seed. Points are numbered, which lets a [`Shard`] take a part of
//! them on another machine, and [`merge()`] put the parts together again.

mod axis;
mod grid;
mod merge;
mod parameter;
mod range;
mod result;
mod sample;
mod shard;
mod span;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use crate::compare::{Options, Progress};
use crate::results::RunResult;
use crate::simulation::Simulation;

use self::grid::Place;
pub use self::{
    axis::Axis,
    grid::{Grid, GridError},
    merge::{MergeError, merge},
    parameter::{Parameter, ParameterError},
    result::{Point, Source, Sweep},
    sample::Sample,
    shard::{Shard, ShardError},
};

/// Runs `grid`, or the part of it that `shard` names.
///
/// `progress` is called after each run, from any thread. Once `cancel` is set, the
/// runs under way stop, and what is returned is partial: it has the points of which
/// every replication is over.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use forbear_sim::sweep::{Grid, sweep};
/// use forbear_sim::{Options, Scenario};
///
/// let scenario = Scenario::named("retry-after-herd")?;
/// let policy = scenario.policies()[0].clone();
/// let parameters = ["clients.count=10,20".parse()?, "retry.max_attempts=2..4:1".parse()?];
/// let grid = Grid::new(&scenario, &policy, &parameters)?;
///
/// let cancel = AtomicBool::new(false);
/// let swept = sweep(&grid, None, &Options::default(), &|_| {}, &cancel);
/// assert_eq!(swept.points.len(), 6);
/// assert_eq!(swept.points[1].values, ["10", "3"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn sweep(
    grid: &Grid,
    shard: Option<Shard>,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
    cancel: &AtomicBool,
) -> Sweep {
    let replications = options.replications.max(1);
    let places: Vec<&Place> = grid.places_of(shard).collect();
    let runs = u64::from(replications) * places.len() as u64;
    let done = AtomicU64::new(0);
    let run = |of: usize, place: &Place, seed: u64| {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let simulation = Simulation::of(&place.scenario, &place.policy).seed(seed);
        let result = simulation.run_unless(cancel)?.result;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress(Progress::of(&result, of, done, runs));
        Some(result)
    };
    // In the order of points and seeds, whatever the order of the threads.
    let points: Vec<Point> = places
        .par_iter()
        .enumerate()
        .map(|(of, place)| {
            let runs: Option<Vec<RunResult>> = (0..replications)
                .into_par_iter()
                .map(|replication| {
                    run(of, place, options.seed.wrapping_add(u64::from(replication)))
                })
                .collect();
            Some(place.point(runs?))
        })
        .collect::<Vec<_>>()
        .into_iter()
        .flatten()
        .collect();
    Sweep {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: options.command.clone(),
        scenario: grid.scenario().into(),
        policy: grid.policy().into(),
        parameters: grid.parameters().to_vec(),
        sample: grid.sample(),
        seed: options.seed,
        replications,
        shard,
        partial: points.len() < places.len(),
        points,
    }
}

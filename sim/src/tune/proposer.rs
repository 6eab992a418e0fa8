//! Which candidates to try next.

#![expect(clippy::float_arithmetic, reason = "a place on an axis; the value there is rounded")]

use std::collections::BTreeSet;

use rand_xoshiro::Xoroshiro128PlusPlus;
use tpe::density_estimation::DefaultEstimatorBuilder;
use tpe::{TpeOptimizer, TpeOptimizerBuilder};

use super::Score;
use crate::rng::StreamRng;
use crate::scenario::NamedPolicy;
use crate::sweep::{Axis, Sample};

/// The share of the candidates that counts as good. Bergstra and others take 0.15 to 0.25.
const GOOD: f64 = 0.2;

/// Candidates that are drawn before the estimator is asked.
const FIRST: u32 = 18;

/// How often something new is asked for, before the search space counts as exhausted.
const TRIES: u32 = 200;

/// Of the streams of a seed, the one that the search draws from; axes have those from 0.
const STREAM: u64 = 1 << 16;

/// Proposes candidates that were not tried before.
pub(super) struct Proposer<'a> {
    axes: &'a [Axis],
    optimizers: Vec<TpeOptimizer<DefaultEstimatorBuilder>>,
    bits: Xoroshiro128PlusPlus,
    first: Vec<Vec<u64>>,
    seen: BTreeSet<Vec<String>>,
}

/// Its values, their places on the axes and the policy with them.
pub(super) type Proposal = (Vec<String>, Vec<f64>, NamedPolicy);

impl<'a> Proposer<'a> {
    pub(super) fn new(axes: &'a [Axis], seed: u64) -> Self {
        let sample = Sample { points: FIRST, seed };
        let columns: Vec<Vec<u64>> =
            (0..axes.len() as u64).map(|axis| sample.shares(axis)).collect();
        // From the end, where it is cheap to take from.
        let first = (0..FIRST as usize)
            .rev()
            .map(|point| columns.iter().map(|column| column[point]).collect());
        Self {
            axes,
            optimizers: axes.iter().map(optimizer).collect(),
            bits: StreamRng::new(seed, STREAM).into_bits(),
            first: first.collect(),
            seen: BTreeSet::new(),
        }
    }

    /// Up to `count` candidates whose values go together; fewer if there are no more.
    pub(super) fn propose<E>(
        &mut self,
        count: usize,
        build: impl Fn(&[String]) -> Result<NamedPolicy, E>,
    ) -> Vec<Proposal> {
        let mut proposals = Vec::new();
        let mut tries = 0;
        while proposals.len() < count && tries < TRIES {
            let shares = self.next();
            let values: Vec<String> = self
                .axes
                .iter()
                .zip(&shares)
                .map(|(axis, place)| axis.at(share(*place, axis)))
                .collect();
            if !self.seen.insert(values.clone()) {
                tries += 1;
                continue;
            }
            if let Ok(policy) = build(&values) {
                tries = 0;
                proposals.push((values, shares, policy));
            } else {
                tries += 1;
                self.learn(&shares, Score { violation: f64::MAX, cost: f64::MAX });
            }
        }
        proposals
    }

    /// What came of a candidate.
    pub(super) fn learn(&mut self, shares: &[f64], score: Score) {
        let value = if score.violation > 0.0 {
            // Behind whatever keeps the constraints, by an order of its own.
            f64::MAX / 2.0 * (1.0 + score.violation / (1.0 + score.violation.abs()))
        } else {
            score.cost.min(f64::MAX / 4.0)
        };
        let value = if value.is_nan() { f64::MAX } else { value };
        for (optimizer, place) in self.optimizers.iter_mut().zip(shares) {
            // Only a value outside of its range is refused, and there is none.
            let _ = optimizer.tell(*place, value);
        }
    }

    /// A place on each axis: of the first sample, then as the estimator proposes.
    fn next(&mut self) -> Vec<f64> {
        if let Some(shares) = self.first.pop() {
            return self.axes.iter().zip(shares).map(|(axis, share)| place(share, axis)).collect();
        }
        let bits = &mut self.bits;
        let ask = |optimizer: &mut TpeOptimizer<DefaultEstimatorBuilder>| {
            optimizer.ask(bits).unwrap_or(0.0)
        };
        self.optimizers.iter_mut().map(ask).collect()
    }
}

/// Values without order are counted, others are places from 0 to 1.
fn optimizer(axis: &Axis) -> TpeOptimizer<DefaultEstimatorBuilder> {
    let (estimator, range) = match axis.values() {
        Some(values) => (tpe::histogram_estimator(), tpe::categorical_range(values.len())),
        None => (tpe::parzen_estimator(), tpe::range(0.0, 1.0)),
    };
    let range = range.expect("an axis has a value, and 0 is less than 1");
    TpeOptimizerBuilder::new()
        .gamma(GOOD)
        .build(estimator, range)
        .expect("the share of the good is between 0 and 1")
}

/// `share / 2^64` as the estimator counts.
#[expect(clippy::cast_precision_loss, reason = "a place needs no more digits")]
fn place(share: u64, axis: &Axis) -> f64 {
    let unit = (share >> 11) as f64 / (1_u64 << 53) as f64;
    axis.values().map_or(unit, |values| (unit * values.len() as f64).floor())
}

/// The opposite: `share / 2^64` of what the estimator says.
#[expect(clippy::cast_precision_loss, reason = "a place needs no more digits")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 2^53")]
fn share(place: f64, axis: &Axis) -> u64 {
    let unit = axis.values().map_or(place, |values| (place.floor() + 0.5) / values.len() as f64);
    ((unit.clamp(0.0, 1.0) * (1_u64 << 53) as f64) as u64).min((1 << 53) - 1) << 11
}

//! Points that are drawn and not counted through.

use forbear_core::Entropy;
use serde::{Deserialize, Serialize};

use super::{Axis, Parameter};
use crate::rng::{StreamRng, scaled};

/// A Latin hypercube: `McKay`, Beckman and Conover, "A comparison of three methods for
/// selecting values of input variables", Technometrics 21 (1979).
///
/// Each axis is cut into as many parts of equal weight as there are points, and each part
/// is met once, in an order of its own: the points cover every axis evenly, however many
/// axes there are, where a grid of as many points has a few values of each. The place
/// within a part is drawn.
///
/// The same seed gives the same points; an axis more does not change those of the others.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Sample {
    /// How many points.
    pub points: u32,
    /// The seed that they are drawn with.
    pub seed: u64,
}

impl Sample {
    /// What each axis is at each point.
    pub(crate) fn draw(self, axes: &[Axis]) -> Vec<Parameter> {
        let draw = |(stream, axis): (u64, &Axis)| {
            let values = self.shares(stream).into_iter().map(|share| axis.at(share));
            Parameter::drawn(axis, values.collect())
        };
        (0..).zip(axes).map(draw).collect()
    }

    /// One place a point, as `share / 2^64`.
    pub(crate) fn shares(self, stream: u64) -> Vec<u64> {
        let mut words = StreamRng::new(self.seed, stream);
        let mut parts: Vec<u64> = (0..u64::from(self.points)).collect();
        // Fisher and Yates, in Durstenfeld's order.
        for last in (1..parts.len()).rev() {
            let other = scaled(words.next_u64(), last as u64);
            parts.swap(last, usize::try_from(other).unwrap_or(last));
        }
        let of = u128::from(self.points.max(1));
        let place = |part: u64| {
            let within = u128::from(words.next_u64());
            u64::try_from(((u128::from(part) << 64) + within) / of).unwrap_or(u64::MAX)
        };
        parts.into_iter().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_every_axis_is_met_once() {
        let sample = Sample { points: 40, seed: 5 };
        for stream in 0..3 {
            let mut parts: Vec<u128> = sample
                .shares(stream)
                .into_iter()
                .map(|share| (u128::from(share) * 40) >> 64)
                .collect();
            assert!(!parts.is_sorted());
            parts.sort_unstable();
            assert!(parts.into_iter().eq(0..40));
        }
        assert_ne!(sample.shares(0), sample.shares(1));
        assert_ne!(sample.shares(0), Sample { seed: 6, ..sample }.shares(0));
    }

    #[test]
    fn values_of_a_list_come_equally_often() {
        let axis: Axis = "retry.backoff.jitter=none,full,equal,decorrelated".parse().unwrap();
        let drawn = Sample { points: 12, seed: 1 }.draw(&[axis]);
        for value in ["none", "full", "equal", "decorrelated"] {
            assert_eq!(drawn[0].values().iter().filter(|drawn| *drawn == value).count(), 3);
        }
    }
}

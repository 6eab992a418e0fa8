//! When the calls of a client arrive.

use forbear_core::{Entropy, Rate};

use crate::rng::{StreamRng, scaled};
use crate::scenario::{ArrivalsSpec, Sampler, nanos};

/// The times of `calls` calls, in ns; none where callers think.
pub(super) fn times(spec: &ArrivalsSpec, calls: u32, rng: &mut StreamRng) -> Vec<u64> {
    let calls = 0..calls;
    match spec {
        ArrivalsSpec::Burst { at, spread } => {
            let (at, spread) = (nanos(*at), nanos(*spread));
            calls.map(|_| at.saturating_add(scaled(rng.next_u64(), spread))).collect()
        }
        ArrivalsSpec::Waves { size, every, spread } => {
            let (every, spread) = (nanos(*every), nanos(*spread));
            calls
                .map(|call| {
                    let wave = u64::from(call / size.get()).saturating_mul(every);
                    wave.saturating_add(scaled(rng.next_u64(), spread))
                })
                .collect()
        }
        ArrivalsSpec::Poisson { rate } => {
            let gaps = gaps(*rate);
            let mut now = 0_u64;
            calls
                .map(|_| {
                    now = now.saturating_add(gaps.sample(rng.next_u64()));
                    now
                })
                .collect()
        }
        ArrivalsSpec::OnOff { rate, on, off } => {
            let (on, off) = (nanos(*on), nanos(*off));
            let cycle = on.saturating_add(off);
            let gaps = gaps(*rate);
            // Time that it was on. It starts anywhere in the cycle; in a pause, with
            // the rest of the pause.
            let phase = scaled(rng.next_u64(), cycle - 1);
            let mut busy = phase.min(on);
            calls
                .map(|_| {
                    busy = busy.saturating_add(gaps.sample(rng.next_u64()));
                    let real = (busy / on).saturating_mul(cycle).saturating_add(busy % on);
                    real.saturating_sub(phase)
                })
                .collect()
        }
        ArrivalsSpec::Recorded(recorded) => recorded.at_ns.clone(),
        ArrivalsSpec::Closed { .. } => Vec::new(),
    }
}

/// The gaps of a Poisson process.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a mean gap is reported to a sampler"
)]
fn gaps(rate: Rate) -> Sampler {
    Sampler::exponential(nanos(rate.period()) as f64 / rate.limit().get() as f64)
}

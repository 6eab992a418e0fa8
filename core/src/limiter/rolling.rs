//! Two counts over the last while.

use crate::Timestamp;

/// Two sums over a span of time, in steps of a tenth of it.
///
/// What is older than the span is forgotten a step at a time. Where the clock
/// goes back, the latest step goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rolling {
    step_ns: u64,
    latest: u64,
    steps: [Step; 10],
}

#[derive(Clone, Copy, Debug, Default)]
struct Step {
    number: u64,
    counts: [u64; 2],
}

impl Rolling {
    const STEPS: u64 = 10;

    pub(super) fn over(span_ns: u64) -> Self {
        let step_ns = span_ns.div_ceil(Self::STEPS).max(1);
        Self { step_ns, latest: 0, steps: [Step::default(); 10] }
    }

    pub(super) fn add(&mut self, now: Timestamp, counts: [u64; 2]) {
        self.latest = self.number(now);
        let place = usize::try_from(self.latest % Self::STEPS).unwrap_or(0);
        let step = &mut self.steps[place];
        if step.number != self.latest {
            *step = Step { number: self.latest, counts: [0; 2] };
        }
        for (sum, count) in step.counts.iter_mut().zip(counts) {
            *sum = sum.saturating_add(count);
        }
    }

    pub(super) fn sums(&self, now: Timestamp) -> [u64; 2] {
        let number = self.number(now);
        let counts = |step: &&Step| number - step.number.min(number) < Self::STEPS;
        self.steps.iter().filter(counts).fold([0; 2], |sums, step| {
            [0, 1].map(|at: usize| sums[at].saturating_add(step.counts[at]))
        })
    }

    pub(super) fn clear(&mut self) {
        self.steps = [Step::default(); 10];
    }

    fn number(&self, now: Timestamp) -> u64 {
        (now.as_nanos() / self.step_ns).max(self.latest)
    }
}

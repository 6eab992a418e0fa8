//! What was let through and what was refused, lately exact and then ever coarser.

/// The runs that are kept.
const LEN: usize = 64;

/// The latest ones, which are kept as they are.
const RECENT: usize = 8;

/// The past of one server, in the order in which it decided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    runs: [Run; LEN],
    len: usize,
}

/// Units that were let through evenly from one time to another, or one refusal;
/// times in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    pub(super) from: u64,
    pub(super) to: u64,
    /// Zero for a refusal.
    pub(super) units: u64,
}

impl Run {
    pub(super) const fn is_refusal(&self) -> bool {
        self.units == 0
    }

    /// It and the next one as one, if that is what they are: let through as fast, or
    /// so few units that it makes no difference.
    fn joined(&self, next: &Self, few: u64) -> Option<Self> {
        if self.is_refusal() || next.is_refusal() {
            return None;
        }
        let units = self.units.saturating_add(next.units);
        let one = u128::from(next.from - self.from) * u128::from(next.units);
        let other = u128::from(next.to - self.to) * u128::from(self.units);
        let is_alike = one.abs_diff(other) <= one.max(other) / 4;
        (is_alike || units <= few).then_some(Self { from: self.from, to: next.to, units })
    }
}

impl Log {
    pub(super) const fn new() -> Self {
        Self { runs: [Run { from: 0, to: 0, units: 0 }; LEN], len: 0 }
    }

    pub(super) fn runs(&self) -> &[Run] {
        &self.runs[..self.len]
    }

    /// What was let through at `at`; answers that overtook each other keep the order
    /// in which they came.
    pub(super) fn admit(&mut self, at: u64, units: u32) {
        if units > 0 {
            self.push(at, u64::from(units));
        }
    }

    /// Of refusals in a row only the last tells something: that not even then there was
    /// a unit.
    pub(super) fn refuse(&mut self, at: u64) {
        match self.runs[..self.len].last_mut() {
            Some(last) if last.is_refusal() => {
                (last.from, last.to) = (at.max(last.from), at.max(last.to));
            }
            _ => self.push(at, 0),
        }
    }

    fn push(&mut self, at: u64, units: u64) {
        if self.len == LEN {
            self.thin();
        }
        let at = at.max(self.runs().last().map_or(0, |last| last.to));
        self.runs[self.len] = Run { from: at, to: at, units };
        self.len += 1;
    }

    /// Joins pairs of what is alike, the fewest units first, and forgets a quarter where
    /// there are none.
    fn thin(&mut self) {
        for few in [4, 8, 16, 32, 64] {
            self.join(few);
            if self.len <= LEN - LEN / 8 {
                return;
            }
        }
        self.forget(LEN / 4);
    }

    fn join(&mut self, few: u64) {
        let (mut kept, mut read) = (0, 0);
        while read < self.len {
            let run = self.runs[read];
            let joined = match self.runs[..self.len].get(read + 1) {
                Some(next) if read + RECENT < self.len => run.joined(next, few),
                _ => None,
            };
            read += 1 + usize::from(joined.is_some());
            self.runs[kept] = joined.unwrap_or(run);
            kept += 1;
        }
        self.len = kept;
    }

    /// Forgets the oldest, up to a refusal if there is one: what the server had left is
    /// known then.
    pub(super) fn forget(&mut self, runs: usize) {
        let runs = runs.min(self.len);
        let refusal = self.runs[runs..self.len].iter().position(Run::is_refusal);
        let runs = runs + refusal.unwrap_or(0);
        self.runs.copy_within(runs..self.len, 0);
        self.len -= runs;
    }

    /// Whether it begins with a refusal, that is with an empty bucket.
    pub(super) fn begins_empty(&self) -> bool {
        self.runs().first().is_some_and(Run::is_refusal)
    }

    /// How long the last `units` took to be let through, in nanoseconds.
    pub(super) fn time_of_last(&self, units: u64) -> u64 {
        let until = self.runs().last().map_or(0, |last| last.to);
        let mut missing = units;
        for run in self.runs().iter().rev() {
            if run.units >= missing {
                // Of a run that went evenly, the last part.
                let span = u128::from(run.to - run.from) * u128::from(missing);
                let part = span / u128::from(run.units.max(1));
                return until - run.to + u64::try_from(part).unwrap_or(u64::MAX);
            }
            missing -= run.units;
        }
        self.runs().first().map_or(0, |first| until - first.from)
    }
}

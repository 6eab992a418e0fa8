//! A run over time, in as few slices as a chart can show.

use crate::results::Series;

use super::seconds;

/// The shortest slice: finer than any chart of a storm needs.
const SHORTEST_NS: u64 = 10_000_000;
/// More slices than this are merged in pairs, so a run of any length needs the
/// same memory.
const MOST: usize = 240;

/// Counts in slices whose length doubles as the run goes on.
#[derive(Debug)]
pub(crate) struct Timeline {
    slice_ns: u64,
    slices: Vec<Slice>,
}

/// What happened in a slice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slice {
    pub(crate) begun: u64,
    pub(crate) ended: u64,
    pub(crate) sends: u64,
    pub(crate) throttled: u64,
}

impl Timeline {
    pub(crate) const fn new() -> Self {
        Self { slice_ns: SHORTEST_NS, slices: Vec::new() }
    }

    /// The slice that `now` falls in.
    pub(crate) fn at(&mut self, now: u64) -> &mut Slice {
        let mut index = self.index(now);
        while index >= MOST as u64 {
            self.merge();
            index = self.index(now);
        }
        let index = usize::try_from(index).unwrap_or(MOST);
        if index >= self.slices.len() {
            self.slices.resize(index + 1, Slice::default());
        }
        &mut self.slices[index]
    }

    /// The slices as data.
    pub(crate) fn series(&self) -> Series {
        let mut outstanding = 0;
        let outstanding = self.slices.iter().map(|slice| {
            outstanding = outstanding + slice.begun - slice.ended;
            outstanding
        });
        Series {
            outstanding: outstanding.collect(),
            slice_s: seconds(self.slice_ns),
            sends: self.slices.iter().map(|slice| slice.sends).collect(),
            throttled: self.slices.iter().map(|slice| slice.throttled).collect(),
        }
    }

    const fn index(&self, now: u64) -> u64 {
        now / self.slice_ns
    }

    fn merge(&mut self) {
        self.slice_ns *= 2;
        let merged = self.slices.chunks(2).map(|pair| {
            pair.iter().fold(Slice::default(), |sum, slice| Slice {
                begun: sum.begun + slice.begun,
                ended: sum.ended + slice.ended,
                sends: sum.sends + slice.sends,
                throttled: sum.throttled + slice.throttled,
            })
        });
        self.slices = merged.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_loses_nothing() {
        let mut timeline = Timeline::new();
        for n in 0..10_000 {
            timeline.at(n * 7_000_000).sends += 1;
        }
        assert!(timeline.slices.len() <= MOST);
        assert_eq!(timeline.slices.iter().map(|slice| slice.sends).sum::<u64>(), 10_000);
        assert_eq!(timeline.slice_ns, 320_000_000);
    }
}

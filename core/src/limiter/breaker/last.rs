//! The last so many answers, a bit each.

use alloc::boxed::Box;
use alloc::vec;

/// Which of the last requests failed.
#[derive(Clone, Debug)]
pub(super) struct Last {
    failed: Box<[u64]>,
    size: u32,
    /// How many are in it, at most `size`.
    seen: u32,
    /// Where the next goes: over the oldest, once it is full.
    next: u32,
    bad: u32,
}

impl Last {
    pub(super) fn new(size: u32) -> Self {
        let words = usize::try_from(size.div_ceil(u64::BITS)).unwrap_or(usize::MAX);
        Self { failed: vec![0; words].into_boxed_slice(), size, seen: 0, next: 0, bad: 0 }
    }

    /// Takes in one answer; how many of how many failed, once it is full.
    pub(super) fn add(&mut self, failed: bool) -> Option<(u64, u64)> {
        let (word, bit) = (self.next / u64::BITS, 1_u64 << (self.next % u64::BITS));
        let word = &mut self.failed[usize::try_from(word).unwrap_or(usize::MAX)];
        self.bad = self.bad + u32::from(failed) - u32::from(*word & bit != 0);
        if failed {
            *word |= bit;
        } else {
            *word &= !bit;
        }
        self.next = (self.next + 1) % self.size;
        self.seen = (self.seen + 1).min(self.size);
        (self.seen == self.size).then_some((self.bad.into(), self.size.into()))
    }

    pub(super) fn clear(&mut self) {
        self.failed.fill(0);
        (self.seen, self.next, self.bad) = (0, 0, 0);
    }

    /// Whether none of them failed.
    pub(super) const fn is_clear(&self) -> bool {
        self.bad == 0
    }
}

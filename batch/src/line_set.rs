//! A set of lines, a bit each.

/// A set of numbers of lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct LineSet(Vec<u64>);

impl LineSet {
    pub(crate) fn insert(&mut self, line: u64) {
        let word = word(line);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= bit(line);
    }

    pub(crate) fn remove(&mut self, line: u64) {
        if let Some(word) = self.0.get_mut(word(line)) {
            *word &= !bit(line);
        }
    }

    pub(crate) fn contains(&self, line: u64) -> bool {
        self.0.get(word(line)).is_some_and(|word| word & bit(line) != 0)
    }
}

/// An input has less than 2^32 lines.
fn word(line: u64) -> usize {
    usize::try_from(line / 64).unwrap_or(usize::MAX)
}

const fn bit(line: u64) -> u64 {
    1 << (line % 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_is_in() {
        let mut lines = LineSet::default();
        for line in [1, 63, 64, 1000] {
            lines.insert(line);
        }
        lines.remove(63);
        lines.remove(5000);
        let found: Vec<_> = (0..2000).filter(|line| lines.contains(*line)).collect();
        assert_eq!(found, [1, 64, 1000]);
    }
}

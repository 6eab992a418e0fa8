//! A hash of what happened, by which two runs are told apart.
//!
//! Not the standard library's: that one may change with the compiler, and these
//! hashes are kept in files. Rotate, xor and multiply a word, as in `FxHash`, with
//! the finalizer of `SplitMix64` at the end so that every bit counts.

use std::fmt;

use forbear_core::{Entropy, SplitMix64};

/// A hash over 64-bit words, in order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Hash(u64);

impl Hash {
    /// The hash of nothing.
    pub(crate) const fn new() -> Self {
        // FNV's offset: any number that is not 0, which would swallow zeros.
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Appends a word.
    pub(crate) const fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// Appends text, with its length, so that `ab, c` differs from `a, bc`.
    pub(crate) fn text(&mut self, text: &str) {
        self.word(text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", SplitMix64::new(self.0).next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_zeros_count() {
        let hash = |words: &[u64]| {
            let mut hash = Hash::new();
            for &word in words {
                hash.word(word);
            }
            hash.to_string()
        };
        assert_eq!(hash(&[1, 2]), hash(&[1, 2]));
        assert_ne!(hash(&[1, 2]), hash(&[2, 1]));
        assert_ne!(hash(&[]), hash(&[0]));
        assert_ne!(hash(&[0]), hash(&[0, 0]));
    }
}

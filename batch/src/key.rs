//! The key by which a server knows a job that it has seen.
//!
//! It follows from the name of the batch, the content of its input and the number of the
//! line, and from nothing else: the same on each attempt, after each start, and on another
//! machine. So a request whose answer was lost, with a process that was killed, is known to
//! the server when it comes again.
//!
//! The form is a UUID of version 8 (RFC 9562, section 5.8), for custom digests; the field is
//! draft-ietf-httpapi-idempotency-key-header, in the bare form that servers take.

use sha2::{Digest, Sha256};

use crate::input::{InputName, hex};

/// Makes the keys of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Keys(Sha256);

impl Keys {
    pub(crate) fn new(batch: &str, input: &InputName) -> Self {
        let mut hash = Sha256::new();
        // Lengths keep the parts apart.
        for part in ["forbear batch 1", batch, &input.sha256] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash)
    }

    /// The key of the job in this line.
    pub(crate) fn of(&self, line: u64) -> String {
        let digest = self.0.clone().chain_update(line.to_be_bytes()).finalize();
        let mut octets: [u8; 16] = digest[..16].try_into().unwrap_or_default();
        octets[6] = (octets[6] & 0x0f) | 0x80;
        octets[8] = (octets[8] & 0x3f) | 0x80;
        let digits = hex(&octets);
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
        parts.join("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(sha256: &str) -> InputName {
        InputName { sha256: sha256.into(), bytes: 3 }
    }

    #[test]
    fn keys_are_the_same_for_ever() {
        // A released version must not change them: jobs in progress would be repeated.
        let keys = Keys::new("", &input("aa"));
        assert_eq!(keys.of(1), GOLDEN);
        assert_eq!(keys.of(1), Keys::new("", &input("aa")).of(1));
    }

    const GOLDEN: &str = "333bb2f2-4f8a-8fac-b61f-f6419e34faf2";

    #[test]
    fn another_line_input_or_name_has_another_key() {
        let keys = Keys::new("", &input("aa"));
        let others =
            [Keys::new("b", &input("aa")).of(1), Keys::new("", &input("ab")).of(1), keys.of(2)];
        assert!(!others.contains(&keys.of(1)), "{others:?}");
    }
}

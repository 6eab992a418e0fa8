//! Lines with a checksum: eight hexadecimal digits, a space, JSON.

use sha2::{Digest, Sha256};

use crate::input::hex;

/// The checksum of a line: the first four octets of its SHA-256.
///
/// Against accidents, not against attackers: one of 4 billion cut lines looks whole.
pub(crate) fn checksum(text: &[u8]) -> String {
    hex(&Sha256::digest(text)[..4])
}

/// `text` as a line.
pub(crate) fn seal(text: &str) -> String {
    format!("{} {text}\n", checksum(text.as_bytes()))
}

/// The text of a line without its end, if it is whole.
pub(crate) fn unseal(line: &[u8]) -> Option<&[u8]> {
    let (sum, text) = line.split_at_checked(9)?;
    let is_whole = sum[8] == b' ' && sum[..8] == *checksum(text).as_bytes();
    is_whole.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_or_changed_is_not_whole() {
        let line = seal(r#"{"job":1}"#);
        let line = line.trim_end().as_bytes();
        assert_eq!(unseal(line), Some(&br#"{"job":1}"#[..]));
        for len in 0..line.len() {
            assert_eq!(unseal(&line[..len]), None, "{len}");
        }
        for at in 0..line.len() {
            let mut changed = line.to_vec();
            changed[at] ^= 1;
            assert_eq!(unseal(&changed), None, "{at}");
        }
    }
}

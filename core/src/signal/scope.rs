//! Which of its buckets a server counted a request against.

use core::fmt;

/// The name of a server's bucket, kept inline.
///
/// Names of up to 39 bytes are kept whole. A longer one keeps its first 22
/// bytes and a hash of all of it, so that two long names differ.
///
/// ```
/// use forbear_core::Scope;
///
/// assert_eq!(Scope::new("shared").as_str(), "shared");
/// let long = "x".repeat(100);
/// assert!(Scope::new(&long).as_str().len() <= 39);
/// assert_ne!(Scope::new(&long), Scope::new(&(long.clone() + "y")));
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope {
    bytes: [u8; Self::CAPACITY],
    len: u8,
}

impl Scope {
    const CAPACITY: usize = 39;
    /// Room for `#` and sixteen hexadecimal digits.
    const HASH: usize = 17;

    /// The scope called `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut bytes = [0; Self::CAPACITY];
        if name.len() <= Self::CAPACITY {
            bytes[..name.len()].copy_from_slice(name.as_bytes());
            return Self::filled(bytes, name.len());
        }
        let kept = name.floor_char_boundary_of(Self::CAPACITY - Self::HASH);
        bytes[..kept].copy_from_slice(&name.as_bytes()[..kept]);
        bytes[kept] = b'#';
        let hash = fnv1a(name.as_bytes());
        for (place, shift) in (kept + 1..).zip((0..16).rev()) {
            let digit = (hash >> (4 * shift)) & 0xf;
            bytes[place] = b"0123456789abcdef"[usize::try_from(digit).unwrap_or_default()];
        }
        Self::filled(bytes, kept + Self::HASH)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    fn filled(bytes: [u8; Self::CAPACITY], len: usize) -> Self {
        Self { bytes, len: u8::try_from(len).unwrap_or_default() }
    }
}

/// `str::floor_char_boundary`, which is younger than the oldest supported compiler.
trait FloorCharBoundary {
    fn floor_char_boundary_of(&self, index: usize) -> usize;
}

impl FloorCharBoundary for str {
    fn floor_char_boundary_of(&self, index: usize) -> usize {
        (0..=index).rev().find(|&at| self.is_char_boundary(at)).unwrap_or(0)
    }
}

/// FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = alloc::string::String::deserialize(deserializer)?;
        Ok(Self::new(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let name = "é".repeat(60);
        let scope = Scope::new(&name);
        assert!(scope.as_str().starts_with("ééé"));
        assert!(scope.as_str().contains('#'));
    }
}

//! Independent streams of one seed.

use forbear_core::{Entropy, SplitMix64};
use rand_xoshiro::Xoroshiro128PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// One of the `2^64` independent streams of a seed.
///
/// Sixteen bytes, since a storm has one for each client: `xoroshiro128++` (Blackman and
/// Vigna, "Scrambled linear pseudorandom number generators", 2021), whose state is filled
/// by `SplitMix64`, as its authors advise. That two of `n` streams of which `w` words are
/// drawn overlap has a probability of about `n^2 * w / 2^128`.
///
/// # Examples
///
/// ```
/// use forbear_core::Entropy;
/// use forbear_sim::StreamRng;
///
/// let (mut a, mut again) = (StreamRng::new(7, 0), StreamRng::new(7, 0));
/// assert_eq!(a.next_u64(), again.next_u64());
/// assert_ne!(StreamRng::new(7, 1).next_u64(), StreamRng::new(7, 0).next_u64());
/// ```
#[derive(Clone, Debug)]
pub struct StreamRng(Xoroshiro128PlusPlus);

/// Who draws from a stream of a run.
///
/// The upper half of a stream's number is the kind and the lower the client, so
/// no two share one. Kind 0 is left to users of [`StreamRng::new`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    /// When the calls of a client arrive.
    Arrivals(u32),
    /// The keys of the luck of all calls.
    Calls,
    /// The jitter of a client's engine.
    Jitter(u32),
    /// Which of its restarts befall a client.
    Restarts(u32),
    /// The jitter of a client's engine after so many restarts, counted from 1.
    JitterAfter(u32, u32),
    /// How far the clock of a client is off.
    Clocks(u32),
    /// Which partitions cut a client off from Redis.
    Partitions(u32),
    /// How long the messages of a client to Redis take.
    Redis(u32),
    /// How long Redis works.
    RedisWork,
}

impl StreamRng {
    /// Stream `stream` of `seed`.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        // For one seed a one-to-one function of the stream, so that no two are the same.
        // Not `seed_from_u64`: how that fills the state is up to `rand_core`.
        let of_seed = SplitMix64::new(seed).next_u64();
        let of_stream = SplitMix64::new(of_seed.wrapping_add(stream)).next_u64();
        let mut words = SplitMix64::new(of_stream);
        let mut state = [0; 16];
        for chunk in state.chunks_exact_mut(8) {
            chunk.copy_from_slice(&words.next_u64().to_le_bytes());
        }
        Self(Xoroshiro128PlusPlus::from_seed(state))
    }

    /// The stream that the engine of client `client` draws its jitter from.
    #[must_use]
    pub fn jitter(seed: u64, client: u32) -> Self {
        Self::of(seed, Stream::Jitter(client))
    }

    /// The generator itself, for what draws by the traits of `rand`.
    pub(crate) const fn into_bits(self) -> Xoroshiro128PlusPlus {
        self.0
    }

    pub(crate) fn of(seed: u64, stream: Stream) -> Self {
        let (kind, client) = match stream {
            Stream::Arrivals(client) => (1_u64, client),
            Stream::Calls => (2, 0),
            Stream::Jitter(client) => (3, client),
            Stream::Restarts(client) => (4, client),
            Stream::JitterAfter(client, restarts) => (4 + u64::from(restarts), client),
            // Above those of all restarts that a run has time for.
            Stream::Clocks(client) => (1 << 30, client),
            Stream::Partitions(client) => ((1 << 30) + 1, client),
            Stream::Redis(client) => ((1 << 30) + 2, client),
            Stream::RedisWork => ((1 << 30) + 3, 0),
        };
        Self::new(seed, kind << 32 | u64::from(client))
    }
}

impl Entropy for StreamRng {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_seed_are_always_the_same() {
        // A change of a dependency that changed these would change every result.
        let mut stream = StreamRng::new(1, 2);
        let words = [stream.next_u64(), stream.next_u64()];
        assert_eq!(words, [11_473_258_747_895_799_787, 5_292_495_332_649_243_973]);
    }
}

//! The luck of one attempt, as a function of who tries and how often it tried.
//!
//! Were latencies drawn from one stream in the order of the sends, the first send
//! that two policies make at different times would give all later ones different
//! storms. So attempt `n` of a call has the same latency and the same failure
//! under every policy, whenever it is made. A counter-based generator (Salmon et
//! al., "Parallel random numbers: as easy as 1, 2, 3", 2011) makes that free:
//! eight bytes a call, and `SplitMix64` is one.

use forbear_core::{Entropy, SplitMix64};

use super::{Stream, StreamRng};

/// The keys of the luck of all calls of a seed.
///
/// That of a call is a function of its client and of its place among the calls of this
/// client, so that calls can be drawn when they are wanted, in whatever order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys(u64);

/// The words that decide what happens to one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Luck(u64);

/// What a word of an attempt decides.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// The time on the network: the round trip, or the way there.
    Network,
    /// The time in the server.
    Service,
    /// Whether a fault strikes.
    Fault,
    /// How far the server's wait is from the truth.
    Wait,
    /// How long the caller thinks before the call.
    Think,
    /// The way back, where it is drawn for itself.
    Back,
    /// The way there of a write to a row.
    Write,
    /// The way back of a write to a row.
    WriteBack,
}

/// The increment of `SplitMix64`.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
/// Words set aside for an attempt.
const PURPOSES: u64 = 8;

impl Keys {
    pub(crate) fn of(seed: u64) -> Self {
        Self(StreamRng::of(seed, Stream::Calls).next_u64())
    }

    /// The key of call `index` of client `client`.
    pub(crate) fn key(self, client: u32, index: u32) -> u64 {
        nth(nth(self.0, client), index)
    }
}

/// The word at place `index` of the sequence that starts at `start`.
fn nth(start: u64, index: u32) -> u64 {
    SplitMix64::new(start.wrapping_add(STEP.wrapping_mul(u64::from(index)))).next_u64()
}

impl Luck {
    /// The luck of attempt `attempt` of the call with this key.
    pub(crate) const fn new(key: u64, attempt: u32) -> Self {
        Self(key.wrapping_add(STEP.wrapping_mul(PURPOSES * attempt as u64)))
    }

    /// The words that decide what the call with this key costs.
    ///
    /// They are those of an attempt 0, which nobody makes; another one of them decides how
    /// long its caller [thinks](Purpose::Think).
    pub(crate) fn price(key: u64) -> [u64; 3] {
        let before = Self::new(key, 0);
        [Purpose::Network, Purpose::Service, Purpose::Fault].map(|purpose| before.word(purpose))
    }

    /// The word that decides whether the answer is lost.
    ///
    /// Drawn from that of the fault: a ninth word of its own would give every storm of
    /// the past other luck.
    pub(crate) fn loss(self) -> u64 {
        SplitMix64::new(self.word(Purpose::Fault)).next_u64()
    }

    /// The word for `purpose`; the same one each time.
    pub(crate) fn word(self, purpose: Purpose) -> u64 {
        SplitMix64::new(self.0.wrapping_add(STEP.wrapping_mul(purpose as u64))).next_u64()
    }
}

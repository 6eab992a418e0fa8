//! The luck of one attempt, as a function of who tries and how often it tried.
//!
//! Were latencies drawn from one stream in the order of the sends, the first send
//! that two policies make at different times would give all later ones different
//! storms. So attempt `n` of a call has the same latency and the same failure
//! under every policy, whenever it is made. A counter-based generator (Salmon et
//! al., "Parallel random numbers: as easy as 1, 2, 3", 2011) makes that free:
//! eight bytes a call, and `SplitMix64` is one.

use forbear_core::{Entropy, SplitMix64};

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

impl Luck {
    /// The luck of attempt `attempt` of the call with this key.
    pub(crate) const fn new(key: u64, attempt: u32) -> Self {
        Self(key.wrapping_add(STEP.wrapping_mul(PURPOSES * attempt as u64)))
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

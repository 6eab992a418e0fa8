//! The `[network]` table: the way to the server and back.

use std::time::Duration;

use forbear_core::InvalidConfig;
use forbear_core::spec::DurationText;
use serde::{Deserialize, Serialize};

use super::dist::{Dist, Sampler};
use crate::rng::{Luck, Purpose};

/// The network between the clients and the server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, try_from = "Unchecked")]
pub(crate) struct NetworkSpec {
    /// The way there and back; half of it each.
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip: Option<Dist<DurationText>>,
    /// One way, drawn anew for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    hop: Option<Dist<DurationText>>,
}

/// As the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    round_trip: Option<Dist<DurationText>>,
    hop: Option<Dist<DurationText>>,
}

/// Draws the time that messages are under way.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    /// By the round trip.
    RoundTrip(Sampler),
    /// By the hop.
    Hop(Sampler),
}

/// A question to the server and its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Exchange {
    /// The first of an attempt, and the only one but for a server with a row.
    Request,
    /// The write to a row, after it was read.
    Write,
}

impl NetworkSpec {
    pub(crate) fn network(&self) -> Network {
        match (&self.hop, &self.round_trip) {
            (Some(hop), _) => Network::Hop(hop.sampler()),
            (None, Some(round_trip)) => Network::RoundTrip(round_trip.sampler()),
            (None, None) => Network::RoundTrip(fifty_milliseconds().sampler()),
        }
    }
}

impl Network {
    /// The time there and the time back, in ns.
    ///
    /// Nothing is answered within the nanosecond, or a policy without delays would
    /// stop the clock.
    pub(crate) fn sample(&self, luck: Luck, exchange: Exchange) -> (u64, u64) {
        let (there, back) = match exchange {
            Exchange::Request => (Purpose::Network, Purpose::Back),
            Exchange::Write => (Purpose::Write, Purpose::WriteBack),
        };
        match self {
            Self::RoundTrip(round_trip) => {
                let round_trip = round_trip.sample(luck.word(there)).max(1);
                (round_trip / 2, round_trip - round_trip / 2)
            }
            Self::Hop(hop) => (hop.sample(luck.word(there)), hop.sample(luck.word(back)).max(1)),
        }
    }
}

impl TryFrom<Unchecked> for NetworkSpec {
    type Error = InvalidConfig;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidConfig> {
        Ok(match unchecked {
            Unchecked { round_trip: Some(_), hop: Some(_) } => {
                let must = "left out where round_trip is set";
                return Err(InvalidConfig::new("hop", "set", must));
            }
            Unchecked { round_trip: None, hop: None } => Self::default(),
            Unchecked { round_trip, hop } => Self { round_trip, hop },
        })
    }
}

impl Default for NetworkSpec {
    fn default() -> Self {
        Self { round_trip: Some(fifty_milliseconds()), hop: None }
    }
}

/// Half a continent, or a connection that is kept open to the other side of one.
const fn fifty_milliseconds() -> Dist<DurationText> {
    Dist::Constant(DurationText(Duration::from_millis(50)))
}

//! The `[network]` table: the way to the server and back.

use std::time::Duration;

use forbear_core::spec::DurationText;
use serde::{Deserialize, Serialize};

use super::dist::{Dist, Sampler};

/// The network between the clients and the server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworkSpec {
    /// The way there and back; half of it each.
    #[serde(default = "fifty_milliseconds")]
    round_trip: Dist<DurationText>,
}

impl NetworkSpec {
    pub(crate) fn round_trip(&self) -> Sampler {
        self.round_trip.sampler()
    }
}

impl Default for NetworkSpec {
    fn default() -> Self {
        Self { round_trip: fifty_milliseconds() }
    }
}

/// Half a continent, or a connection that is kept open to the other side of one.
const fn fifty_milliseconds() -> Dist<DurationText> {
    Dist::Constant(DurationText(Duration::from_millis(50)))
}

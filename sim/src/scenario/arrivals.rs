//! The `[arrivals]` table: when calls are wanted.

use std::time::Duration;

use forbear_core::text::{format_duration, serde_duration};
use forbear_core::{InvalidConfig, Rate};
use serde::{Deserialize, Serialize};

use super::bounded::{Count, positive};
use super::dist::Dist;
use forbear_core::spec::DurationText;

/// When the calls of one client arrive.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields, try_from = "Unchecked")]
pub(crate) enum ArrivalsSpec {
    /// All of them at `at`, uniformly over the `spread` that follows.
    Burst {
        /// When the first may come.
        #[serde(with = "serde_duration")]
        at: Duration,
        /// By how much clients miss each other.
        #[serde(with = "serde_duration")]
        spread: Duration,
    },
    /// `size` of them every `every`, as from a cron job.
    Waves {
        /// Calls in a wave.
        size: Count,
        /// Time from wave to wave.
        #[serde(with = "serde_duration")]
        every: Duration,
        /// By how much clients miss each other.
        #[serde(with = "serde_duration")]
        spread: Duration,
    },
    /// A Poisson process.
    Poisson {
        /// Calls a time, for each client.
        rate: Rate,
    },
    /// A Poisson process with pauses; each client starts anywhere in the cycle.
    OnOff {
        /// Calls a time while it is on, for each client.
        rate: Rate,
        /// How long it is on.
        #[serde(with = "serde_duration")]
        on: Duration,
        /// How long it is off.
        #[serde(with = "serde_duration")]
        off: Duration,
    },
    /// Each caller waits for its call to end, thinks, and makes the next.
    Closed {
        /// How long it thinks.
        think: Dist<DurationText>,
    },
}

/// As the file has it.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Unchecked {
    Burst {
        #[serde(default, with = "serde_duration")]
        at: Duration,
        #[serde(default, with = "serde_duration")]
        spread: Duration,
    },
    Waves {
        size: Count,
        #[serde(deserialize_with = "positive")]
        every: Duration,
        #[serde(default, with = "serde_duration")]
        spread: Duration,
    },
    Poisson {
        rate: Rate,
    },
    OnOff {
        rate: Rate,
        #[serde(deserialize_with = "positive")]
        on: Duration,
        #[serde(with = "serde_duration")]
        off: Duration,
    },
    Closed {
        think: Dist<DurationText>,
    },
}

impl TryFrom<Unchecked> for ArrivalsSpec {
    type Error = InvalidConfig;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidConfig> {
        Ok(match unchecked {
            Unchecked::Burst { at, spread } => Self::Burst { at, spread },
            Unchecked::Waves { spread, every, .. } if spread > every => {
                let must = "no longer than every";
                return Err(InvalidConfig::new("spread", format_duration(spread), must));
            }
            Unchecked::Waves { size, every, spread } => Self::Waves { size, every, spread },
            Unchecked::Poisson { rate } => Self::Poisson { rate },
            Unchecked::OnOff { rate, on, off } => Self::OnOff { rate, on, off },
            Unchecked::Closed { think } => Self::Closed { think },
        })
    }
}

impl ArrivalsSpec {
    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }
}

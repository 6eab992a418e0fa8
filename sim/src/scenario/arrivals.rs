//! The `[arrivals]` table: when calls are wanted.

use std::collections::BTreeMap;
use std::time::Duration;

use forbear_core::text::{format_duration, serde_duration};
use forbear_core::{Cost, Dimension, InvalidConfig, Rate};
use serde::{Deserialize, Serialize};

use super::answers::AnswersSpec;
use super::bounded::{Count, positive};
use super::dist::{Dist, Sampler};
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
    /// When they were wanted once, in production.
    Recorded(RecordedSpec),
}

/// Calls as a trace has them; each list has an entry for each call, or is left out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedSpec {
    /// When each was wanted, in ns.
    pub(crate) at_ns: Vec<u64>,
    /// What each reserves; one request where nothing else is said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) reserved: BTreeMap<Dimension, Vec<u32>>,
    /// What each used of that; all of it where nothing else is said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) used: BTreeMap<Dimension, Vec<u32>>,
    /// How long the server worked on each, in ns; 0 where that is to be drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) service_ns: Vec<u64>,
    /// What the server answers to each that it lets in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) status: Vec<u16>,
    /// What each attempt was answered, to be answered so again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answers: Option<AnswersSpec>,
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
    Recorded(RecordedSpec),
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
            Unchecked::Recorded(recorded) => Self::Recorded(recorded.check()?),
        })
    }
}

impl RecordedSpec {
    fn check(self) -> Result<Self, InvalidConfig> {
        let calls = self.at_ns.len();
        let lists = self.reserved.values().chain(self.used.values()).map(Vec::len);
        let others = [self.service_ns.len(), self.status.len()].into_iter().filter(|&len| len > 0);
        if let Some(length) = lists.chain(others).find(|&length| length != calls) {
            let must = "as long as at_ns";
            return Err(InvalidConfig::new("length of a list of arrivals", length, must));
        }
        if let Some(answers) = &self.answers {
            answers.check(calls)?;
        }
        let is_answer =
            |status: u16| status == 200 || (status != 429 && (400..500).contains(&status));
        if let Some(&status) = self.status.iter().find(|&&status| !is_answer(status)) {
            return Err(InvalidConfig::new("status", status, "200, or 400 to 499 and not 429"));
        }
        Ok(self)
    }

    /// What call `index` reserves, and what it uses.
    pub(crate) fn costs(&self, index: usize) -> (Cost, Cost) {
        let over = |cost: Cost, lists: &BTreeMap<Dimension, Vec<u32>>| {
            lists.iter().fold(cost, |cost, (&what, units)| cost.with(what, units[index]))
        };
        let reserved = over(Cost::REQUEST, &self.reserved);
        (reserved, over(reserved, &self.used))
    }
}

impl ArrivalsSpec {
    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// How long a caller thinks between two calls, where it is one that does.
    pub(crate) fn think(&self) -> Option<Sampler> {
        match self {
            Self::Closed { think } => Some(think.sampler()),
            _ => None,
        }
    }
}

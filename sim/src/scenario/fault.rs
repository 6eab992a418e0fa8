//! The `[[fault]]` tables: what goes wrong, and when.

use std::time::Duration;

use forbear_core::InvalidConfig;
use forbear_core::text::{format_duration, serde_duration};
use serde::{Deserialize, Serialize};

use super::bounded::{Count, Share};

/// Something that goes wrong with requests which reach the server in a span of time.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, try_from = "Unchecked")]
pub(crate) struct FaultSpec {
    /// When it begins.
    #[serde(with = "serde_duration")]
    pub(crate) from: Duration,
    /// When it is over.
    #[serde(with = "serde_duration")]
    pub(crate) until: Duration,
    /// Which share of the requests fails.
    pub(crate) fail: Share,
    /// The status that they fail with.
    pub(crate) status: u16,
    /// How long a failure takes.
    #[serde(with = "serde_duration")]
    pub(crate) after: Duration,
    /// How many times longer the server works on those that do not fail.
    pub(crate) slow: Count<1000>,
}

/// As the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    #[serde(default, with = "serde_duration")]
    from: Duration,
    #[serde(default = "always", with = "serde_duration")]
    until: Duration,
    #[serde(default)]
    fail: Option<Share>,
    #[serde(default = "unavailable")]
    status: u16,
    #[serde(default, with = "serde_duration")]
    after: Duration,
    #[serde(default)]
    slow: Option<Count<1000>>,
}

impl TryFrom<Unchecked> for FaultSpec {
    type Error = InvalidConfig;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidConfig> {
        let Unchecked { from, until, fail, status, after, slow } = unchecked;
        if from >= until {
            return Err(InvalidConfig::new("from", format_duration(from), "before until"));
        }
        if !(400..=599).contains(&status) {
            return Err(InvalidConfig::new("status", status, "a status from 400 to 599"));
        }
        if fail.is_none() && slow.is_none() {
            return Err(InvalidConfig::new("fault", "empty", "one with fail or slow"));
        }
        let (fail, slow) = (fail.unwrap_or_default(), slow.unwrap_or(Count::ONE));
        Ok(Self { from, until, fail, status, after, slow })
    }
}

const fn always() -> Duration {
    Duration::from_nanos(u64::MAX)
}

const fn unavailable() -> u16 {
    503
}

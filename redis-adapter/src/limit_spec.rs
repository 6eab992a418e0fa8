//! The table of one limit.

use forbear_core::{Dimension, InvalidConfig, Rate};
use serde::{Deserialize, Serialize};

use crate::SharedLimit;

/// One limit of a shared quota, as a table of a file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum SharedLimitSpec {
    /// A rate with a burst.
    Rate {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per time, such as "500/min".
        rate: Rate,
        /// Units at once; what one second earns unless set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        burst: Option<u32>,
    },
    /// So many in any window, wherever it begins.
    Window {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per window, such as "60/min".
        rate: Rate,
    },
    /// So many in each window since 1970, by the clock of Redis.
    FixedWindow {
        /// What it counts.
        #[serde(default)]
        dimension: Dimension,
        /// Units per window, such as "5000/h".
        rate: Rate,
    },
}

impl SharedLimitSpec {
    /// The limit that this describes.
    ///
    /// # Errors
    ///
    /// If a number is out of range.
    pub fn limit(&self) -> Result<SharedLimit, InvalidConfig> {
        match *self {
            Self::Rate { dimension, rate, burst } => {
                let limit = SharedLimit::rate(rate).counting(dimension);
                burst.map_or(Ok(limit), |burst| limit.with_burst(burst))
            }
            Self::Window { dimension, rate } => {
                Ok(SharedLimit::window(units(rate)?, rate.period())?.counting(dimension))
            }
            Self::FixedWindow { dimension, rate } => {
                Ok(SharedLimit::fixed_window(units(rate)?, rate.period())?.counting(dimension))
            }
        }
    }
}

/// The units of a window, which a count of 32 bits must hold.
fn units(rate: Rate) -> Result<u32, InvalidConfig> {
    let must = "at most 4294967295 per window";
    u32::try_from(rate.limit().get()).map_err(|_| InvalidConfig::new("rate", rate, must))
}

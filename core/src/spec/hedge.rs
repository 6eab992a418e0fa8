//! The `[hedge]` table.

use core::num::NonZeroU8;

use serde::{Deserialize, Serialize};

use super::DurationText;
use crate::{Hedging, InvalidConfig};

/// When a read is sent a second time because its answer is late.
///
/// Either `after` or `percentile` is set. It is for drivers that hedge, as the layer of
/// forbear-http; the simulator does not.
///
/// # Examples
///
/// ```
/// use forbear_core::Hedging;
/// use forbear_core::spec::PolicySpec;
///
/// let spec: PolicySpec = toml::from_str(r#"
///     [hedge]
///     percentile = 95
/// "#)?;
/// assert_eq!(spec.build().unwrap().hedging(), Hedging::after_percentile(95).ok());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HedgeSpec {
    /// When there is no answer after so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<DurationText>,
    /// When there is no answer after the time in which so many of 100 requests before had
    /// theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 99)))]
    pub percentile: Option<u8>,
    /// How many more requests are sent at most; 1 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 255)))]
    pub at_most: Option<u8>,
}

impl HedgeSpec {
    /// The hedging that this table describes.
    ///
    /// # Errors
    ///
    /// If neither or both of `after` and `percentile` are set, or a number is out of
    /// range.
    pub fn build(&self) -> Result<Hedging, InvalidConfig> {
        let hedging = match (self.after, self.percentile) {
            (Some(after), None) => Hedging::after(after.0),
            (None, Some(percent)) => Hedging::after_percentile(percent)?,
            (None, None) => {
                return Err(InvalidConfig::new("after", "missing", "set, or percentile"));
            }
            (Some(_), Some(percent)) => {
                return Err(InvalidConfig::new("percentile", percent, "left out beside after"));
            }
        };
        let Some(most) = self.at_most else { return Ok(hedging) };
        let most = NonZeroU8::new(most)
            .ok_or_else(|| InvalidConfig::new("at_most", most, "at least 1"))?;
        Ok(hedging.at_most(most))
    }
}

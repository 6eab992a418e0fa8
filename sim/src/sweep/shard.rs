//! Which part of a grid a machine runs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most parts of one sweep.
const MOST: u32 = 1_000_000;

/// Part `index` of `of`, counted from 1 and written `index/of`.
///
/// It takes every `of`-th point, so that the parts are about equally long even if the
/// points at one end of the grid take longer.
///
/// # Examples
///
/// ```
/// use forbear_sim::sweep::Shard;
///
/// let shard: Shard = "2/3".parse()?;
/// assert_eq!(shard.to_string(), "2/3");
/// assert!(!shard.takes(0) && shard.takes(1) && shard.takes(4));
/// assert_eq!("4/3".parse::<Shard>().unwrap_err().to_string(), "shard is 4/3, must be 1/3 to 3/3");
/// # Ok::<(), forbear_sim::sweep::ShardError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    index: u32,
    of: u32,
}

/// A text that names no part.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("shard is {text}, must be {must}")]
pub struct ShardError {
    text: String,
    must: String,
}

impl Shard {
    /// Which part, from 1.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// Of how many.
    #[must_use]
    pub const fn of(self) -> u32 {
        self.of
    }

    /// Whether this part has the point of that number, from 0.
    #[must_use]
    pub const fn takes(self, point: u64) -> bool {
        point % self.of as u64 == self.index as u64 - 1
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let wrong = |must: String| ShardError { text: text.to_owned(), must };
        let numbers = text
            .split_once('/')
            .and_then(|(index, of)| Some((index.parse::<u32>().ok()?, of.parse::<u32>().ok()?)));
        match numbers {
            None => Err(wrong("part/parts, such as 1/4".to_owned())),
            Some((_, of)) if !(1..=MOST).contains(&of) => {
                Err(wrong(format!("one of 1 to {MOST} parts")))
            }
            Some((index, of)) if !(1..=of).contains(&index) => {
                Err(wrong(format!("1/{of} to {of}/{of}")))
            }
            Some((index, of)) => Ok(Self { index, of }),
        }
    }
}

impl TryFrom<String> for Shard {
    type Error = ShardError;

    fn try_from(text: String) -> Result<Self, ShardError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

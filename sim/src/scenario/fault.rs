//! The `[[fault]]` tables: what goes wrong, and when.

use std::time::Duration;

use forbear_core::InvalidConfig;
use forbear_core::text::{format_duration, serde_duration};
use serde::{Deserialize, Serialize};

use super::RetryAfterSpec;
use super::bounded::{Count, Portion, Share};

/// Something that goes wrong in a span of time.
///
/// A fault may do several things. Where several faults do the same thing at once, the
/// first of the file counts. What is drawn for a request is a function of the seed, the
/// call and the attempt: every policy meets the same faults.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, try_from = "Unchecked")]
pub(crate) struct FaultSpec {
    /// When it begins.
    #[serde(with = "serde_duration")]
    pub(crate) from: Duration,
    /// When it is over.
    #[serde(with = "serde_duration")]
    pub(crate) until: Duration,
    /// Which share of the requests fails that the limits let in.
    pub(crate) fail: Share,
    /// The status that they fail with.
    pub(crate) status: u16,
    /// How long a failure takes.
    #[serde(with = "serde_duration")]
    pub(crate) after: Duration,
    /// How many times longer the server works on those that do not fail.
    pub(crate) slow: Count<1000>,
    /// Which share of the answers is lost: the server did its work and charged for it,
    /// and the client waits until its timeout.
    #[serde(skip_serializing_if = "Share::is_none")]
    pub(crate) lose: Share,
    /// What the limits allow meanwhile, as a part of what they say: of a bucket its
    /// rate and not what is in it, of a window its count, of a concurrency limit its
    /// slots. Requests that were let in before stay in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quota: Option<Portion>,
    /// What refusals say meanwhile about when to come back, the truth or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<RetryAfterSpec>,
    /// Which share of the clients restarts when it begins, all at the same moment.
    ///
    /// A client that restarts loses what its engine knew (limiters, budget, cooldown)
    /// and the answers under way to it. Its unfinished calls are taken up again from the
    /// first attempt, as from a queue that outlives the process.
    #[serde(skip_serializing_if = "Share::is_none")]
    pub(crate) restart: Share,
    /// Which share of the clients cannot reach Redis.
    #[serde(skip_serializing_if = "Share::is_none")]
    pub(crate) partition: Share,
    /// Whether Redis loses its memory when it begins.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) flush: bool,
    /// Whether Redis does nothing, and then what it was asked meanwhile.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) stall: bool,
    /// Whether a replica takes the place of Redis when it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) promotion: Option<Promotion>,
}

/// A replica that takes the place of its primary.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Promotion {
    /// How much of the end it had not heard of.
    #[serde(with = "serde_duration")]
    lost: Duration,
}

impl Promotion {
    pub(crate) const fn lost(self) -> Duration {
        self.lost
    }
}

impl FaultSpec {
    /// Whether it is about the Redis that clients share a quota in.
    pub(crate) fn is_of_redis(&self) -> bool {
        self.forgets() || self.stall || !self.partition.is_none()
    }

    /// Whether Redis knows less when it begins than it did before.
    pub(crate) const fn forgets(&self) -> bool {
        self.flush || self.promotion.is_some()
    }
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
    #[serde(default)]
    lose: Option<Share>,
    #[serde(default)]
    quota: Option<Portion>,
    #[serde(default)]
    retry_after: Option<RetryAfterSpec>,
    #[serde(default)]
    restart: Option<Share>,
    #[serde(default)]
    partition: Option<Share>,
    #[serde(default)]
    flush: bool,
    #[serde(default)]
    stall: bool,
    #[serde(default)]
    promotion: Option<Promotion>,
}

impl TryFrom<Unchecked> for FaultSpec {
    type Error = InvalidConfig;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidConfig> {
        let Unchecked { from, until, status, after, quota, retry_after, .. } = unchecked;
        let Unchecked { fail, slow, lose, restart, partition, .. } = unchecked;
        let Unchecked { flush, stall, promotion, .. } = unchecked;
        if from >= until {
            return Err(InvalidConfig::new("from", format_duration(from), "before until"));
        }
        if !(400..=599).contains(&status) {
            return Err(InvalidConfig::new("status", status, "a status from 400 to 599"));
        }
        let shares = [fail, lose, restart, partition];
        let of_server = [slow.is_some(), quota.is_some(), retry_after.is_some()];
        let others = [of_server.contains(&true), flush, stall, promotion.is_some()];
        if shares.iter().all(Option::is_none) && !others.contains(&true) {
            let must = "one with fail, slow, lose, quota, retry_after, restart, partition, \
                        flush, stall or promotion";
            return Err(InvalidConfig::new("fault", "empty", must));
        }
        let [fail, lose, restart, partition] = shares.map(Option::unwrap_or_default);
        let slow = slow.unwrap_or(Count::ONE);
        Ok(Self {
            from,
            until,
            fail,
            status,
            after,
            slow,
            lose,
            quota,
            retry_after,
            restart,
            partition,
            flush,
            stall,
            promotion,
        })
    }
}

const fn always() -> Duration {
    Duration::from_nanos(u64::MAX)
}

const fn unavailable() -> u16 {
    503
}

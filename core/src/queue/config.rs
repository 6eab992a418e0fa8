//! How a queue orders and bounds its jobs.

use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::time::Duration;

use crate::{Dimension, InvalidConfig};

/// The settings of a [`Queue`](super::Queue).
///
/// One lane, fair shares counted in requests, first in first out, up to 100,000
/// jobs, and the newest rejected when it is full.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::queue::{Order, QueueConfig};
/// use forbear_core::Dimension;
///
/// let config = QueueConfig::new()
///     .strict_lanes(3)?
///     .ageing(Duration::from_secs(10))
///     .counting(Dimension::Tokens)
///     .order(Order::EarliestDeadline);
/// assert!(QueueConfig::new().strict_lanes(0).is_err());
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug)]
pub struct QueueConfig {
    pub(super) lanes: LaneOrder,
    pub(super) ageing: Option<Duration>,
    pub(super) dimension: Dimension,
    pub(super) order: Order,
    pub(super) capacity: u32,
    pub(super) overflow: Overflow,
    by_tenant: bool,
}

/// Which lane goes first.
#[derive(Clone, Debug)]
pub(super) enum LaneOrder {
    /// The first that has a job.
    Strict(u8),
    /// By turns, in proportion to these weights.
    Weighted(Vec<NonZeroU32>),
}

/// Which job of a tenant goes first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "the two orders that the scheduler knows")]
pub enum Order {
    /// First in, first out.
    #[default]
    Fifo,
    /// The earliest deadline first, and jobs without one last; first in first out
    /// among equals.
    EarliestDeadline,
}

/// What happens to a job that comes to a full queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Overflow {
    /// It is rejected. It comes back to the caller, who may wait for room and push
    /// it again.
    #[default]
    RejectNewest,
    /// The oldest queued job makes room.
    DropOldest,
    /// It is rejected too, and whoever pushes it is to wait for room, as
    /// `driver::queue::SharedQueue::push_when_room` does.
    Block,
    /// The newest job of the least urgent lane makes room, if that lane is less
    /// urgent than the lane of the newcomer; otherwise that is rejected.
    DropLowestPriority,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            lanes: LaneOrder::Strict(1),
            ageing: None,
            dimension: Dimension::Requests,
            order: Order::Fifo,
            capacity: 100_000,
            overflow: Overflow::RejectNewest,
            by_tenant: true,
        }
    }
}

impl QueueConfig {
    /// The default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This many lanes, of which the first that has a job goes first.
    ///
    /// # Errors
    ///
    /// If there are none.
    pub fn strict_lanes(mut self, lanes: u8) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("lanes", lanes)?;
        self.lanes = LaneOrder::Strict(lanes);
        Ok(self)
    }

    /// A lane a weight; lanes take turns in proportion to it, by deficit round robin.
    ///
    /// # Errors
    ///
    /// If a weight is 0, or there are none or more than 255.
    pub fn weighted_lanes(mut self, weights: &[u32]) -> Result<Self, InvalidConfig> {
        if weights.is_empty() || weights.len() > usize::from(u8::MAX) {
            return Err(InvalidConfig::new("lanes", weights.len(), "from 1 to 255"));
        }
        let nonzero = |&weight| {
            NonZeroU32::new(weight).ok_or_else(|| InvalidConfig::new("weight", 0, "at least 1"))
        };
        self.lanes = LaneOrder::Weighted(weights.iter().map(nonzero).collect::<Result<_, _>>()?);
        Ok(self)
    }

    /// A lane of a scope that has jobs and got nothing for `age` goes first, once.
    ///
    /// So the least urgent lane starts a job each `age`, however full the others are.
    #[must_use]
    pub const fn ageing(mut self, age: Duration) -> Self {
        self.ageing = Some(age);
        self
    }

    /// Shares are counted in this dimension of a job's cost, at least 1 a job.
    #[must_use]
    pub const fn counting(mut self, dimension: Dimension) -> Self {
        self.dimension = dimension;
        self
    }

    /// The order of one tenant's jobs in one lane.
    #[must_use]
    pub const fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Up to this many queued jobs; those that are started do not count.
    ///
    /// # Errors
    ///
    /// If it is 0.
    pub fn capacity(mut self, capacity: u32) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("capacity", capacity)?;
        self.capacity = capacity;
        Ok(self)
    }

    /// What happens when it is full.
    #[must_use]
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Whoever comes first goes first within a lane, however many jobs its tenant has.
    ///
    /// For drivers that have jobs of several tenants: they are to push all as jobs of one.
    #[must_use]
    pub const fn regardless_of_tenants(mut self) -> Self {
        self.by_tenant = false;
        self
    }

    /// Whether tenants share the turns of a lane.
    #[must_use]
    pub const fn is_by_tenant(&self) -> bool {
        self.by_tenant
    }

    /// How many lanes there are, from 0 on.
    #[must_use]
    pub fn lanes(&self) -> u8 {
        match &self.lanes {
            LaneOrder::Strict(lanes) => *lanes,
            LaneOrder::Weighted(weights) => u8::try_from(weights.len()).unwrap_or(u8::MAX),
        }
    }

    /// What is done with a job that comes to a full queue.
    #[must_use]
    pub const fn on_overflow(&self) -> Overflow {
        self.overflow
    }

    /// The weight of each lane; strict lanes all weigh 1.
    pub(super) fn lane_weights(&self) -> Vec<NonZeroU32> {
        match &self.lanes {
            LaneOrder::Strict(lanes) => vec![NonZeroU32::MIN; usize::from(*lanes)],
            LaneOrder::Weighted(weights) => weights.clone(),
        }
    }
}

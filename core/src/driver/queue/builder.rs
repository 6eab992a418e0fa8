//! Making a queue that is shared.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::state::State;
use super::watch::Watch;
use super::{Inner, OnRemoved, OnStall, SharedQueue};
use crate::driver::MonotonicClock;
use crate::driver::sync::Mutex;
use crate::queue::{QueueConfig, Removed, Stall};
use crate::{Limiter, SplitMix64};

/// A [`SharedQueue`] that is being put together; made by [`SharedQueue::builder`].
#[must_use = "call `build`"]
pub struct SharedQueueBuilder<T, L = Box<dyn Limiter>> {
    config: QueueConfig,
    entropy: SplitMix64,
    patience: Option<Duration>,
    on_removed: Option<Box<OnRemoved<T>>>,
    on_stall: Option<Box<OnStall>>,
    limiter: core::marker::PhantomData<fn() -> L>,
}

impl<T, L: Limiter> SharedQueueBuilder<T, L> {
    pub(super) fn new(config: QueueConfig) -> Self {
        Self {
            config,
            entropy: SplitMix64::from_os(),
            patience: None,
            on_removed: None,
            on_stall: None,
            limiter: core::marker::PhantomData,
        }
    }

    /// Draws delays from this seed, for tests that must give the same ones on every
    /// run.
    pub fn seeded(mut self, seed: u64) -> Self {
        self.entropy = SplitMix64::new(seed);
        self
    }

    /// Tells `on_removed` of each job that left without being completed and of which no
    /// caller is told otherwise: its deadline passed, its limiter refused it, or each of
    /// its workers went away.
    ///
    /// Called outside the lock, by whoever asked the queue just then.
    pub fn on_removed(mut self, on_removed: impl Fn(Removed<T>) + Send + Sync + 'static) -> Self {
        self.on_removed = Some(Box::new(on_removed));
        self
    }

    /// Tells `on_stall` what all wait for when jobs are queued and none was started for
    /// `patience`; again each `patience` until one is. It is told how long that is.
    ///
    /// Noticed by those who wait, or by whoever does anything with the queue: where no
    /// worker asks and no job comes, nobody is there to notice. Jobs that back off are
    /// no stall.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::driver::queue::SharedQueue;
    /// use forbear_core::queue::QueueConfig;
    ///
    /// let queue: SharedQueue<String> = SharedQueue::builder(QueueConfig::new())
    ///     .on_stall(Duration::from_secs(30), |quiet_for, stalls| {
    ///         for stall in stalls {
    ///             eprintln!("nothing started for {quiet_for:?}: {stall}");
    ///         }
    ///     })
    ///     .build();
    /// # let _ = queue;
    /// ```
    pub fn on_stall(
        mut self,
        patience: Duration,
        on_stall: impl Fn(Duration, &[Stall]) + Send + Sync + 'static,
    ) -> Self {
        // Zero would mean again and again without a pause.
        self.patience = Some(patience.max(Duration::from_millis(1)));
        self.on_stall = Some(Box::new(on_stall));
        self
    }

    /// The queue.
    #[must_use]
    pub fn build(self) -> SharedQueue<T, L> {
        let state = State::new(self.config, Watch::new(self.patience), self.entropy);
        SharedQueue {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                clock: MonotonicClock::start(),
                on_removed: self.on_removed,
                on_stall: self.on_stall,
            }),
        }
    }
}

impl<T, L> fmt::Debug for SharedQueueBuilder<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedQueueBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

//! This process as a member of a fleet.

use std::fmt;
use std::sync::Arc;

use forbear_core::Rate;
use forbear_core::driver::MonotonicClock;
use tokio::task::JoinHandle;

use crate::limiter::Handle;
use crate::{ConnectError, SharedLimit, SharedLimiter, SharedQuotaBuilder, Status};

/// A quota that this process shares with others, by its name at a Redis.
///
/// A task of the Tokio runtime keeps a lease of permits ahead of need, for tasks and for
/// threads alike. It ends, and what is left goes back, when the quota and every limiter of it are dropped, or at
/// [`close`](Self::close).
///
/// # Examples
///
/// ```no_run
/// use forbear_core::Policy;
/// use forbear_redis::SharedQuota;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let quota = SharedQuota::connect("redis://127.0.0.1/", "openai", "500/min".parse()?).await?;
/// let policy = Policy::builder().limit(quota.limiter()).build()?;
/// let answer = policy.retry(async || Ok::<_, std::io::Error>("answer")).await?;
/// # assert_eq!(answer, "answer");
/// quota.close().await;
/// # Ok(())
/// # }
/// ```
pub struct SharedQuota {
    handle: Arc<Handle>,
    task: JoinHandle<()>,
}

impl SharedQuota {
    /// Joins the fleet that shares `rate` under `name` at the Redis of this URL, with as
    /// much at once as a second earns.
    ///
    /// # Errors
    ///
    /// If the URL or the name is wrong, or Redis does not serve the quota in time.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub async fn connect(
        url: &str,
        name: impl Into<String>,
        rate: Rate,
    ) -> Result<Self, ConnectError> {
        Self::builder(name).limit(SharedLimit::rate(rate)).connect(url).await
    }

    /// Starts to put together the quota of this name.
    pub fn builder(name: impl Into<String>) -> SharedQuotaBuilder {
        SharedQuotaBuilder::new(name.into())
    }

    pub(crate) const fn new(handle: Arc<Handle>, task: JoinHandle<()>) -> Self {
        Self { handle, task }
    }

    /// A limiter for a policy; as many as there are policies that share the quota.
    #[must_use]
    pub fn limiter(&self) -> SharedLimiter {
        SharedLimiter::of(Arc::clone(&self.handle))
    }

    /// What this member has and knows.
    #[must_use]
    pub fn status(&self) -> Status {
        let pool = &self.handle.pool;
        pool.ledger().status(pool.now())
    }

    /// The clock by which a limiter counts time that is asked without a driver.
    #[must_use]
    pub fn clock(&self) -> MonotonicClock {
        self.handle.pool.clock()
    }

    /// Leaves the fleet: gives the lease back and waits until Redis knows, or for the
    /// timeout of a call.
    ///
    /// Calls under its limiters wait from then on, until their deadline.
    pub async fn close(self) {
        self.handle.pool.ledger().close();
        self.handle.pool.due.notify_one();
        // Aborted with its runtime, it has nothing more to do.
        let _ = self.task.await;
    }
}

impl fmt::Debug for SharedQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedQuota").field("status", &self.status()).finish_non_exhaustive()
    }
}

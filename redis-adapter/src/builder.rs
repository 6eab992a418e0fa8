//! Putting a shared quota together.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use forbear_core::InvalidConfig;
use redis::RedisResult;
use redis::aio::ConnectionLike;

use crate::error::ConnectError;
use crate::keys::Keys;
use crate::ledger::Settings;
use crate::open::{self, Open};
use crate::store::Store;
use crate::{Event, SharedLimit, SharedQuota, WithoutRedis, feeder};

pub(crate) type Observe = Arc<dyn Fn(&Event) + Send + Sync>;

/// A [`SharedQuota`] that is being put together; made by [`SharedQuota::builder`].
#[must_use = "call `connect`"]
pub struct SharedQuotaBuilder {
    name: String,
    prefix: String,
    limits: Vec<SharedLimit>,
    lease: Duration,
    timeout: Duration,
    reconnect_within: Duration,
    without_redis: WithoutRedis,
    shares_cooldown: bool,
    observers: Vec<Observe>,
}

impl SharedQuotaBuilder {
    /// How long one call of Redis may take unless said otherwise: many round trips of one
    /// continent, and short beside the lease.
    pub const DEFAULT_TIMEOUT: Duration = Settings::DEFAULT_TIMEOUT;

    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            prefix: "forbear".to_owned(),
            limits: Vec::new(),
            lease: Settings::DEFAULT_VALIDITY,
            timeout: Self::DEFAULT_TIMEOUT,
            reconnect_within: Settings::DEFAULT_RECONNECT,
            without_redis: WithoutRedis::default(),
            shares_cooldown: true,
            observers: Vec::new(),
        }
    }

    /// Holds the fleet to `limit` too; a call takes from all or from none. Up to eight.
    pub fn limit(mut self, limit: SharedLimit) -> Self {
        self.limits.push(limit);
        self
    }

    /// The first part of each key instead of `forbear`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a permit may be used after it was asked for: from 100 ms to a minute, 1 s
    /// unless set.
    ///
    /// What a member that dies takes with it is lost for so long, and so long the fleet
    /// waits after Redis lost its memory. It must be more than twice the timeout.
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// How long a call of Redis may take; 250 ms unless set. A connection may take 2 s, or
    /// this where it is longer.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest time between two attempts to reach a Redis that fails: from 50 ms to a
    /// minute, 1 s unless set, and 2 ms for each member where that is longer.
    ///
    /// The first attempt is made after 50 ms, each next one after twice as long up to this,
    /// half of it drawn at random. So members find Redis back at most so long after one
    /// another.
    pub const fn reconnect_within(mut self, longest: Duration) -> Self {
        self.reconnect_within = longest;
        self
    }

    /// What to do while Redis does not answer; [`WithoutRedis::LocalShare`] unless set.
    pub const fn without_redis(mut self, rule: WithoutRedis) -> Self {
        self.without_redis = rule;
        self
    }

    /// Lets a wait that the API asks for hold back this process alone.
    pub const fn own_cooldown(mut self) -> Self {
        self.shares_cooldown = false;
        self
    }

    /// Tells `observer` what happens to this member; several are told in this order.
    ///
    /// In the task that talks to Redis, so it must not block.
    pub fn observe(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// Joins the fleet at the Redis of this URL, and waits for the first answer.
    ///
    /// `redis://[user:password@]host[:port][/db][?protocol=resp3]`; `rediss://` with the
    /// feature `tls`.
    ///
    /// # Errors
    ///
    /// If a number or the URL is wrong, or Redis does not serve the quota in time.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub async fn connect(self, url: &str) -> Result<SharedQuota, ConnectError> {
        let open = open::url(url)?;
        self.join(open).await
    }

    /// The same over connections that `open` makes: those of a cluster or of sentinels that
    /// [`open`] makes, or with certificates of one's own. It is asked again
    /// whenever a call failed.
    ///
    /// # Errors
    ///
    /// If a number is wrong, or Redis does not serve the quota in time.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use forbear_redis::{SharedLimit, SharedQuota};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = redis::Client::open("redis://10.0.0.7/")?;
    /// let quota = SharedQuota::builder("openai")
    ///     .limit(SharedLimit::rate("500/min".parse()?))
    ///     .connect_with(move || {
    ///         let client = client.clone();
    ///         async move { client.get_multiplexed_async_connection().await }
    ///     })
    ///     .await?;
    /// # let _ = quota;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect_with<F, Fut, C>(self, open: F) -> Result<SharedQuota, ConnectError>
    where
        F: Fn() -> Fut + Send + 'static,
        Fut: Future<Output = RedisResult<C>> + Send + 'static,
        C: ConnectionLike + Send + 'static,
    {
        self.join(open::boxed(open)).await
    }

    /// Joins the fleet when Redis can be reached, and goes by
    /// [`without_redis`](Self::without_redis) until then, alone.
    ///
    /// For a process that must start although Redis does not.
    ///
    /// # Errors
    ///
    /// If a number or the URL is wrong.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn start(self, url: &str) -> Result<SharedQuota, ConnectError> {
        let open = open::url(url)?;
        self.begin(open)
    }

    /// [`start`](Self::start) over connections that `open` makes.
    ///
    /// # Errors
    ///
    /// If a number is wrong.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn start_with<F, Fut, C>(self, open: F) -> Result<SharedQuota, ConnectError>
    where
        F: Fn() -> Fut + Send + 'static,
        Fut: Future<Output = RedisResult<C>> + Send + 'static,
        C: ConnectionLike + Send + 'static,
    {
        self.begin(open::boxed(open))
    }

    fn begin(self, open: Open) -> Result<SharedQuota, ConnectError> {
        let (settings, store, observers) = self.parts(open)?;
        Ok(feeder::start(settings, store, observers))
    }

    async fn join(self, open: Open) -> Result<SharedQuota, ConnectError> {
        let (settings, store, observers) = self.parts(open)?;
        feeder::join(settings, store, observers).await
    }

    fn parts(self, open: Open) -> Result<(Settings, Store, Vec<Observe>), InvalidConfig> {
        let mut settings = Settings::new(&self.limits)?
            .without_redis(self.without_redis)
            .with_times(self.lease, self.timeout)?
            .reconnecting_within(self.reconnect_within)?;
        if !self.shares_cooldown {
            settings = settings.own_cooldown();
        }
        let keys = Keys::new(&self.prefix, &self.name, self.limits.len())?;
        Ok((settings, Store::new(open, &keys, self.timeout), self.observers))
    }
}

impl fmt::Debug for SharedQuotaBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedQuotaBuilder")
            .field("name", &self.name)
            .field("limits", &self.limits)
            .field("lease", &self.lease)
            .field("without_redis", &self.without_redis)
            .finish_non_exhaustive()
    }
}

//! The task that carries requests of a ledger to Redis, and the answers back.

use std::sync::Arc;
use std::time::Duration;

use forbear_core::backoff::{BackoffStrategy, Exponential};
use forbear_core::{Clock, Retry, SplitMix64};

use crate::SharedQuota;
use crate::builder::Observe;
use crate::error::{ConnectError, Kind};
use crate::ledger::{Ledger, Plan, Settings};
use crate::limiter::{Handle, Pool};
use crate::store::Store;

/// Delays between attempts to reach a Redis that fails: from a few round trips to a time
/// in which nobody minds one more connection.
const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// Joins the fleet, once the first request is answered.
pub(crate) async fn join(
    settings: Settings,
    store: Store,
    observers: Vec<Observe>,
) -> Result<SharedQuota, ConnectError> {
    let mut feeder = Feeder::new(settings, store, observers);
    feeder.once().await?;
    Ok(feeder.spawn())
}

/// Joins the fleet when it can.
pub(crate) fn start(settings: Settings, store: Store, observers: Vec<Observe>) -> SharedQuota {
    Feeder::new(settings, store, observers).spawn()
}

struct Feeder {
    pool: Arc<Pool>,
    store: Store,
    observers: Vec<Observe>,
    backoff: Box<dyn BackoffStrategy>,
    entropy: SplitMix64,
}

impl Feeder {
    fn new(settings: Settings, store: Store, observers: Vec<Observe>) -> Self {
        let pool = Arc::new(Pool::new(Ledger::new(settings)));
        let backoff = Exponential::new(FIRST_DELAY).capped_at(LONGEST_DELAY).equal_jitter();
        Self { pool, store, observers, backoff: Box::new(backoff), entropy: SplitMix64::from_os() }
    }

    fn spawn(self) -> SharedQuota {
        let handle = Arc::new(Handle { pool: Arc::clone(&self.pool) });
        let task = tokio::spawn(self.run());
        SharedQuota::new(handle, task)
    }

    async fn run(mut self) {
        // A task that is aborted, with its runtime or by a panic of an observer, leaves
        // nobody waiting for it.
        let _guard = Ends(Arc::clone(&self.pool));
        while !self.pool.ledger().is_closed() {
            let wait = match self.once().await {
                Ok(wait) => wait,
                // Told to the observers, and planned anew.
                Err(_) => Some(Duration::ZERO),
            };
            match wait {
                Some(Duration::ZERO) => {}
                Some(wait) => {
                    // Whichever comes first.
                    let _ = tokio::time::timeout(wait, self.pool.due.notified()).await;
                }
                None => self.pool.due.notified().await,
            }
        }
        let farewell = self.pool.ledger().farewell(self.pool.now());
        // Redis forgets a member that does not say goodbye, only later.
        let _ = self.store.call(&farewell).await;
    }

    /// Does what is planned; returns how long there is nothing to do, `None` for until
    /// something happens.
    async fn once(&mut self) -> Result<Option<Duration>, Kind> {
        // Read before the request is made: what is granted may be used from then on.
        let now = self.pool.clock().now();
        let plan = self.pool.ledger().plan(now);
        let request = match plan {
            Plan::Wait(until) => return Ok(until.map(|until| until.since(now))),
            Plan::Call(request) => request,
        };
        let called = self.store.call(&request).await;
        let now = self.pool.clock().now();
        let mut ledger = self.pool.ledger();
        match &called {
            Ok(reply) => ledger.answered(now, reply),
            Err(error) => {
                let number = ledger.failures_in_a_row().saturating_add(1);
                let delay = self.backoff.delay(&Retry::nth(number), &mut self.entropy);
                ledger.failed(now, &error.to_string(), delay);
            }
        }
        drop(ledger);
        self.pool.wake();
        for event in self.pool.take_events() {
            for observe in &self.observers {
                observe(&event);
            }
        }
        called.map(|_| Some(Duration::ZERO))
    }
}

/// Says that nothing comes any more, when it is dropped.
struct Ends(Arc<Pool>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.ledger().close();
        self.0.wake();
    }
}

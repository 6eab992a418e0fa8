//! The task that carries requests of a ledger to Redis, and the answers back.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use forbear_core::{SplitMix64, Timestamp};

use crate::SharedQuota;
use crate::builder::Observe;
use crate::error::{ConnectError, Kind};
use crate::ledger::{Ledger, Plan, Settings};
use crate::limiter::{Handle, Pool};
use crate::message::Reply;
use crate::store::Store;

/// Joins the fleet, once the first request is answered.
pub(crate) async fn join(
    settings: Settings,
    store: Store,
    observers: Vec<Observe>,
) -> Result<SharedQuota, ConnectError> {
    let mut feeder = Feeder::new(settings, store, observers);
    if let Err(error) = feeder.store.open().await {
        feeder.fail(&error);
        return Err(error.into());
    }
    // The first call is due at once.
    if let (_, Plan::Call(request)) = feeder.plan() {
        let called = feeder.store.first_call(&request).await;
        feeder.conclude(&called);
        called?;
    }
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
    entropy: SplitMix64,
}

impl Feeder {
    fn new(settings: Settings, store: Store, observers: Vec<Observe>) -> Self {
        let pool = Arc::new(Pool::new(Ledger::new(settings)));
        Self { pool, store, observers, entropy: SplitMix64::from_os() }
    }

    fn spawn(self) -> SharedQuota {
        let handle = Arc::new(Handle { pool: Arc::clone(&self.pool) });
        // Made before the task runs: one that never does must close the quota, too.
        let ends = Ends(Arc::clone(&self.pool));
        let task = tokio::spawn(async move {
            let _ends = ends;
            self.run().await;
        });
        SharedQuota::new(handle, task)
    }

    async fn run(mut self) {
        while !self.pool.ledger().is_closed() {
            match self.once().await {
                Some(Duration::ZERO) => {}
                Some(wait) => {
                    // Whichever comes first.
                    let _ = tokio::time::timeout(wait, self.pool.due.notified()).await;
                }
                None => self.pool.due.notified().await,
            }
        }
        let farewell = self.pool.ledger().farewell(self.pool.now());
        // Redis forgets a member that does not say goodbye, only later. So no connection is
        // made for it.
        let _ = self.store.call(&farewell).await;
    }

    /// Does what is planned; returns how long there is nothing to do, `None` for until
    /// something happens.
    async fn once(&mut self) -> Option<Duration> {
        // Before the call is planned: what is granted may be used from then on, and it is
        // not to grow old while a connection is made.
        if !self.store.is_open() && self.pool.ledger().is_due(self.pool.now()) {
            if let Some(Err(error)) = self.open().await {
                self.fail(&error);
            }
            return Some(Duration::ZERO);
        }
        match self.plan() {
            (now, Plan::Wait(until)) => until.map(|until| until.since(now)),
            (_, Plan::Call(request)) => {
                let called = self.store.call(&request).await;
                self.conclude(&called);
                Some(Duration::ZERO)
            }
        }
    }

    /// Makes a connection; `None` if the quota was closed meanwhile.
    async fn open(&mut self) -> Option<Result<(), Kind>> {
        let Self { pool, store, .. } = self;
        let (mut opening, mut told) = (pin!(store.open()), pin!(pool.due.notified()));
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(opened) = opening.as_mut().poll(cx) {
                    return Poll::Ready(Some(opened));
                }
                if pool.ledger().is_closed() {
                    return Poll::Ready(None);
                }
                ready!(told.as_mut().poll(cx));
                told.set(pool.due.notified());
            }
        })
        .await
    }

    fn plan(&self) -> (Timestamp, Plan) {
        // Read before the request is made: what is granted may be used from then on.
        let now = self.pool.now();
        (now, self.pool.ledger().plan(now))
    }

    /// Takes in what came of a call, and wakes who waits for it.
    fn conclude(&mut self, called: &Result<Reply, Kind>) {
        match called {
            Ok(reply) => {
                let now = self.pool.now();
                self.pool.ledger().answered(now, reply);
                self.tell();
            }
            Err(error) => self.fail(error),
        }
    }

    /// Takes in that there is no connection, or no answer.
    fn fail(&mut self, error: &Kind) {
        let now = self.pool.now();
        let mut ledger = self.pool.ledger();
        let delay = ledger.delay_after_failure(&mut self.entropy);
        ledger.failed(now, &error.to_string(), delay);
        drop(ledger);
        self.tell();
    }

    fn tell(&self) {
        self.pool.wake();
        for event in self.pool.take_events() {
            for observe in &self.observers {
                observe(&event);
            }
        }
    }
}

/// Sees to it that nobody waits for a task that is gone.
///
/// One that is aborted, with its runtime or by a panic of an observer, is as a Redis that
/// does not answer any more.
struct Ends(Arc<Pool>);

impl Drop for Ends {
    fn drop(&mut self) {
        let now = self.0.now();
        let mut ledger = self.0.ledger();
        if !ledger.is_closed() {
            ledger.failed(now, "the task that talks to Redis has ended", Duration::MAX);
        }
        drop(ledger);
        self.0.wake();
    }
}

//! A client as a member of the fleet.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use forbear_core::Timestamp;
use forbear_redis::Status;
use forbear_redis::model::{Ledger, Reply, Request, Settings};

use super::locked;
use crate::rng::{Stream, StreamRng};

/// A member.
#[derive(Debug)]
pub(super) struct Member {
    client: u32,
    /// What Redis knows it by.
    pub(super) name: String,
    pub(super) ledger: Arc<Mutex<Ledger>>,
    /// How long its messages take, and its delays after a failure.
    pub(super) luck: StreamRng,
    /// When it cannot reach Redis, in ns.
    partitions: Vec<(u64, u64)>,
    pub(super) connection: Connection,
    /// Calls of Redis and connections to it, counted through restarts, so that a late answer
    /// is known as such.
    pub(super) calls: u64,
    /// What it waits for.
    pub(super) open_call: Option<u64>,
    /// Requests under way.
    pub(super) requests: BTreeMap<u64, Asked>,
    pub(super) replies: BTreeMap<u64, Answer>,
    /// When it looks next by itself, in ns.
    pub(super) look_at: Option<u64>,
    pub(super) look_number: u64,
    /// Since when it is without Redis, in ns.
    lost_at: Option<u64>,
    restarts: u32,
}

/// What a member has of a connection to Redis.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Connection {
    None,
    /// It is made.
    Making,
    Open,
    /// The other side is gone, which the next call finds out.
    Broken,
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Asked {
    /// Who sent it, which may have died since.
    pub(super) name: String,
    /// `None` where a connection is made.
    pub(super) request: Option<Request>,
    /// How long its answer takes, in ns.
    pub(super) back: u64,
}

/// What comes back.
#[derive(Debug)]
pub(super) enum Answer {
    Connected,
    Called(Reply),
}

impl Member {
    pub(super) fn new(
        client: u32,
        settings: Settings,
        partitions: Vec<(u64, u64)>,
        seed: u64,
    ) -> Self {
        Self {
            client,
            name: format!("{client:06}"),
            ledger: Arc::new(Mutex::new(Ledger::new(settings))),
            luck: StreamRng::of(seed, Stream::Redis(client)),
            partitions,
            connection: Connection::None,
            calls: 0,
            open_call: None,
            requests: BTreeMap::new(),
            replies: BTreeMap::new(),
            look_at: None,
            look_number: 0,
            lost_at: None,
            restarts: 0,
        }
    }

    /// It dies with its lease, and another one takes its place.
    pub(super) fn restart(&mut self, settings: Settings) {
        self.restarts += 1;
        self.name = format!("{:06}.{}", self.client, self.restarts);
        self.ledger = Arc::new(Mutex::new(Ledger::new(settings)));
        // What it has sent still reaches Redis.
        (self.open_call, self.look_at) = (None, None);
        self.connection = Connection::None;
        self.look_number += 1;
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        locked(&self.ledger)
    }

    pub(super) fn is_cut_off(&self, now: u64) -> bool {
        self.partitions.iter().any(|&(from, until)| (from..until).contains(&now))
    }

    /// Redis did not answer in time, or hung up.
    pub(super) fn fail(&mut self, now: u64) {
        self.lost_at.get_or_insert(now);
        self.open_call = None;
        self.connection = Connection::None;
        let mut ledger = locked(&self.ledger);
        let delay = ledger.delay_after_failure(&mut self.luck);
        ledger.failed(Timestamp::from_nanos(now), "timed out", delay);
    }

    /// Ends a time without Redis, if there is one; how long it was, in ns.
    pub(super) fn recover(&mut self, now: u64) -> u64 {
        self.lost_at.take().map_or(0, |lost_at| now.saturating_sub(lost_at))
    }

    /// How long it is without Redis by now, in ns; 0 if it is not.
    pub(super) fn outage_ns(&self, now: u64) -> u64 {
        self.lost_at.map_or(0, |lost_at| now.saturating_sub(lost_at))
    }

    pub(super) fn status(&self) -> Status {
        self.ledger().status(Timestamp::ZERO)
    }
}

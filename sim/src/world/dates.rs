//! Waits that are told as dates, read by clients whose clocks are off.
//!
//! A date is a time of the server's clock. The production reader takes it from the response's
//! own `Date`, so that the client's clock does not matter; where the server sends none, the
//! client's clock is all there is, and a client that is five seconds ahead comes five
//! seconds too early. The whole way is taken here: the reply as header fields, and what the
//! reader makes of them at the client's time of day.

use std::collections::BTreeMap;
use std::time::Duration;

use forbear_core::Entropy;

use crate::rng::{Stream, StreamRng, scaled};
use crate::scenario::{Scenario, nanos};
use crate::server::{EPOCH, Reply, WrittenAt, read_at};
use crate::storm::Storm;

const SECOND: u64 = 1_000_000_000;

/// The clocks of a run.
#[derive(Debug)]
pub(super) struct Dates {
    clients: Vec<Clock>,
    /// Until when each call was really asked to wait, in ns.
    asked: BTreeMap<u32, u64>,
}

/// How far a client's clock is from the server's.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// Behind and ahead at time 0, in ns; one of them is 0.
    behind: u64,
    ahead: u64,
    /// Slower and faster, in parts of a million; one of them is 0.
    slower: u64,
    faster: u64,
}

impl Dates {
    /// The clocks of `scenario`, if it says anything as a date.
    pub(super) fn new(scenario: &Scenario, storm: &Storm, seed: u64) -> Option<Box<Self>> {
        if !scenario.server().says_dates() {
            return None;
        }
        let clocks: Vec<(u64, u64)> = scenario
            .groups()
            .map(|(clients, ..)| {
                (nanos(clients.clock_skew()), u64::from(clients.clock_drift_ppm()))
            })
            .collect();
        let clock = |client| {
            let (skew, drift) = clocks[storm.group_of(client).number as usize];
            let mut words = StreamRng::of(seed, Stream::Clocks(client));
            // Anything from that much behind to that much ahead.
            let skew_at = scaled(words.next_u64(), skew.saturating_mul(2));
            let drift_at = scaled(words.next_u64(), drift.saturating_mul(2));
            Clock {
                behind: skew.saturating_sub(skew_at),
                ahead: skew_at.saturating_sub(skew),
                slower: drift.saturating_sub(drift_at),
                faster: drift_at.saturating_sub(drift),
            }
        };
        let clients = (0..storm.clients()).map(clock).collect();
        Some(Box::new(Self { clients, asked: BTreeMap::new() }))
    }

    /// What `client` reads of a reply to `call`: the times, in ns, are when the server
    /// decided, when the reply was written, and when it is read.
    pub(super) fn read(
        &mut self,
        scenario: &Scenario,
        (client, call): (u32, u32),
        reply: &Reply,
        [decided_at, written_at, answered_at]: [u64; 3],
    ) -> Reply {
        let Some(written) = WrittenAt::of(scenario, decided_at, written_at) else {
            return reply.clone();
        };
        let read = read_at(reply, &written, self.clients[client as usize].tells(answered_at));
        match reply.retry_after_ns {
            Some(wait) => {
                let until = written_at.saturating_add(wait).div_ceil(SECOND).saturating_mul(SECOND);
                self.asked.insert(call, until);
            }
            None => drop(self.asked.remove(&call)),
        }
        read
    }

    /// Until when the last reply to `call` really asked to wait, in ns.
    pub(super) fn asked_until(&self, call: u32) -> Option<u64> {
        self.asked.get(&call).copied()
    }
}

impl Clock {
    /// The time since 1970 that it shows when it is `now`, in ns since time 0.
    fn tells(self, now: u64) -> Duration {
        const MILLION: u128 = 1_000_000;
        let part = |ppm: u64| {
            u64::try_from(u128::from(now) * u128::from(ppm) / MILLION).unwrap_or(u64::MAX)
        };
        let shown = now.saturating_add(self.ahead).saturating_add(part(self.faster));
        let late = self.behind.saturating_add(part(self.slower));
        (EPOCH + Duration::from_nanos(shown)).saturating_sub(Duration::from_nanos(late))
    }
}

//! Clients that share a quota through Redis.
//!
//! Each is a member of a fleet, with the ledger that it has in production; Redis is the
//! model that `forbear-redis` holds against its script. Between them are messages on the
//! virtual clock, which a partition drops, and connections, which a promotion breaks. What
//! the task of a member does in production (`feeder.rs` there), [`Fleet`] does in one event.
//!
//! It has a queue of its own, so that a run without a fleet pays nothing for it.

mod event;
mod lease;
mod member;
mod redis;

use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use forbear_core::{Entropy, Limiter, Timestamp};
use forbear_redis::WithoutRedis;
use forbear_redis::model::{Plan, Request, Settings};

use self::event::{Event, Scheduled};
use self::lease::Lease;
use self::member::{Answer, Asked, Connection, Member};
use self::redis::Redis;
use crate::results::SharedUse;
use crate::rng::{Stream, StreamRng};
use crate::scenario::{Sampler, Scenario, nanos};
use crate::storm::Storm;

/// How long a connection may take to be made, at least, as in production.
const OPENING: u64 = 2_000_000_000;
/// When TCP sends its first packet once more (RFC 6298, section 2.1).
const KNOCKS_AGAIN_AFTER: u64 = 1_000_000_000;

/// The members of a run, and the Redis that they share.
#[derive(Debug)]
pub(crate) struct Fleet {
    redis: Redis,
    settings: Settings,
    /// By client; clients of groups with a policy of their own have none.
    members: Vec<Option<Member>>,
    /// Members for whom a call of Redis may be due, each once at most.
    noticed: Arc<Mutex<Vec<u32>>>,
    queue: BinaryHeap<Scheduled>,
    scheduled: u64,
    round_trip: Sampler,
    /// Round trips that a connection costs.
    connect: u32,
    timeout: u64,
    timer_ns: u64,
    tally: SharedUse,
}

impl Fleet {
    /// The fleet of `scenario` under a policy with this rule for a time without Redis;
    /// `None` where nothing is shared.
    pub(crate) fn new(
        scenario: &Scenario,
        storm: &Storm,
        rule: Option<WithoutRedis>,
        seed: u64,
    ) -> Option<Box<Self>> {
        let (spec, rule) = (scenario.redis()?, rule?);
        let mut fleet = Self {
            redis: Redis::new(scenario, spec, seed),
            // The table was checked when it was read.
            settings: spec.settings(rule).ok()?,
            members: Vec::new(),
            noticed: Arc::default(),
            queue: BinaryHeap::new(),
            scheduled: 0,
            round_trip: spec.round_trip(),
            connect: spec.connect(),
            timeout: nanos(spec.timeout()),
            timer_ns: nanos(scenario.timer()),
            tally: SharedUse { rule, ..SharedUse::default() },
        };
        for fault in scenario.faults().iter().filter(|fault| fault.flush) {
            fleet.schedule(nanos(fault.from), Event::Flush);
        }
        for fault in scenario.faults() {
            if let Some(promotion) = fault.promotion {
                let from = nanos(fault.from);
                let behind = from.saturating_sub(nanos(promotion.lost()));
                fleet.schedule(behind, Event::LeaveBehind);
                fleet.schedule(from, Event::Promote);
            }
        }
        for client in 0..storm.clients() {
            let shares = scenario.policy_of(storm.group_of(client).number).is_none();
            let partitions = partitions(scenario, seed, client);
            let member = || Member::new(client, fleet.settings.clone(), partitions, seed);
            let member = shares.then(member);
            if member.is_some() {
                fleet.schedule(0, Event::Look { client, number: 0 });
            }
            fleet.members.push(member);
        }
        Some(Box::new(fleet))
    }

    /// The limiter of a client, which draws from its lease.
    pub(crate) fn limiter(&self, client: u32) -> Option<Box<dyn Limiter>> {
        let member = self.members.get(client as usize)?.as_ref()?;
        Some(Box::new(Lease::new(client, Arc::clone(&member.ledger), Arc::clone(&self.noticed))))
    }

    /// A client dies and starts anew, as a member that nobody knows; its new limiter.
    pub(crate) fn restart(&mut self, now: u64, client: u32) -> Option<Box<dyn Limiter>> {
        let settings = self.settings.clone();
        let member = self.member(client)?;
        let (status, outage) = (member.status(), member.recover(now));
        member.restart(settings);
        let number = member.look_number;
        self.tally.add(&status);
        self.tally.outage_ns += outage;
        self.schedule(now, Event::Look { client, number });
        self.limiter(client)
    }

    /// When something happens next, in ns.
    pub(crate) fn next_at(&self) -> Option<u64> {
        self.queue.peek().map(|scheduled| scheduled.at)
    }

    /// Lets the next thing happen; the client whose lease is another one then, if one is.
    pub(crate) fn step(&mut self) -> Option<u32> {
        let Scheduled { at: now, event, .. } = self.queue.pop()?;
        match event {
            Event::Look { client, number } => self.look(now, client, number),
            Event::Knock { client, call } => self.knock(now, client, call),
            Event::Reach { client, call } => self.reach(now, client, call),
            Event::Serve { client, call } => self.serve(now, client, call),
            Event::Hear { client, call } => return self.hear(now, client, call),
            Event::GiveUp { client, call } => return self.give_up(now, client, call),
            Event::Flush => self.redis.flush(),
            Event::LeaveBehind => self.redis.leave_replica_behind(),
            Event::Promote => self.promote(now),
        }
        None
    }

    /// Looks after those for whom a call of Redis may be due.
    pub(crate) fn settle(&mut self, now: u64) {
        let noticed = std::mem::take(&mut *locked(&self.noticed));
        for client in noticed {
            self.plan(now, client);
        }
    }

    /// How Redis was used in all, until `end`, in ns.
    pub(crate) fn usage(&self, end: u64) -> SharedUse {
        let mut usage = self.tally;
        for member in self.members.iter().flatten() {
            usage.add(&member.status());
            usage.members += 1;
            usage.outage_ns += member.outage_ns(end);
        }
        usage
    }

    fn look(&mut self, now: u64, client: u32, number: u64) {
        let Some(member) = self.member(client).filter(|member| member.look_number == number) else {
            return;
        };
        member.look_at = None;
        self.plan(now, client);
    }

    /// A request reaches Redis, which does it when it is free.
    fn reach(&mut self, now: u64, client: u32, call: u64) {
        let Some(member) = self.member(client) else { return };
        if member.is_cut_off(now) {
            member.requests.remove(&call);
        } else if member.requests.contains_key(&call) {
            let done_at = self.redis.done_at(now);
            if done_at == now {
                self.serve(now, client, call);
            } else {
                self.schedule(done_at, Event::Serve { client, call });
            }
        }
    }

    fn serve(&mut self, now: u64, client: u32, call: u64) {
        let Some(member) = self.member(client) else { return };
        let Some(asked) = member.requests.remove(&call) else { return };
        let answer = asked.request.map_or(Answer::Connected, |request| {
            self.tally.calls += 1;
            Answer::Called(self.redis.call(now, &asked.name, &request))
        });
        if let Some(member) = self.member(client) {
            member.replies.insert(call, answer);
        }
        self.schedule(now.saturating_add(asked.back), Event::Hear { client, call });
    }

    fn hear(&mut self, now: u64, client: u32, call: u64) -> Option<u32> {
        let member = self.member(client)?;
        let answer = member.replies.remove(&call)?;
        if member.open_call != Some(call) || member.is_cut_off(now) {
            return None;
        }
        member.open_call = None;
        match answer {
            Answer::Connected => member.connection = Connection::Open,
            Answer::Called(reply) => {
                let outage = member.recover(now);
                member.ledger().answered(Timestamp::from_nanos(now), &reply);
                self.tally.outage_ns += outage;
            }
        }
        self.plan(now, client);
        Some(client)
    }

    fn give_up(&mut self, now: u64, client: u32, call: u64) -> Option<u32> {
        let member = self.member(client).filter(|member| member.open_call == Some(call))?;
        member.fail(now);
        self.plan(now, client);
        Some(client)
    }

    /// Another Redis answers from now on, and what was under way to the old one is lost.
    fn promote(&mut self, now: u64) {
        self.redis.promote(now);
        let mut hung_up = Vec::new();
        for (client, member) in (0..).zip(&mut self.members) {
            let Some(member) = member else { continue };
            member.requests.clear();
            member.replies.clear();
            if member.connection == Connection::Open {
                member.connection = Connection::Broken;
            }
            hung_up.extend(member.open_call.map(|call| (client, call)));
        }
        for (client, call) in hung_up {
            self.schedule(now, Event::GiveUp { client, call });
        }
    }

    /// Does what the ledger of a member plans.
    fn plan(&mut self, now: u64, client: u32) {
        let Some(member) = self.member(client) else { return };
        if member.connection == Connection::None {
            // As in production, before the call is planned.
            let is_due = member.ledger().is_due(Timestamp::from_nanos(now));
            if is_due {
                return self.connect(now, client);
            }
        }
        if member.connection == Connection::Making {
            return;
        }
        let plan = member.ledger().plan(Timestamp::from_nanos(now));
        match plan {
            Plan::Call(request) => self.ask(now, client, request),
            Plan::Wait(Some(until)) => {
                let at = self.fires_at(until.as_nanos()).max(now);
                let Some(member) = self.member(client) else { return };
                if member.look_at != Some(at) {
                    member.look_at = Some(at);
                    member.look_number += 1;
                    let number = member.look_number;
                    self.schedule(at, Event::Look { client, number });
                }
            }
            Plan::Wait(None) => {}
        }
    }

    /// Makes a connection, for which it waits longer than for an answer.
    fn connect(&mut self, now: u64, client: u32) {
        let gives_up_at = self.fires_at(now.saturating_add(self.timeout.max(OPENING)));
        let Some(member) = self.member(client) else { return };
        member.calls += 1;
        let call = member.calls;
        member.open_call = Some(call);
        member.connection = Connection::Making;
        self.schedule(gives_up_at, Event::GiveUp { client, call });
        self.knock(now, client, call);
    }

    fn knock(&mut self, now: u64, client: u32, call: u64) {
        let Some(member) = self.member(client) else { return };
        if member.open_call != Some(call) {
            return;
        }
        if member.is_cut_off(now) {
            let again = now.saturating_add(KNOCKS_AGAIN_AFTER);
            return self.schedule(again, Event::Knock { client, call });
        }
        let trips = self.connect;
        self.send(now, client, call, None, trips);
    }

    /// Sends a request to Redis, and waits for the answer for so long.
    fn ask(&mut self, now: u64, client: u32, request: Request) {
        let gives_up_at = self.fires_at(now.saturating_add(self.timeout));
        let Some(member) = self.member(client) else { return };
        member.calls += 1;
        let call = member.calls;
        member.open_call = Some(call);
        let is_broken = member.connection == Connection::Broken;
        if !is_broken && !member.is_cut_off(now) {
            self.send(now, client, call, Some(request), 1);
        }
        let gives_up_at = if is_broken { now } else { gives_up_at };
        self.schedule(gives_up_at, Event::GiveUp { client, call });
    }

    /// Sends what takes so many round trips, of which Redis has to do with the last.
    fn send(&mut self, now: u64, client: u32, call: u64, request: Option<Request>, trips: u32) {
        // Not by `member`, which would borrow the distribution, too.
        let member = self.members.get_mut(client as usize).and_then(Option::as_mut);
        let Some(member) = member else { return };
        let mut trip = || self.round_trip.sample(member.luck.next_u64());
        let before = (1..trips).fold(0_u64, |sum, _| sum.saturating_add(trip()));
        let last = if trips == 0 { 0 } else { trip() };
        let there = last / 2;
        let asked = Asked { name: member.name.clone(), request, back: last - there };
        member.requests.insert(call, asked);
        let reaches_at = now.saturating_add(before).saturating_add(there);
        self.schedule(reaches_at, Event::Reach { client, call });
    }

    fn member(&mut self, client: u32) -> Option<&mut Member> {
        self.members.get_mut(client as usize)?.as_mut()
    }

    fn schedule(&mut self, at: u64, event: Event) {
        self.scheduled += 1;
        self.queue.push(Scheduled { at, number: self.scheduled, event });
    }

    /// When a timer that is set to `time` goes off.
    fn fires_at(&self, time: u64) -> u64 {
        match self.timer_ns {
            0 => time,
            tick => time.div_ceil(tick).saturating_mul(tick),
        }
    }
}

/// When a client cannot reach Redis, drawn from a stream of its own.
fn partitions(scenario: &Scenario, seed: u64, client: u32) -> Vec<(u64, u64)> {
    let mut words = StreamRng::of(seed, Stream::Partitions(client));
    let faults = scenario.faults().iter().filter(|fault| !fault.partition.is_none());
    let befalls = faults.filter(|fault| fault.partition.holds(words.next_u64()));
    befalls.map(|fault| (nanos(fault.from), nanos(fault.until))).collect()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The members, their network, and what happens when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use forbear_core::{Completion, Cost, Decision, Entropy, Observation, SplitMix64, Timestamp};
use forbear_redis::SharedLimit;
use forbear_redis::WithoutRedis;
use forbear_redis::testing::{Ledger, Plan, Reply, Request, Reservation, Settings};

use crate::server::Scripted;

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000 * MS;
/// How long a member waits for an answer.
const TIMEOUT: u64 = 250 * MS;

/// What a member is like.
#[derive(Clone, Debug)]
pub(crate) struct Nature {
    /// Callers that come each second; `None` for more than can be served.
    pub(crate) demand: Option<u64>,
    pub(crate) cost: Cost,
    /// One way to Redis: from this long to twice as long.
    pub(crate) latency: u64,
    /// Of a thousand messages, so many are lost.
    pub(crate) loss: u64,
    /// How fast its clock runs, in millionths more.
    pub(crate) drift: i64,
}

impl Nature {
    pub(crate) fn greedy() -> Self {
        Self { demand: None, cost: Cost::REQUEST, latency: MS / 2, loss: 0, drift: 0 }
    }

    pub(crate) fn calling(demand: u64) -> Self {
        Self { demand: Some(demand), ..Self::greedy() }
    }
}

pub(crate) struct Member {
    pub(crate) nature: Nature,
    ledger: Ledger,
    own: Reservation,
    /// Callers that wait.
    queue: u64,
    /// The time of its clock when it was 0 for the world.
    origin: u64,
    alive: bool,
    /// It does nothing before.
    stopped_until: u64,
    /// Counts calls, so that a late answer is known as such.
    calls: u64,
    open_call: Option<u64>,
    /// When it looks next by itself.
    look_at: Option<u64>,
    pub(crate) sent: u64,
    pub(crate) longest_wait: u64,
    waits_since: u64,
}

#[derive(Clone, Debug)]
enum Event {
    Look(usize),
    Caller(usize),
    Request(usize, u64, Request),
    Answer(usize, u64, Reply),
    TimedOut(usize, u64),
    Crash(usize),
    Stop(usize, u64),
    Flush,
    ClockBack(u64),
}

pub(crate) struct World {
    pub(crate) redis: Scripted,
    pub(crate) members: Vec<Member>,
    events: BinaryHeap<Reverse<(u64, u64, usize)>>,
    bodies: Vec<Option<Event>>,
    now: u64,
    /// The clock of the server is ahead of the true time by this, in microseconds.
    server_us: u64,
    entropy: SplitMix64,
    /// True times and units of what was sent.
    pub(crate) sends: Vec<(u64, u64)>,
    pub(crate) round_trips: u64,
}

impl World {
    pub(crate) fn new(
        redis: Scripted,
        seed: u64,
        limits: &[SharedLimit],
        natures: &[Nature],
    ) -> Self {
        let mut entropy = SplitMix64::new(seed);
        let members = natures.iter().map(|nature| {
            let settings = Settings::new(limits).unwrap().without_redis(WithoutRedis::Closed);
            Member {
                nature: nature.clone(),
                ledger: Ledger::new(settings),
                own: Reservation::default(),
                queue: 0,
                origin: entropy.next_u64() % (1000 * SECOND),
                alive: true,
                stopped_until: 0,
                calls: 0,
                open_call: None,
                look_at: None,
                sent: 0,
                longest_wait: 0,
                waits_since: 0,
            }
        });
        let members: Vec<_> = members.collect();
        let mut world = Self {
            redis,
            members,
            events: BinaryHeap::new(),
            bodies: Vec::new(),
            now: 0,
            server_us: 1_700_000_000_000_000,
            entropy,
            sends: Vec::new(),
            round_trips: 0,
        };
        for member in 0..world.members.len() {
            let late = world.draw(5 * MS);
            world.at(late, Event::Caller(member));
        }
        world
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.entropy.next_u64() % below.max(1)
    }

    fn at(&mut self, time: u64, event: Event) {
        let number = self.bodies.len();
        self.bodies.push(Some(event));
        self.events.push(Reverse((time, number as u64, number)));
    }

    pub(crate) fn crash(&mut self, time: u64, member: usize) {
        self.at(time, Event::Crash(member));
    }

    pub(crate) fn stop(&mut self, time: u64, member: usize, span: u64) {
        self.at(time, Event::Stop(member, span));
    }

    pub(crate) fn flush(&mut self, time: u64) {
        self.at(time, Event::Flush);
    }

    pub(crate) fn clock_back(&mut self, time: u64, micros: u64) {
        self.at(time, Event::ClockBack(micros));
    }

    /// The clock of a member.
    fn local(&self, member: usize) -> Timestamp {
        let drift =
            i128::from(self.now) * i128::from(self.members[member].nature.drift) / 1_000_000;
        let elapsed = i128::from(self.now) + drift;
        Timestamp::from_nanos(self.members[member].origin + elapsed as u64)
    }

    /// When the clock of a member will be at `time`, or a little later.
    fn true_time(&self, member: usize, time: Timestamp) -> u64 {
        let ahead = time.since(self.local(member)).as_nanos() as u64;
        self.now + ahead + ahead / 1000 + 1
    }

    /// Until the true time `end`.
    pub(crate) fn run(&mut self, end: u64) {
        while let Some(&Reverse((time, _, number))) = self.events.peek() {
            if time > end {
                break;
            }
            self.events.pop();
            self.now = time;
            let event = self.bodies[number].take().unwrap();
            self.happen(event);
        }
        self.now = end;
    }

    fn happen(&mut self, event: Event) {
        let subject = match event {
            Event::Look(member)
            | Event::Caller(member)
            | Event::Answer(member, ..)
            | Event::TimedOut(member, _) => Some(member),
            _ => None,
        };
        if let Some(member) = subject {
            if !self.members[member].alive {
                return;
            }
            // What happens to a process that is stopped, happens when it goes on.
            let until = self.members[member].stopped_until;
            if self.now < until {
                self.at(until, event);
                return;
            }
        }
        match event {
            Event::Look(member) => {
                // One that was brought forward is looked at only once.
                if self.members[member].look_at.is_some_and(|at| at <= self.now) {
                    self.members[member].look_at = None;
                    self.look(member);
                }
            }
            Event::Caller(member) => {
                if self.members[member].queue == 0 {
                    self.members[member].waits_since = self.now;
                }
                match self.members[member].nature.demand {
                    None => self.members[member].queue = 1_000_000,
                    Some(a_second) => {
                        self.members[member].queue += 1;
                        let mean = SECOND / a_second;
                        let next = self.now + mean / 2 + self.draw(mean);
                        self.at(next, Event::Caller(member));
                    }
                }
                self.look(member);
            }
            Event::Request(member, call, request) => {
                let micros = self.server_us + self.now / 1000;
                let reply = self.redis.call(micros, &format!("m{member}"), &request);
                self.round_trips += 1;
                if let Some(back) = self.travel(member) {
                    self.at(self.now + back, Event::Answer(member, call, reply));
                }
            }
            Event::Answer(member, call, reply) => {
                // One that was given up is not heard any more.
                if self.members[member].open_call == Some(call) {
                    self.members[member].open_call = None;
                    let now = self.local(member);
                    self.members[member].ledger.answered(now, &reply);
                    self.look(member);
                }
            }
            Event::TimedOut(member, call) => {
                if self.members[member].open_call == Some(call) {
                    self.members[member].open_call = None;
                    let now = self.local(member);
                    let delay = Duration::from_millis(50);
                    self.members[member].ledger.failed(now, "timed out", delay);
                    self.look(member);
                }
            }
            Event::Crash(member) => self.members[member].alive = false,
            Event::Stop(member, span) => self.members[member].stopped_until = self.now + span,
            Event::Flush => self.redis.flush(),
            Event::ClockBack(micros) => self.server_us -= micros,
        }
    }

    /// The time of one message; `None` for one that is lost.
    fn travel(&mut self, member: usize) -> Option<u64> {
        let Nature { latency, loss, .. } = self.members[member].nature;
        let is_lost = self.draw(1000) < loss;
        let span = latency + self.draw(latency + 1);
        (!is_lost).then_some(span)
    }

    /// A member sends what it may, and asks Redis for what it lacks.
    fn look(&mut self, member: usize) {
        let now = self.local(member);
        let mut looks = Vec::new();
        while self.members[member].queue > 0 {
            let this = &mut self.members[member];
            let cost = this.nature.cost;
            match this.ledger.check(now, &cost, &mut this.own) {
                Decision::Admit => {
                    this.ledger.commit(now, &cost, &mut this.own);
                    let seen = Observation::SUCCESS;
                    let completion =
                        Completion { sent_at: now, cost, actual: cost, observation: seen };
                    this.ledger.observe(now, &completion);
                    this.queue -= 1;
                    this.sent += 1;
                    this.longest_wait = this.longest_wait.max(self.now - this.waits_since);
                    this.waits_since = self.now;
                    let units = forbear_core::Dimension::ALL.map(|each| cost.get(each));
                    self.sends.push((self.now, u64::from(*units.iter().max().unwrap())));
                }
                Decision::WaitUntil(time) => {
                    looks.push(time);
                    break;
                }
                _ => break,
            }
        }
        match self.members[member].ledger.plan(now) {
            Plan::Call(request) => {
                let this = &mut self.members[member];
                this.calls += 1;
                let call = this.calls;
                this.open_call = Some(call);
                self.at(self.now + TIMEOUT, Event::TimedOut(member, call));
                if let Some(there) = self.travel(member) {
                    self.at(self.now + there, Event::Request(member, call, request));
                }
            }
            Plan::Wait(until) => looks.extend(until),
        }
        if let Some(time) = looks.into_iter().min() {
            let time = self.true_time(member, time);
            if self.members[member].look_at.is_none_or(|at| time < at || at <= self.now) {
                self.members[member].look_at = Some(time);
                self.at(time, Event::Look(member));
            }
        }
    }

    /// Units sent in all.
    pub(crate) fn units(&self) -> u64 {
        self.sends.iter().map(|(_, units)| units).sum()
    }
}

/// Asserts that no span `t` of the sends has more than `burst + rate * t` units, where
/// the rate is `units` in `period` nanoseconds.
pub(crate) fn assert_within(sends: &[(u64, u64)], burst: u64, units: u64, period: u64) {
    // A bucket that leaks as the limit does: it overflows where some span has too many.
    let (mut level, mut last) = (0_u128, 0);
    for &(time, sent) in sends {
        level = level.saturating_sub(u128::from(time - last) * u128::from(units));
        level += u128::from(sent) * u128::from(period);
        last = time;
        let full = u128::from(burst) * u128::from(period);
        assert!(
            level <= full,
            "{} units too many at {time} ns",
            (level - full) / u128::from(period) + 1
        );
    }
}

/// Asserts that no window of `period` has more than `limit` units.
pub(crate) fn assert_in_windows(sends: &[(u64, u64)], limit: u64, period: u64) {
    let (mut sum, mut first) = (0, 0);
    for &(time, sent) in sends {
        sum += sent;
        while sends[first].0 + period <= time {
            sum -= sends[first].1;
            first += 1;
        }
        assert!(sum <= limit, "{sum} units in the window that ends at {time} ns");
    }
}

//! The event loop: clients that run the production engine against a server.
//!
//! A run has no thread, no clock and no order but that of the queue. What a task
//! of the production driver would do when it is polled, `World` does in one event.

mod dates;
mod driver;
mod event;
mod restart;
mod view;
mod wire;

use std::sync::atomic::{AtomicBool, Ordering};

use forbear_core::{Call, Observation, Outcome, Policy, Timestamp};

use self::dates::Dates;
use self::event::Event;
use crate::client::{Client, Task, Tasks};
use crate::fact::{Fact, Instant};
use crate::metrics::{Tally, metrics};
use crate::probe::Probe;
use crate::queue::EventQueue;
use crate::results::Metrics;
use crate::rng::Luck;
use crate::scenario::{Exchange, Network, Scenario, nanos};
use crate::server::{Cause, Reply, Request, Server};
use crate::storm::{Caller, Storm, thinking};
use crate::trace::Sent;

/// Events between two looks at the flag that stops a run.
const CANCEL_EVERY: u64 = 4096;

/// A run under way.
#[derive(Debug)]
pub(crate) struct World<'a> {
    scenario: &'a Scenario,
    storm: &'a Storm,
    policy: &'a Policy,
    seed: u64,
    queue: EventQueue<Event>,
    /// Calls of `storm.order` that have arrived.
    arrived: usize,
    clients: Vec<Client>,
    tasks: Tasks,
    server: Server,
    network: Network,
    timer_ns: u64,
    horizon: u64,
    events: u64,
    /// What the last answer said.
    seen: Observation,
    /// Sends that the horizon left without an answer.
    cut_off: u64,
    tally: Tally,
    /// The clocks, where the server says dates.
    dates: Option<Box<Dates>>,
    /// Who looks on.
    probe: Option<Box<Probe>>,
}

/// A run that is over.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) events: u64,
    pub(crate) metrics: Metrics,
    pub(crate) tally: Tally,
    pub(crate) probe: Option<Box<Probe>>,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        scenario: &'a Scenario,
        storm: &'a Storm,
        policy: &'a Policy,
        seed: u64,
        tally: Tally,
    ) -> Self {
        let client = |(number, plan): (u32, &Caller)| {
            let policy = scenario.policy_of(plan.group).unwrap_or(policy);
            Client::new(number, plan.clone(), policy, seed)
        };
        let mut queue = EventQueue::new();
        restart::schedule(&mut queue, scenario, storm, seed);
        Self {
            scenario,
            storm,
            policy,
            seed,
            queue,
            arrived: 0,
            clients: (0..).zip(&storm.clients).map(client).collect(),
            tasks: Tasks::new(storm.calls.len()),
            server: Server::new(scenario),
            network: scenario.network(),
            timer_ns: nanos(scenario.timer()),
            horizon: nanos(scenario.horizon()),
            events: 0,
            seen: Observation::new(Outcome::Ignored),
            cut_off: 0,
            tally,
            dates: Dates::new(scenario, storm, seed),
            probe: None,
        }
    }

    /// With somebody who looks on.
    pub(crate) fn watched_by(mut self, probe: Option<Box<Probe>>) -> Self {
        self.probe = probe;
        self
    }

    /// Runs to the end, or until `cancel` is set; then there is no outcome.
    pub(crate) fn run(mut self, cancel: &AtomicBool) -> Option<Ended> {
        while self.advance().is_some() {
            if self.events.is_multiple_of(CANCEL_EVERY) && cancel.load(Ordering::Relaxed) {
                return None;
            }
        }
        self.give_up_the_rest();
        let when = Instant { event: self.events, at: self.horizon };
        if let Some(checker) = self.probe.as_mut().and_then(|probe| probe.checker.as_mut()) {
            checker.finish(when, &self.tally);
        }
        self.tally.completions.sort_unstable();
        let metrics = metrics(&self.tally, &self.clients, &self.server);
        Some(Ended { events: self.events, metrics, tally: self.tally, probe: self.probe })
    }

    /// Lets the next thing happen and those that look on have a look; `None` if nothing is
    /// left, or a rule was broken.
    pub(crate) fn advance(&mut self) -> Option<u64> {
        if self.probe.as_ref().is_some_and(|probe| probe.is_broken()) {
            return None;
        }
        let at = self.step()?;
        self.events += 1;
        if let Some(probe) = &mut self.probe {
            probe.step(Instant { event: self.events, at });
        }
        debug_assert!(self.server.is_within_limits(at), "a limit of the server let in too much");
        Some(at)
    }

    /// Lets everything happen that happens until `at`, in ns.
    pub(crate) fn advance_to(&mut self, at: u64) {
        while self.next_at().is_some_and(|next| next <= at) && self.advance().is_some() {}
    }

    /// When the next thing happens, in ns.
    fn next_at(&mut self) -> Option<u64> {
        let arrival = self.storm.order.get(self.arrived).map(|&call| self.storm.arrival(call));
        arrival.into_iter().chain(self.queue.next_at()).min()
    }

    /// Tells those that look on.
    fn note(&mut self, fact: Fact) {
        if let Some(probe) = &mut self.probe {
            probe.note(Instant { event: self.events + 1, at: self.queue.now() }, fact);
        }
    }

    /// Lets the next thing happen; `None` if nothing is left within the horizon.
    fn step(&mut self) -> Option<u64> {
        let next = self.queue.next_at().unwrap_or(u64::MAX);
        // Arrivals were there before anything else, so they win ties.
        if let Some(&call) = self.storm.order.get(self.arrived) {
            let at = self.storm.arrival(call);
            if at <= next {
                if at > self.horizon {
                    return None;
                }
                self.queue.advance_to(at);
                self.arrived += 1;
                self.arrive(call);
                return Some(at);
            }
        }
        if next > self.horizon {
            return None;
        }
        let (at, event) = self.queue.pop()?;
        self.handle(event);
        Some(at)
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Begin { call } => self.arrive(call),
            Event::Wake { call } => {
                // After a restart at the same moment it may be on its way, or over.
                let Some(task) = self.tasks.get_mut(call) else { return };
                task.woken = false;
                if !task.call.is_in_flight() {
                    self.drive(call);
                }
            }
            Event::Restart { client } => self.restart(client),
            Event::Timer { call, generation } => {
                let timer = self.tasks.get_mut(call).map(|task| &mut task.timer);
                if timer.is_some_and(|timer| timer.goes_off(generation)) {
                    self.drive(call);
                }
            }
            Event::Arrive { call, attempt } => self.reach_server(call, attempt),
            Event::Write { call, attempt, version } => self.write(call, attempt, version),
            Event::Leave { call } => {
                let now = self.queue.now();
                let request = request(&self.tasks, self.storm, call, 0);
                self.server.leave(now, &request);
                self.note(Fact::Left { call });
            }
            Event::Answer { call, attempt } => self.answer(call, attempt),
        }
    }

    /// A call is wanted: a caller takes it up, or it waits for one.
    fn arrive(&mut self, call: u32) {
        let (now, planned) = (self.queue.now(), &self.storm.calls[call as usize]);
        self.tally.arrived(now, call);
        self.note(Fact::Wanted { call });
        self.tasks.open(call, Task::new(now, planned));
        let client = &mut self.clients[planned.client as usize];
        if client.idle == 0 {
            client.backlog.push_back(call);
            return;
        }
        client.idle -= 1;
        self.begin(call);
        self.drive(call);
    }

    /// A caller takes up a call.
    fn begin(&mut self, call: u32) {
        let now = Timestamp::from_nanos(self.queue.now());
        let task = &mut self.tasks[call];
        task.call = Call::new(now, *task.call.cost());
        self.note(Fact::Begun { call });
    }

    /// A request leaves a client.
    fn send(&mut self, call: u32) {
        let now = self.queue.now();
        let task = &self.tasks[call];
        let client = &self.clients[task.client as usize];
        let attempt = task.attempt();
        let sent = Sent { at: Timestamp::from_nanos(now), client: task.client, call, attempt };
        self.tally.sent(sent, now < client.asked_to_wait_until);
        let timeout = client.plan.timeout;
        let luck = Luck::new(task.key, attempt);
        self.note(Fact::Sent { call, attempt });
        let (there, back) = self.network.sample(luck, Exchange::Request);
        let arrives_at = now.saturating_add(there);
        let waits_until = timeout.map(|timeout| self.fires_at(now.saturating_add(timeout)));
        let task = &mut self.tasks[call];
        task.back_ns = back;
        task.waits_until = waits_until.unwrap_or(u64::MAX);
        self.queue.schedule(arrives_at, Event::Arrive { call, attempt });
        if task.waits_until < arrives_at {
            task.reply = Reply::TIMED_OUT;
            self.queue.schedule(task.waits_until, Event::Answer { call, attempt });
        }
    }

    /// A request reaches the server.
    fn reach_server(&mut self, call: u32, attempt: u32) {
        let now = self.queue.now();
        let request = request(&self.tasks, self.storm, call, attempt);
        let handling = self.server.arrive(now, &request);
        let limit = match (handling.cause, &self.probe) {
            (Cause::Limit { index, .. }, Some(_)) => Some(self.server.limit_state(now, index)),
            _ => None,
        };
        self.note(Fact::Decided {
            call,
            attempt,
            status: handling.reply.status,
            cause: handling.cause,
            limit,
            leaves_at: handling.leaves_at,
            is_lost: handling.is_lost,
        });
        if handling.holds {
            self.queue.schedule(handling.leaves_at, Event::Leave { call });
        }
        if handling.is_lost {
            self.tally.decided(now, call, handling.reply.status, handling.is_refusal);
            self.reply_never(call, attempt);
            return;
        }
        if handling.reply.status == 200
            && let Some(version) = self.server.read()
        {
            self.follow_up(call, attempt, handling.leaves_at, version);
            return;
        }
        self.tally.decided(now, call, handling.reply.status, handling.is_refusal);
        self.reply(call, attempt, handling.reply, handling.leaves_at);
    }

    /// A row was read, and the client writes it as soon as it has the version.
    fn follow_up(&mut self, call: u32, attempt: u32, leaves_at: u64, version: u32) {
        self.tally.read(self.queue.now(), call, version);
        if !self.is_awaited(call, attempt) {
            return;
        }
        let task = &mut self.tasks[call];
        let luck = Luck::new(task.key, attempt);
        let (there, back) = self.network.sample(luck, Exchange::Write);
        let known_at = leaves_at.saturating_add(task.back_ns);
        let written_at = known_at.saturating_add(there);
        task.back_ns = back;
        if known_at <= task.waits_until {
            self.queue.schedule(written_at, Event::Write { call, attempt, version });
        }
        if task.waits_until < written_at {
            task.reply = Reply::TIMED_OUT;
            self.queue.schedule(task.waits_until, Event::Answer { call, attempt });
        }
    }

    /// A write reaches the server.
    fn write(&mut self, call: u32, attempt: u32, version: u32) {
        let now = self.queue.now();
        let request = request(&self.tasks, self.storm, call, attempt);
        let reply = self.server.write(version, &request);
        self.tally.decided(now, call, reply.status, false);
        self.note(Fact::Written { call, status: reply.status });
        self.reply(call, attempt, reply, now);
    }

    /// A reply leaves the server at `leaves_at`.
    fn reply(&mut self, call: u32, attempt: u32, reply: Reply, leaves_at: u64) {
        if !self.is_awaited(call, attempt) {
            // The server did its work all the same.
            return;
        }
        let task = &mut self.tasks[call];
        let answered_at = leaves_at.saturating_add(task.back_ns);
        // An answer that comes with the time-out wins, as in Tokio's `timeout`.
        let (reply, at) = if answered_at <= task.waits_until {
            let client = self.storm.calls[call as usize].client;
            let whose = (client, call);
            let reply = self.dates.as_mut().map_or(reply, |dates| {
                let times = [self.queue.now(), leaves_at, answered_at];
                dates.read(self.scenario, whose, &reply, times)
            });
            (reply, answered_at)
        } else {
            (Reply::TIMED_OUT, task.waits_until)
        };
        task.reply = reply;
        self.queue.schedule(at, Event::Answer { call, attempt });
    }

    /// A reply is lost on its way, and the client waits in vain.
    fn reply_never(&mut self, call: u32, attempt: u32) {
        if self.is_awaited(call, attempt) {
            let task = &mut self.tasks[call];
            task.reply = Reply::TIMED_OUT;
            self.queue.schedule(task.waits_until, Event::Answer { call, attempt });
        }
    }

    /// Whether the client still waits for the answer to this attempt.
    fn is_awaited(&self, call: u32, attempt: u32) -> bool {
        let waits = |task: &Task| task.awaits(attempt) && self.queue.now() <= task.waits_until;
        self.tasks.get(call).is_some_and(waits)
    }

    /// What follows in the same caller once `call` has ended.
    fn next_call(&mut self, call: u32) -> Option<u32> {
        let now = self.queue.now();
        let client = &mut self.clients[self.storm.calls[call as usize].client as usize];
        if let Some(think) = client.plan.think.clone() {
            client.idle += 1;
            if client.next < client.plan.end {
                let next = client.next;
                client.next += 1;
                let thought = thinking(&think, self.storm.calls[next as usize].key);
                let at = self.fires_at(now.saturating_add(thought));
                self.queue.schedule(at, Event::Begin { call: next });
            }
            return None;
        }
        let next = client.backlog.pop_front();
        if next.is_none() {
            client.idle = client.idle.saturating_add(1);
        }
        next
    }

    /// When a timer that is set to `time` goes off.
    fn fires_at(&self, time: u64) -> u64 {
        match self.timer_ns {
            0 => time,
            tick => time.div_ceil(tick).saturating_mul(tick),
        }
    }
}

/// What the server sees of an attempt, whose client may have forgotten it in a restart.
fn request<'a>(tasks: &'a Tasks, storm: &'a Storm, call: u32, attempt: u32) -> Request<'a> {
    let script = storm.script(call);
    let planned = || storm.calls[call as usize].request(attempt, script);
    tasks.get(call).map_or_else(planned, |task| task.request(attempt, script))
}

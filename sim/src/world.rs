//! The event loop: clients that run the production engine against a server.
//!
//! A run has no thread, no clock and no order but that of the queue. What a task
//! of the production driver would do when it is polled, `World` does in one event.

mod check;
mod driver;
mod event;
mod restart;

use std::sync::atomic::{AtomicBool, Ordering};

use forbear_core::{Call, Observation, Outcome, Policy, Timestamp};

use self::event::Event;
use crate::client::{Client, Task, Tasks};
use crate::metrics::{Tally, metrics};
use crate::queue::EventQueue;
use crate::results::Metrics;
use crate::rng::Luck;
use crate::scenario::{Exchange, Network, Scenario, nanos};
use crate::server::{Reply, Request, Server};
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
}

/// A run that is over.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) events: u64,
    pub(crate) metrics: Metrics,
    pub(crate) tally: Tally,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        scenario: &'a Scenario,
        storm: &'a Storm,
        policy: &'a Policy,
        seed: u64,
        tally: Tally,
    ) -> Self {
        let client = |(number, &plan): (u32, &Caller)| {
            let policy = scenario.policy_of(plan.group).unwrap_or(policy);
            Client::new(number, plan, policy, seed)
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
        }
    }

    /// Runs to the end, or until `cancel` is set; then there is no outcome.
    pub(crate) fn run(mut self, cancel: &AtomicBool) -> Option<Ended> {
        while let Some(at) = self.step() {
            debug_assert!(at <= self.horizon, "time ran past the horizon");
            self.events += 1;
            if cfg!(debug_assertions) {
                self.check();
            }
            if self.events.is_multiple_of(CANCEL_EVERY) && cancel.load(Ordering::Relaxed) {
                return None;
            }
        }
        self.give_up_the_rest();
        if cfg!(debug_assertions) {
            self.check_end();
        }
        self.tally.completions.sort_unstable();
        let metrics = metrics(&self.tally, &self.clients, &self.server);
        Some(Ended { events: self.events, metrics, tally: self.tally })
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
            }
            Event::Answer { call, attempt } => self.answer(call, attempt),
        }
    }

    /// A call is wanted: a caller takes it up, or it waits for one.
    fn arrive(&mut self, call: u32) {
        let (now, planned) = (self.queue.now(), &self.storm.calls[call as usize]);
        self.tally.arrived(now, call);
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
    }

    /// A request leaves a client.
    fn send(&mut self, call: u32) {
        let now = self.queue.now();
        let task = &self.tasks[call];
        let client = &self.clients[task.client as usize];
        let attempt = task.attempt();
        let sent = Sent { at: Timestamp::from_nanos(now), client: task.client, call, attempt };
        self.tally.sent(sent, now < client.asked_to_wait_until);
        let (there, back) = self.network.sample(Luck::new(task.key, attempt), Exchange::Request);
        let arrives_at = now.saturating_add(there);
        let waits_until =
            client.plan.timeout.map(|timeout| self.fires_at(now.saturating_add(timeout)));
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
        if let Some(think) = client.plan.think {
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
    let planned = || storm.calls[call as usize].request(attempt);
    tasks.get(call).map_or_else(planned, |task| task.request(attempt))
}

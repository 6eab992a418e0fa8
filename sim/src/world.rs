//! The event loop: clients that run the production engine against a server.
//!
//! A run has no thread, no clock and no order but that of the queue. What a task
//! of the production driver would do when it is polled, `World` does in one event.

mod dates;
mod driver;
mod event;
mod exchange;
#[cfg(test)]
mod memory;
mod patience;
mod queueing;
mod repeat;
mod restart;
mod shared;
mod view;
mod wire;

use std::sync::atomic::{AtomicBool, Ordering};

use forbear_core::{Observation, Outcome, Policy, Progress, Timestamp};
use forbear_redis::WithoutRedis;

use self::dates::Dates;
use self::event::Event;
use self::exchange::Windows;
use self::patience::Patience;
use self::repeat::Repeating;
use crate::client::{Client, ClientQueue, Population};
use crate::fact::{Fact, Instant};
use crate::fleet::Fleet;
use crate::metrics::{Tally, metrics};
use crate::probe::Probe;
use crate::queue::EventQueue;
use crate::results::{Metrics, SharedUse};
use crate::scenario::{Network, Scenario, nanos};
use crate::server::Server;
use crate::storm::Storm;

/// Events between two looks at the flag that stops a run.
const CANCEL_EVERY: u64 = 4096;

/// A run under way.
#[derive(Debug)]
pub(crate) struct World<'a> {
    scenario: &'a Scenario,
    storm: &'a Storm,
    policy: &'a Policy,
    seed: u64,
    /// How long the clients of each group wait for an answer.
    patience: Vec<Patience>,
    queue: EventQueue<Event>,
    /// Calls of `storm.order` that have arrived.
    arrived: usize,
    /// When the next of them arrives; the end of time if there is none, in ns.
    arrives_at: u64,
    population: Population<'a>,
    /// The queues of processes, by the clients that they are of; empty without any.
    queues: Vec<Option<Box<ClientQueue>>>,
    /// The windows that answers under way tell of.
    windows: Windows,
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
    /// The quota that the clients share, where they do.
    fleet: Option<Box<Fleet>>,
    /// Which calls go on as recorded, where answers were.
    repeating: Option<Box<Repeating>>,
    /// Who looks on.
    probe: Option<Box<Probe>>,
}

/// A call under way, and where it is.
#[derive(Clone, Copy, Debug)]
struct Ongoing {
    client: u32,
    call: u32,
    /// Of its task, in the population.
    place: u32,
}

/// A run that is over.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) events: u64,
    pub(crate) metrics: Metrics,
    pub(crate) shared: Option<SharedUse>,
    pub(crate) repeated: Option<u64>,
    pub(crate) tally: Tally,
    pub(crate) probe: Option<Box<Probe>>,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        scenario: &'a Scenario,
        storm: &'a Storm,
        policy: &'a Policy,
        without_redis: Option<WithoutRedis>,
        seed: u64,
        tally: Tally,
    ) -> Self {
        let fleet = Fleet::new(scenario, storm, without_redis, seed);
        let client = |number| {
            let group = storm.group_of(number);
            let policy = scenario.policy_under(group.number, policy);
            let lease = fleet.as_ref().and_then(|fleet| fleet.limiter(number));
            Client::new(number, group, policy, lease, seed)
        };
        let mut population = Population::new((0..storm.clients()).map(client));
        if restart::happens(scenario) || scenario.server().optimistic() {
            population.keep_index(storm.calls());
        }
        let mut queue = EventQueue::new();
        restart::schedule(&mut queue, scenario, storm, seed);
        let mut world = Self {
            scenario,
            storm,
            policy,
            seed,
            patience: Patience::of_groups(scenario, storm, policy),
            queue,
            arrived: 0,
            arrives_at: storm.order.first().map_or(u64::MAX, |&call| storm.arrival(call)),
            population,
            queues: Vec::new(),
            windows: Windows::default(),
            server: Server::new(scenario),
            network: scenario.network(),
            timer_ns: nanos(scenario.timer()),
            horizon: nanos(scenario.horizon()),
            events: 0,
            seen: Observation::new(Outcome::Ignored),
            cut_off: 0,
            tally,
            dates: Dates::new(scenario, storm, seed),
            fleet,
            repeating: Repeating::new(storm),
            probe: None,
        };
        world.make_queues();
        world
    }

    /// With somebody who looks on.
    pub(crate) fn watched_by(mut self, probe: Option<Box<Probe>>) -> Self {
        if probe.is_some() {
            self.population.keep_index(self.storm.calls());
        }
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
        drop(std::mem::take(&mut self.queue));
        self.tally.completions.sort_unstable();
        let wanted = (0..self.storm.clients()).map(|client| self.storm.group_of(client).calls_each);
        let got = self.population.clients().map(|client| client.succeeded);
        let metrics = metrics(&self.tally, got.zip(wanted).collect(), &self.server);
        let shared = self.fleet.as_ref().map(|fleet| fleet.usage(self.tally.last_end));
        let repeated = self.repeating.as_ref().map(|repeating| repeating.repeated);
        let (events, tally, probe) = (self.events, self.tally, self.probe);
        Some(Ended { events, metrics, shared, repeated, tally, probe })
    }

    /// Lets the next thing happen and those that look on have a look; `None` if nothing is
    /// left, or a rule was broken.
    pub(crate) fn advance(&mut self) -> Option<u64> {
        if self.probe.as_ref().is_some_and(|probe| probe.is_broken()) {
            return None;
        }
        let at = self.step_of_fleet().or_else(|| self.step())?;
        self.settle_fleet(at);
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
    fn next_at(&self) -> Option<u64> {
        let of_fleet = self.fleet.as_ref().and_then(|fleet| fleet.next_at());
        of_fleet.into_iter().chain(self.arrival_or_event_at()).min()
    }

    /// When the next call arrives, or the next event of the queue happens, in ns.
    fn arrival_or_event_at(&self) -> Option<u64> {
        let arrival = Some(self.arrives_at).filter(|&at| at < u64::MAX);
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
        let at = self.arrives_at;
        if at <= next
            && let Some(&call) = self.storm.order.get(self.arrived)
        {
            if at > self.horizon {
                return None;
            }
            self.queue.advance_to(at);
            self.arrived += 1;
            let following = self.storm.order.get(self.arrived);
            self.arrives_at = following.map_or(u64::MAX, |&call| self.storm.arrival(call));
            self.arrive(self.storm.client_of(call), call);
            return Some(at);
        }
        if next > self.horizon {
            return None;
        }
        let population = &self.population;
        let (at, event) = self.queue.pop_telling(|event| {
            if let Some(place) = event.place() {
                population.touch(place);
            }
        })?;
        self.handle(event);
        Some(at)
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Begin { client, call } => self.arrive(client, call),
            Event::Wake { place, call } => {
                // After a restart at the same moment it may be on its way, or over.
                let task = self.population.task_mut(place);
                if task.is_of(call) {
                    task.wait.set_woken(false);
                    if !task.progress.is_in_flight() {
                        self.drive(self.ongoing(place, call));
                    }
                }
            }
            Event::Restart { client } => self.restart(client),
            Event::Timer { place, generation } => {
                let task = self.population.task_mut(place);
                if task.wait.goes_off(generation) {
                    let call = task.call();
                    self.drive(self.ongoing(place, call));
                }
            }
            Event::Queue { gate, generation } => self.ring(gate, generation),
            Event::Arrive { place, call, attempt } => {
                self.reach_server(self.ongoing(place, call), attempt);
            }
            Event::Write { call, attempt, version } => self.write(call, attempt, version),
            Event::Leave { call } => {
                let now = self.queue.now();
                let request = self.storm.request(self.storm.client_of(call), call, 0);
                self.server.leave(now, &request);
                self.note(Fact::Left { call });
            }
            Event::Answer { place, call, attempt } => {
                self.answer(self.ongoing(place, call), attempt);
            }
        }
    }

    /// A call that has, or had, its task at `place`.
    fn ongoing(&self, place: u32, call: u32) -> Ongoing {
        let owner = self.population.owner(place);
        Ongoing { client: owner.unwrap_or_else(|| self.storm.client_of(call)), call, place }
    }

    /// A call is wanted: a caller takes it up, or it waits for one.
    fn arrive(&mut self, client: u32, call: u32) {
        let now = self.queue.now();
        self.tally.arrived(now, call, client);
        self.note(Fact::Wanted { call });
        let place = self.population.open(now, client, call);
        let ongoing = Ongoing { client, call, place };
        let group = self.storm.group_of(client);
        let client = self.population.client_mut(client);
        if !client.take_caller(group) {
            client.wait_for_caller(place);
            return;
        }
        self.begin(ongoing);
        self.drive(ongoing);
    }

    /// A caller takes up a call.
    fn begin(&mut self, ongoing: Ongoing) {
        let now = Timestamp::from_nanos(self.queue.now());
        self.population.task_mut(ongoing.place).progress = Progress::new(now);
        self.note(Fact::Begun { call: ongoing.call });
    }

    /// What follows in the same caller once a call has ended.
    fn next_call(&mut self, ended: Ongoing) -> Option<Ongoing> {
        let (now, storm) = (self.queue.now(), self.storm);
        let group = storm.group_of(ended.client);
        let client = self.population.client_mut(ended.client);
        if let Some(place) = client.next_in_backlog() {
            return Some(Ongoing { place, call: self.population.task(place).call(), ..ended });
        }
        if let Some(call) = client.rest(ended.client, group)
            && let Some(think) = &group.think
        {
            let thought = storm.thinking(think, ended.client, call);
            let at = self.fires_at(now.saturating_add(thought));
            self.queue.schedule(at, Event::Begin { client: ended.client, call });
        }
        None
    }

    /// The policy that `client` goes by.
    fn policy_of(&self, client: u32) -> &'a Policy {
        self.scenario.policy_under(self.storm.group_of(client).number, self.policy)
    }

    /// When a timer that is set to `time` goes off.
    fn fires_at(&self, time: u64) -> u64 {
        match self.timer_ns {
            0 => time,
            tick => time.div_ceil(tick).saturating_mul(tick),
        }
    }
}

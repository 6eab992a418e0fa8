//! The batch under a virtual clock.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::time::Duration;

use forbear_core::queue::{Job, JobId, Next, Queue, Scope, ScopeId, TenantId};
use forbear_core::{Cost, Dimension, Limiter, Observation, Outcome, Timestamp};
use forbear_sim::EventQueue;

use crate::input::{JobLine, Lines, Scan};
use crate::line_set::LineSet;
use crate::{Batch, BatchError, ErrorKind};

/// A batch that is played.
pub(super) struct Play<'a> {
    batch: &'a Batch,
    queue: Queue<(), Box<dyn Limiter>>,
    scopes: BTreeMap<&'a str, ScopeId>,
    tenants: BTreeMap<&'a str, TenantId>,
    anybody: TenantId,
    events: EventQueue<Event>,
    latency_ns: u64,
    in_flight: u64,
    /// For when the queue is to be asked again.
    wakes_at: Option<u64>,
    pub(super) sends: u64,
    pub(super) ended_at: u64,
    pub(super) spent: BTreeMap<Dimension, u64>,
    pub(super) most_in_flight: u64,
    pub(super) refused: u64,
}

/// What happens next.
#[derive(Clone, Copy)]
enum Event {
    Answer(JobId, Cost),
    Wake,
}

impl<'a> Play<'a> {
    pub(super) fn new(batch: &'a Batch, scan: &'a Scan, latency: Duration) -> Self {
        let queueing = &batch.queueing;
        let mut queue = Queue::new(queueing.config.clone());
        let mut scopes = BTreeMap::new();
        for host in scan.hosts.keys() {
            let scope = Scope::new(host.as_str(), batch.policy_of(host).limiter());
            scopes.insert(host.as_str(), queue.add_scope(scope));
        }
        // A weight of 0 was refused when it was set.
        let mut tenant = |weight| queue.add_tenant(weight).expect("a weight is at least 1");
        let tenants = scan.tenants.keys().filter(|_| queueing.has_tenants);
        let tenants = tenants.map(|name| (name.as_str(), tenant(queueing.weight_of(name))));
        let tenants = tenants.collect();
        let anybody = tenant(1);
        Self {
            batch,
            queue,
            scopes,
            tenants,
            anybody,
            events: EventQueue::new(),
            latency_ns: u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX),
            in_flight: 0,
            wakes_at: None,
            sends: 0,
            ended_at: 0,
            spent: BTreeMap::new(),
            most_in_flight: 0,
            refused: 0,
        }
    }

    /// Plays the lines `to_do`; `used` says what a request really uses.
    pub(super) fn run(
        &mut self,
        to_do: &LineSet,
        used: impl Fn(&Cost) -> Cost,
    ) -> Result<(), BatchError> {
        let path = &self.batch.input;
        let unreadable = |error: &std::io::Error| BatchError::io(ErrorKind::Input, path, "", error);
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let mut lines = Lines::new(BufReader::with_capacity(1 << 16, file));
        let mut is_read = false;
        loop {
            while !is_read && self.queue.len() < self.batch.queueing.capacity {
                match lines.next(|_| {}).map_err(|error| unreadable(&error))? {
                    None => is_read = true,
                    Some(line) if !to_do.contains(line.number) => {}
                    Some(line) => {
                        if let Ok(job) = JobLine::parse(line, &self.batch.expected) {
                            self.push(&job);
                        }
                    }
                }
            }
            self.start(&used);
            match self.events.pop() {
                Some((_, Event::Wake)) => self.wakes_at = None,
                Some((at, Event::Answer(id, cost))) => {
                    let mut seen = Observation::new(Outcome::Success);
                    seen.usage = Some(cost);
                    self.queue.complete(Timestamp::from_nanos(at), id, &seen);
                    self.in_flight -= 1;
                    self.ended_at = at;
                }
                None => return Ok(()),
            }
        }
    }

    fn push(&mut self, job: &JobLine) {
        let Some(&scope) = self.scopes.get(job.target.scope.as_str()) else { return };
        let tenant = job.tenant.as_deref().and_then(|name| self.tenants.get(name).copied());
        let queued = Job::new(scope, tenant.unwrap_or(self.anybody), ());
        let queued = queued.lane(job.lane).cost(job.cost);
        let now = Timestamp::from_nanos(self.events.now());
        self.refused += u64::from(self.queue.push(now, queued).is_err());
    }

    /// Starts what may start now.
    fn start(&mut self, used: &impl Fn(&Cost) -> Cost) {
        let now = self.events.now();
        let most = u64::try_from(self.batch.in_flight.get()).unwrap_or(u64::MAX);
        while self.in_flight < most {
            match self.queue.next(Timestamp::from_nanos(now)) {
                Next::Start(started) => {
                    let cost = used(&started.cost);
                    for dimension in Dimension::ALL {
                        *self.spent.entry(dimension).or_default() += u64::from(cost.get(dimension));
                    }
                    self.sends += 1;
                    self.in_flight += 1;
                    self.most_in_flight = self.most_in_flight.max(self.in_flight);
                    let answered_at = now.saturating_add(self.latency_ns);
                    self.events.schedule(answered_at, Event::Answer(started.id, cost));
                }
                Next::Remove(_) => self.refused += 1,
                Next::Wait(None) => return,
                Next::Wait(Some(time)) => {
                    let time = time.as_nanos();
                    if self.wakes_at.is_none_or(|at| time < at || at <= now) {
                        self.wakes_at = Some(time);
                        self.events.schedule(time, Event::Wake);
                    }
                    return;
                }
            }
        }
    }
}

//! Rules of single libraries: bucket4j's start within a window, Bottleneck's scheduler,
//! twilight's buckets.

use std::time::Duration;

use forbear_core::limiter::{Concurrency, Gcra, Keyed, Learned, Reservoir};
use forbear_core::queue::{
    Job, JobId, Next, Overflow, Queue, QueueConfig, Scope, ScopeId, Started, TenantId,
};
use forbear_core::{
    Completion, Cost, Dimension, Limiter, Observation, Outcome, Quantity, Quota, Rate, Timestamp,
};
use serde_json::Value;

use super::{list, millis, number, requests, text, units};

pub(super) fn run(group: &str, vector: &Value) {
    let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
    match group {
        "aligned_window_initial_tokens" => aligned(inputs, expected),
        "server_headers" => buckets_of_a_server(inputs, expected),
        _ if inputs.get("reservoir").is_some() => reservoir(inputs, expected),
        _ => overflowing(inputs, expected),
    }
}

fn aligned(inputs: &Value, expected: &Value) {
    let (now, first) = (millis(&inputs["now_ms"]), millis(&inputs["first_refill_ms"]));
    let period = Duration::from_millis(number(&inputs["period_ms"]));
    let reservoir =
        Reservoir::new(units(&inputs["capacity"]), units(&inputs["refill_tokens"]), period);
    let reservoir = reservoir.unwrap().aligned_to(first);
    // With more than a period until the first refill, it starts full.
    let is_within = first.since(now) <= period;
    let reservoir = if is_within { reservoir.prorated_at(now) } else { reservoir };
    assert_eq!(reservoir.available(now), units(&expected["initial_tokens"]));
}

fn buckets_of_a_server(inputs: &Value, expected: &Value) {
    let mut buckets = Keyed::new(Learned::new().unpaced(), 10).unwrap();
    let cost = Cost::REQUEST;
    let responses = list(&inputs["responses"]).iter().zip(list(&expected["bucket_seen"]));
    for (nth, (response, seen)) in (1_u64..).zip(responses) {
        let now = Timestamp::from_nanos(nth);
        let key = text(&response[0]).to_owned();
        let mut said = Observation::new(Outcome::Success);
        said.quotas.push(
            Quota::new(Some(Dimension::Requests))
                .with_limit(Quantity::from_units(number(&response[1])))
                .with_remaining(Quantity::from_units(number(&response[2])))
                .with_resets_in(Duration::from_secs(60)),
        );
        buckets.commit(now, &key, &cost);
        let completion = Completion { sent_at: now, cost, actual: cost, observation: &said };
        buckets.observe(now, &key, &completion);
        // What that bucket is said to have left, whatever the others said.
        let mut asked = buckets.clone();
        let bucket = text(&seen[0]).to_owned();
        let left = (0..99).take_while(|_| asked.acquire(now, &bucket, &cost).is_admit()).count();
        assert_eq!(left as u64, number(&seen[2]), "{response}");
    }
}

/// Pushes jobs, starts what may start, and writes down what was started.
struct Scheduler {
    queue: Queue<u64>,
    scope: ScopeId,
    tenant: TenantId,
    now: Timestamp,
    order: Vec<u64>,
}

impl Scheduler {
    fn new(config: QueueConfig, limiter: impl Limiter + 'static) -> Self {
        let mut queue = Queue::new(config);
        let scope = queue.add_scope(Scope::new("api", limiter.boxed()));
        let tenant = queue.add_tenant(1).unwrap();
        Self { queue, scope, tenant, now: Timestamp::ZERO, order: Vec::new() }
    }

    fn push(&mut self, number: u64, lane: u8, cost: Cost) {
        let job = Job::new(self.scope, self.tenant, number).lane(lane).cost(cost);
        // Whether it is rejected shows in the order.
        let _ = self.queue.push(self.now, job);
    }

    fn start(&mut self) -> Result<JobId, Option<Timestamp>> {
        match self.queue.next(self.now) {
            Next::Start(Started { id, payload, .. }) => {
                self.order.push(payload);
                Ok(id)
            }
            Next::Wait(until) => Err(until),
            other => panic!("{other:?}"),
        }
    }

    /// Runs to the end, each job for `run`; when the last one ended.
    fn run(&mut self, first: Option<JobId>, run: Duration) -> Timestamp {
        let mut running = first;
        loop {
            if let Some(id) = running.take() {
                self.now = self.now.after(run);
                self.queue.complete(self.now, id, Observation::SUCCESS);
            }
            match self.start() {
                Ok(id) => running = Some(id),
                Err(Some(until)) => self.now = until,
                Err(None) => return self.now,
            }
        }
    }
}

/// More jobs than the queue holds, by each of Bottleneck's strategies.
fn overflowing(inputs: &Value, expected: &Value) {
    let overflow = match inputs["strategy"].as_str() {
        Some("OVERFLOW") => Overflow::RejectNewest,
        Some("OVERFLOW_PRIORITY") => Overflow::DropLowestPriority,
        // LEAK, the default.
        _ => Overflow::DropOldest,
    };
    let config = QueueConfig::new().strict_lanes(10).unwrap().overflow(overflow);
    let config = config.capacity(units(&inputs["high_water"])).unwrap();
    let places = Concurrency::new(units(&inputs["max_concurrent"])).unwrap();
    let interval =
        inputs["min_time_ms"].as_u64().map_or(Duration::from_nanos(1), Duration::from_millis);
    let pace = Gcra::per(Rate::new(1, interval).unwrap());
    let mut scheduler = Scheduler::new(config, places.and(pace));
    let (jobs, run): (Vec<_>, _) = match inputs.get("jobs_run_ms") {
        Some(times) => {
            let run = Duration::from_millis(number(&times[0]));
            ((1..=list(times).len() as u64).map(|job| (job, 5)).collect(), run)
        }
        None => {
            let jobs = list(&inputs["jobs"]).iter();
            (jobs.map(|job| (number(&job[0]), units(&job[1]) as u8)).collect(), Duration::ZERO)
        }
    };
    let mut first = None;
    for (number, lane) in jobs {
        scheduler.push(number, lane, Cost::REQUEST);
        // Who is started does not count as queued.
        first = first.or_else(|| scheduler.start().ok());
    }
    let end = scheduler.run(first, run);
    assert_eq!(scheduler.order, list(&expected["order"]).iter().map(number).collect::<Vec<_>>());
    assert_eq!(end, millis(&expected["elapsed_ms"]));
}

fn reservoir(inputs: &Value, expected: &Value) {
    let every = Duration::from_millis(number(&inputs["every_ms"]));
    let start = units(&inputs["reservoir"]);
    let reservoir = Reservoir::new(1000, units(&inputs["by"]), every).unwrap().starting_at(start);
    let mut scheduler = Scheduler::new(QueueConfig::new(), reservoir.clone());
    let mut twin = reservoir;
    for (job, weight) in (1..).zip(list(&inputs["weights"])) {
        scheduler.push(job, 0, requests(units(weight)));
    }
    let end = scheduler.run(None, Duration::ZERO);
    assert_eq!(scheduler.order, list(&expected["order"]).iter().map(number).collect::<Vec<_>>());
    assert_eq!(end, millis(&expected["elapsed_ms"]));
    // What is left, by the same limiter asked by itself.
    let mut now = Timestamp::ZERO;
    for weight in list(&inputs["weights"]) {
        now = super::opens_at(&twin, now, units(weight)).unwrap();
        twin.commit(now, &requests(units(weight)));
    }
    assert_eq!((now, twin.available(now)), (end, units(&expected["reservoir_end"])));
}

//! How far a batch has come.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use forbear_core::driver::MonotonicClock;
use forbear_core::{Clock, Cost, Dimension, Observation, Outcome, Timestamp};

/// Over how long the rate is taken.
const RECENT: Duration = Duration::from_secs(10);

/// How far a batch has come.
///
/// Of this start, but for what says otherwise.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Jobs of the input.
    pub jobs: u64,
    /// Jobs that are over, those of earlier starts included.
    pub done: u64,
    /// Of these, jobs without success.
    pub failed: u64,
    /// Jobs that were done when it started.
    pub done_before: u64,
    /// Requests whose answers are outstanding.
    pub in_flight: u64,
    /// Requests that were sent.
    pub sends: u64,
    /// Of these, those that the server refused for reasons of load, mostly with a 429.
    pub throttled: u64,
    /// Of the sends, those that were not the first of their job.
    pub retries: u64,
    /// Time since the start.
    pub elapsed: Duration,
    /// Sends of the last ten seconds, as a rate a minute.
    pub sends_per_minute: u64,
    /// Time until the end, if it goes on as it went so far.
    pub left: Option<Duration>,
    /// Of the server's windows, as it last told of them, the share that is used up [%].
    pub used: BTreeMap<Dimension, u8>,
    /// What the server says that the requests cost, in sum.
    pub usage: BTreeMap<Dimension, u64>,
    /// The last thing that went wrong on the way to the server.
    pub trouble: Option<String>,
}

/// Counts, for whoever looks on.
#[derive(Debug)]
pub(crate) struct Monitor {
    clock: MonotonicClock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    seen: Progress,
    /// When, and how many were sent by then.
    recent: VecDeque<(Timestamp, u64)>,
}

impl Monitor {
    pub(crate) fn new(jobs: u64, done: u64, failed: u64) -> Self {
        let seen = Progress { jobs, done, failed, done_before: done, ..Progress::default() };
        let state = Mutex::new(State { seen, recent: VecDeque::new() });
        Self { clock: MonotonicClock::start(), state }
    }

    /// Time since the start.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn sent(&self, attempt: u32) {
        let now = self.now();
        let mut state = self.lock();
        state.seen.sends += 1;
        state.seen.in_flight += 1;
        state.seen.retries += u64::from(attempt > 1);
        let sends = state.seen.sends;
        // A few marks a second are as good as one a send.
        let is_new = state.recent.back().is_none_or(|(at, _)| now.since(*at) > RECENT / 40);
        if is_new {
            state.recent.push_back((now, sends));
        }
    }

    pub(crate) fn answered(&self, seen: &Observation, trouble: Option<&str>) {
        let mut state = self.lock();
        state.seen.in_flight -= 1;
        state.seen.throttled += u64::from(seen.outcome.is_throttled());
        if let Some(trouble) = trouble {
            state.seen.trouble = Some(trouble.to_owned());
        } else if seen.outcome == Outcome::Success {
            state.seen.trouble = None;
        }
        for quota in seen.quotas.as_slice() {
            let parts = quota.dimension().zip(quota.limit().zip(quota.remaining()));
            let Some((dimension, (limit, remaining))) = parts else { continue };
            let (limit, remaining) = (limit.as_micros(), remaining.as_micros());
            let used = u128::from(limit.saturating_sub(remaining)) * 100;
            let share = used.checked_div(u128::from(limit)).unwrap_or(0);
            state.seen.used.insert(dimension, u8::try_from(share).unwrap_or(100));
        }
        if let Some(usage) = &seen.usage {
            state.seen.add_usage(usage);
        }
    }

    pub(crate) fn done(&self, ok: bool) {
        let mut state = self.lock();
        state.seen.done += 1;
        state.seen.failed += u64::from(!ok);
    }

    pub(crate) fn progress(&self) -> Progress {
        let now = self.now();
        let mut state = self.lock();
        while state.recent.len() > 1
            && state.recent.front().is_some_and(|(at, _)| now.since(*at) > RECENT)
        {
            state.recent.pop_front();
        }
        let mut seen = state.seen.clone();
        seen.elapsed = now.since(Timestamp::ZERO);
        if let Some((since, before)) = state.recent.front() {
            let span = now.since(*since).as_millis().max(1);
            let rate = u128::from(seen.sends - before) * 60_000 / span;
            seen.sends_per_minute = u64::try_from(rate).unwrap_or(u64::MAX);
        }
        let ended = seen.done - seen.done_before;
        let rest = seen.jobs.saturating_sub(seen.done);
        seen.left = (ended > 0).then(|| {
            let ns = seen.elapsed.as_nanos() * u128::from(rest) / u128::from(ended);
            Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
        });
        seen
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counts are whole between two statements, whoever panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn add_usage(&mut self, usage: &Cost) {
        for dimension in Dimension::ALL {
            let units = u64::from(usage.get(dimension));
            if units > 0 {
                let sum = self.usage.entry(dimension).or_default();
                *sum = sum.saturating_add(units);
            }
        }
    }
}

//! Servers that refuse, with and without numbers, and a client that always wants more.
#![expect(clippy::float_arithmetic, reason = "shares of a quota are only reported")]

use std::collections::VecDeque;
use std::time::Duration;

use forbear_core::limiter::{Cooldown, Learned};
use forbear_core::{
    Completion, Cost, Decision, Dimension, Limiter, Observation, Outcome, Quantity, Quota,
    Timestamp,
};

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1000 * MS;

/// A rule by which a server refuses.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    /// nginx's `limit_req` to the nanosecond: refused requests do not count.
    Bucket {
        per_s: u64,
        burst: u64,
        full_at: u64,
    },
    /// Windows of a length from a phase on.
    Fixed {
        limit: u64,
        length: u64,
        phase: u64,
        window: u64,
        used: u64,
    },
    /// The exact count of the last `length`.
    Log {
        limit: u64,
        length: u64,
        sends: VecDeque<u64>,
    },
    /// HAProxy `http_req_rate`, its `freq_ctr` of whole milliseconds: the last period
    /// counts in part; refused requests count.
    Counter {
        limit: u64,
        length: u64,
        since: u64,
        now: u64,
        before: u64,
    },
    Unlimited,
}

impl Rule {
    pub(crate) fn bucket(per_s: u64, burst: u64) -> Self {
        Self::Bucket { per_s, burst, full_at: 0 }
    }

    pub(crate) fn fixed(limit: u64, length: u64, phase: u64) -> Self {
        Self::Fixed { limit, length, phase, window: 0, used: 0 }
    }

    pub(crate) fn log(limit: u64, length: u64) -> Self {
        Self::Log { limit, length, sends: VecDeque::new() }
    }

    pub(crate) fn counter(limit: u64, length: u64) -> Self {
        Self::Counter { limit, length, since: 0, now: 0, before: 0 }
    }

    /// Units a second in the long run; zero for no limit.
    pub(crate) fn rate(&self) -> f64 {
        match *self {
            Self::Bucket { per_s, .. } => per_s as f64,
            Self::Fixed { limit, length, .. }
            | Self::Log { limit, length, .. }
            | Self::Counter { limit, length, .. } => limit as f64 * 1e9 / length as f64,
            Self::Unlimited => 0.0,
        }
    }

    /// What a server that speaks says of itself after a decision at `at`: the time until a
    /// bucket is full or a fixed window ends, the length of a sliding one.
    fn numbers(&self, at: u64) -> Option<Quota> {
        let (limit, used, resets_in) = match self {
            Self::Bucket { per_s, burst, full_at } => {
                let lacking = full_at.saturating_sub(at);
                (*burst + 1, lacking.div_ceil(SECOND / *per_s), lacking)
            }
            Self::Fixed { limit, length, phase, used, .. } => {
                (*limit, *used, *length - (at + *phase) % *length)
            }
            Self::Log { limit, length, sends } => (*limit, sends.len() as u64, *length),
            Self::Counter { .. } | Self::Unlimited => return None,
        };
        Some(
            Quota::new(Some(Dimension::Requests))
                .with_limit(Quantity::from_units(limit))
                .with_remaining(Quantity::from_units(limit.saturating_sub(used)))
                .with_resets_in(Duration::from_nanos(resets_in)),
        )
    }

    /// Whether it does what is asked at `at`, which never goes back.
    pub(crate) fn serves(&mut self, at: u64) -> bool {
        match self {
            Self::Bucket { per_s, burst, full_at } => {
                let interval = SECOND / *per_s;
                let fits = *full_at <= at + *burst * interval;
                if fits {
                    *full_at = (*full_at).max(at) + interval;
                }
                fits
            }
            Self::Fixed { limit, length, phase, window, used } => {
                let here = (at + *phase) / *length;
                if here != *window {
                    (*window, *used) = (here, 0);
                }
                let fits = *used < *limit;
                *used += u64::from(fits);
                fits
            }
            Self::Log { limit, length, sends } => {
                while sends.front().is_some_and(|&sent| sent + *length <= at) {
                    sends.pop_front();
                }
                let fits = (sends.len() as u64) < *limit;
                if fits {
                    sends.push_back(at);
                }
                fits
            }
            Self::Counter { limit, length, since, now, before } => {
                let (at, length) = (at / MS, *length / MS);
                if at - *since >= length {
                    (*before, *now) = (*now, 0);
                    *since += length;
                    if at - *since >= length {
                        (*before, *since) = (0, at);
                    }
                }
                *now += 1;
                *now + *before * (*since + length - at) / length <= *limit
            }
            Self::Unlimited => true,
        }
    }
}

/// How late a busy machine does what it has to do; all in ns.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Noise {
    /// Of each wake-up, at most.
    pub(crate) late: u64,
    /// The client stands still so often, on average.
    pub(crate) stall_each: u64,
    /// And for so long, at most.
    pub(crate) stall: u64,
}

/// A client that sends as soon as it may, with at most `callers` in flight.
#[derive(Debug)]
pub(crate) struct Storm {
    pub(crate) limiter: Learned,
    cooldown: Cooldown,
    pub(crate) rule: Rule,
    pub(crate) callers: usize,
    /// A round trip and how much longer it may be [ns].
    pub(crate) trip: (u64, u64),
    pub(crate) hint: Option<Duration>,
    /// When others use the same quota: one send each so many ns.
    pub(crate) others: Option<u64>,
    /// Whether answers tell what is left.
    pub(crate) speaks: bool,
    pub(crate) now: u64,
    /// When the answer comes, when it was sent, and whether it was served.
    in_flight: Vec<(u64, u64, bool, Option<Quota>)>,
    lots: u64,
    last_arrival: u64,
    /// When each was sent, and whether it was served.
    pub(crate) sends: Vec<(u64, bool)>,
    next_other: u64,
    pub(crate) noise: Noise,
    next_stall: u64,
}

impl Storm {
    pub(crate) fn new(rule: Rule, callers: usize, trip: (u64, u64)) -> Self {
        Self {
            limiter: Learned::new(),
            cooldown: Cooldown::new(),
            rule,
            callers,
            trip,
            hint: None,
            others: None,
            speaks: false,
            now: SECOND,
            in_flight: Vec::new(),
            lots: 1,
            last_arrival: 0,
            sends: Vec::new(),
            next_other: 0,
            noise: Noise::default(),
            next_stall: 0,
        }
    }

    /// Draws other lots.
    pub(crate) fn seed(&mut self, seed: u64) {
        self.lots = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    }

    fn lot(&mut self, below: u64) -> u64 {
        self.lots = self
            .lots
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        if below == 0 { 0 } else { (self.lots >> 33) % below }
    }

    pub(crate) fn run_for(&mut self, time: u64) {
        let end = self.now + time;
        while self.now < end {
            let now = Timestamp::from_nanos(self.now);
            self.in_flight.sort_by_key(|&(at, sent, ..)| (at, sent));
            while self.in_flight.first().is_some_and(|&(at, ..)| at <= self.now) {
                let (_, sent, served, quota) = self.in_flight.remove(0);
                let mut seen = if served {
                    Observation::new(Outcome::Success)
                } else {
                    Observation::throttled(self.hint)
                };
                seen.quotas = quota.into_iter().collect();
                let (sent_at, cost) = (Timestamp::from_nanos(sent), Cost::REQUEST);
                let done = Completion { sent_at, cost, actual: cost, observation: &seen };
                self.limiter.observe(now, &done);
                self.cooldown.observe(now, &done);
            }
            let mut next = end;
            while self.in_flight.len() < self.callers {
                match self
                    .limiter
                    .check(now, &Cost::REQUEST)
                    .and(self.cooldown.check(now, &Cost::REQUEST))
                {
                    Decision::Admit => self.send(),
                    Decision::WaitUntil(at) => {
                        next = next.min(at.as_nanos());
                        break;
                    }
                    Decision::WaitForCompletion => break,
                    Decision::Refuse(why) => panic!("{why}"),
                }
            }
            next = next.min(self.in_flight.iter().map(|&(at, ..)| at).min().unwrap_or(end));
            self.now = self.woken(next.max(self.now + 1));
        }
    }

    /// When the client wakes up that wanted to at `due`.
    fn woken(&mut self, due: u64) -> u64 {
        let at = if self.noise.late == 0 { due } else { due + self.lot(self.noise.late) };
        if self.noise.stall_each == 0 || at < self.next_stall {
            return at;
        }
        self.next_stall = at + self.lot(2 * self.noise.stall_each);
        at + self.lot(self.noise.stall)
    }

    fn send(&mut self) {
        let now = Timestamp::from_nanos(self.now);
        self.limiter.commit(now, &Cost::REQUEST);
        self.cooldown.commit(now, &Cost::REQUEST);
        let trip = self.trip.0 + self.lot(self.trip.1);
        let arrives = (self.now + trip / 2).max(self.last_arrival);
        self.last_arrival = arrives;
        if let Some(each) = self.others {
            while self.next_other <= arrives {
                self.rule.serves(self.next_other.max(SECOND));
                self.next_other = self.next_other.max(SECOND) + each;
            }
        }
        let served = self.rule.serves(arrives);
        self.sends.push((self.now, served));
        let quota = self.rule.numbers(arrives).filter(|_| self.speaks);
        self.in_flight.push((arrives + trip / 2, self.now, served, quota));
    }

    /// What came of the sends from a time on.
    pub(crate) fn since(&self, from: u64) -> Tally {
        let sends = self.sends.iter().filter(|&&(at, _)| at >= from);
        let refused = sends.clone().filter(|&&(_, served)| !served).count();
        let sends = sends.count();
        let quota = self.rule.rate() * (self.now - from) as f64 / 1e9;
        Tally { sends, refused, used: (sends - refused) as f64 / quota }
    }
}

/// Sends, refusals, and the served as a share of the quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    pub(crate) sends: usize,
    pub(crate) refused: usize,
    pub(crate) used: f64,
}

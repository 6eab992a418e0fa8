use std::time::Duration;

use forbear_core::atomic::{AtomicGcra, KeyedAtomicGcra};
use forbear_core::backoff::{
    BackoffStrategy, Constant, DecorrelatedJitter, DecorrelatedJitterV2, Exponential,
    ExponentialDecay, Factor, Fibonacci, Linear, Polynomial, Ratio, Schedule, Steps, Uniform,
};
use forbear_core::budget::{RetryBudget, RetryQuota, RetryThrottle, WindowedBudget};
use forbear_core::limiter::{
    Adaptive, AdaptiveThrottle, Aimd, Breaker, Concurrency, Cooldown, Cubic, CubicCurve,
    FixedWindow, Gcra, Gradient, Keyed, LeakyBucket, Learned, Reservoir, SlidingCounter,
    SlidingLog, TokenBucket, Vegas, WarmUp, Window,
};
use forbear_core::queue::{Queue, QueueConfig};
use forbear_core::stop::{Deadline, Elapsed, MaxAttempts, Never, StopCondition, TotalWait, Until};
use forbear_core::{
    Beyond, Completion, Cost, Dimension, Entropy, HintRule, InvalidConfig, Limiter, Observation,
    Outcome, Policy, Quantity, Quota, Rate, Retry, Throttle, Timestamp,
};

const ZERO: Duration = Duration::ZERO;
const NANO: Duration = Duration::from_nanos(1);
const SECOND: Duration = Duration::from_secs(1);
/// What time saturates at here, 584 years.
const END: Duration = Duration::from_nanos(u64::MAX);

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

#[test]
fn every_number_that_is_refused_is_named_with_its_value() {
    fn refused<T>(built: Result<T, InvalidConfig>) -> String {
        let error = built.err().map_or_else(|| "nothing".into(), |error| error.to_string());
        error.split(", must be ").next().unwrap().to_owned()
    }
    let tenth = || rate("10/s");
    for (got, expected) in [
        (refused(Rate::new(0, SECOND)), "rate is 0"),
        (refused(Rate::new(1, ZERO)), "period is 0"),
        (refused(Factor::new(0.0)), "factor is 0"),
        (refused(Factor::new(-1.0)), "factor is -1"),
        (refused(Factor::new(f64::NAN)), "factor is NaN"),
        (refused(Factor::new(f64::INFINITY)), "factor is inf"),
        (refused(Ratio::new(1.5)), "ratio is 1.5"),
        (refused(Ratio::new(f64::NAN)), "ratio is NaN"),
        (refused(Ratio::new(f64::NEG_INFINITY)), "ratio is -inf"),
        (refused(ExponentialDecay::new(SECOND, f64::NAN)), "rate is NaN"),
        (refused(ExponentialDecay::new(SECOND, -0.5)), "rate is -0.5"),
        (refused(ExponentialDecay::new(SECOND, f64::INFINITY)), "rate is inf"),
        (refused(DecorrelatedJitter::new(ZERO, SECOND)), "base is 0"),
        (refused(DecorrelatedJitter::new(2 * SECOND, SECOND)), "base is 2s"),
        (refused(DecorrelatedJitterV2::new(ZERO, SECOND)), "base is 0"),
        (refused(DecorrelatedJitterV2::new(2 * SECOND, SECOND)), "base is 2s"),
        (refused(Uniform::new(SECOND, SECOND)), "min is 1s"),
        (refused(Schedule::new([])), "delays is empty"),
        (refused(Steps::new().build()), "steps is empty"),
        (refused(MaxAttempts::new(0)), "max_attempts is 0"),
        (refused(Deadline::new(ZERO)), "deadline is 0"),
        (refused(Elapsed::new(ZERO)), "elapsed is 0"),
        (refused(HintRule::new(ZERO, Beyond::Stop)), "cap is 0"),
        (refused(RetryBudget::new(f64::NAN, 0)), "ratio is NaN"),
        (refused(RetryBudget::new(f64::INFINITY, 0)), "ratio is inf"),
        (refused(RetryBudget::new(-1.0, 0)), "ratio is -1"),
        (refused(WindowedBudget::new(f64::NAN, 0, SECOND)), "ratio is NaN"),
        (refused(WindowedBudget::new(0.1, 0, ZERO)), "window is 0s"),
        (refused(WindowedBudget::new(0.1, 0, 61 * SECOND)), "window is 61s"),
        (refused(RetryThrottle::new(0, 0.1)), "max_tokens is 0"),
        (refused(RetryThrottle::new(u32::MAX, 0.1)), "max_tokens is 4294967295"),
        (refused(RetryThrottle::new(10, 0.0)), "ratio is 0"),
        (refused(RetryThrottle::new(10, f64::NAN)), "ratio is NaN"),
        (refused(RetryQuota::new(0).with_reward(f64::NAN)), "reward is NaN"),
        (refused(RetryQuota::new(0).with_reward(1000.5)), "reward is 1000.5"),
        (refused(Gcra::per(tenth()).with_burst(0)), "burst is 0"),
        (refused(TokenBucket::new(tenth(), 0)), "burst is 0"),
        (refused(AtomicGcra::new(tenth(), 0)), "burst is 0"),
        (refused(KeyedAtomicGcra::new(tenth(), 1, 0)), "capacity is 0"),
        (refused(WarmUp::new(tenth(), ZERO)), "period is 0"),
        (refused(WarmUp::new(tenth(), SECOND).unwrap().from_cold(0)), "cold_factor is 0"),
        (refused(WarmUp::new(tenth(), SECOND).unwrap().from_cold(1001)), "cold_factor is 1001"),
        (refused(Concurrency::new(0)), "max is 0"),
        (refused(SlidingLog::new(0, SECOND)), "limit is 0"),
        (refused(SlidingLog::new(1, ZERO)), "period is 0"),
        (refused(SlidingCounter::new(1, SECOND, 0)), "steps is 0"),
        (refused(FixedWindow::new(0, SECOND)), "limit is 0"),
        (refused(FixedWindow::new(1, ZERO)), "period is 0"),
        (refused(Window::sliding(0, SECOND)), "limit is 0"),
        (refused(Window::unknown(1, ZERO)), "period is 0"),
        (refused(Breaker::after(0, SECOND)), "failures is 0"),
        (refused(Breaker::after(1, ZERO)), "open_for is 0"),
        (refused(Breaker::at_share(0, 1, SECOND, SECOND)), "percent is 0"),
        (refused(Breaker::at_share(101, 1, SECOND, SECOND)), "percent is 101"),
        (refused(Breaker::at_share(50, 0, SECOND, SECOND)), "at_least is 0"),
        (refused(Breaker::at_share(50, 1, ZERO, SECOND)), "window is 0"),
        (refused(Breaker::after(1, SECOND).unwrap().with_probes(0)), "probes is 0"),
        (refused(Breaker::at_share_of_last(0, 1, SECOND)), "percent is 0"),
        (refused(Breaker::at_share_of_last(50, 0, SECOND)), "requests is 0"),
        (refused(Breaker::at_share_of_last(50, u32::MAX, SECOND)), "requests is 4294967295"),
        (refused(Breaker::at_share_of_last(50, 1, ZERO)), "open_for is 0"),
        (refused(Reservoir::new(0, 1, SECOND)), "capacity is 0"),
        (refused(Reservoir::new(1, 0, SECOND)), "refill is 0"),
        (refused(Reservoir::new(1, 1, ZERO)), "period is 0"),
        (refused(Cubic::new().cutting_to(f64::NAN)), "ratio is NaN"),
        (refused(Cubic::new().cutting_to(1.0)), "ratio is 1"),
        (refused(Cubic::new().never_below(Quantity::ZERO)), "rate is 0"),
        (refused(CubicCurve::cut_to(Timestamp::MAX, Quantity::ZERO, -0.5)), "ratio is -0.5"),
        (refused(Aimd::new(1).unwrap().cutting_to(f64::NAN)), "ratio is NaN"),
        (refused(Aimd::new(1).unwrap().cutting_to(0.0)), "ratio is 0"),
        (refused(Gcra::per(tenth()).set_burst(Timestamp::ZERO, 0)), "burst is 0"),
        (refused(FixedWindow::new(1, SECOND).unwrap().set_limit(0)), "limit is 0"),
        (refused(Window::unknown(1, SECOND).unwrap().with_margin(SECOND)), "margin is 1s"),
        (refused(AtomicGcra::new(tenth(), 2).unwrap().lease(0)), "size is 0"),
        (refused(AtomicGcra::new(tenth(), 2).unwrap().lease(3)), "size is 3"),
        (refused(KeyedAtomicGcra::new(tenth(), 1, 1 << 41)), "capacity is 2199023255552"),
        (refused(QueueConfig::new().capacity(0)), "capacity is 0"),
        (refused(QueueConfig::new().strict_lanes(0)), "lanes is 0"),
        (refused(QueueConfig::new().weighted_lanes(&[])), "lanes is 0"),
        (refused(QueueConfig::new().weighted_lanes(&[1; 256])), "lanes is 256"),
        (refused(QueueConfig::new().weighted_lanes(&[1, 0])), "weight is 0"),
        (refused(Queue::<()>::new(QueueConfig::new()).add_tenant(0)), "weight is 0"),
        (refused(Policy::builder().max_attempts(0).build()), "max_attempts is 0"),
        (refused(Policy::builder().deadline(ZERO).build()), "deadline is 0"),
        (refused(Policy::builder().elapsed(ZERO).build()), "elapsed is 0"),
        (refused(Aimd::new(0)), "initial is 0"),
        (refused(Vegas::new(2, 1)), "initial is 2"),
        (refused(Gradient::new(1, 0, 1)), "min is 0"),
        (refused(Gradient::new(9, 1, 8)), "initial is 9"),
        (refused(AdaptiveThrottle::new(f64::NAN)), "k is NaN"),
        (refused(AdaptiveThrottle::new(0.5)), "k is 0.5"),
        (refused(AdaptiveThrottle::new(f64::INFINITY)), "k is inf"),
        (refused(Learned::new().with_headroom(1.0)), "headroom is 1"),
        (refused(Learned::new().with_headroom(f64::NAN)), "headroom is NaN"),
        (refused(Learned::new().with_share(0.0)), "share is 0"),
        (refused(Learned::new().with_share(f64::INFINITY)), "share is inf"),
        (refused(Keyed::<u8, _>::new(Cooldown::new(), 0)), "capacity is 0"),
    ] {
        assert_eq!(got, expected);
    }
}

/// The same in a policy file, of which `backoff`, `budget` and `limit` are tables.
#[test]
fn every_number_that_a_file_may_not_say_is_named_with_its_value() {
    for (table, expected) in [
        ("backoff = { kind = 'exponential', base = '0s' }", "base is 0"),
        ("backoff = { kind = 'exponential', base = '1s', factor = nan }", "factor is NaN"),
        ("backoff = { kind = 'exponential', base = '1s', factor = -inf }", "factor is -inf"),
        ("backoff = { kind = 'exponential', base = '1s', factor = 1e300 }", "factor is 1"),
        ("backoff = { kind = 'exponential_decay', base = '1s', rate = inf }", "rate is inf"),
        ("backoff = { kind = 'constant', delay = '-1s' }", "duration is '-1s'"),
        ("backoff = { kind = 'constant', delay = 'infs' }", "duration is 'infs'"),
        ("max_attempts = 4294967296", "4294967296"),
        ("budget = { ratio = inf }", "ratio is inf"),
        (
            "budget = { kind = 'throttle', max_tokens = 4294967295, ratio = 1 }",
            "max_tokens is 4294",
        ),
        ("budget = { kind = 'quota', reward = nan }", "reward is NaN"),
    ] {
        let file = format!("[retry]\n{table}");
        let error = toml::from_str::<Policy>(&file).unwrap_err().to_string();
        assert!(error.contains(expected), "{file}\n{error}");
    }
    for (table, expected) in [
        ("kind = 'gcra'\nrate = '-1/s'", "rate is '-1/s'"),
        ("kind = 'gcra'\nrate = 'inf/s'", "rate is 'inf/s'"),
        ("kind = 'gcra'\nrate = '1/0s'", "rate is '1/0s'"),
        ("kind = 'token_bucket'\nrate = '1/s'\nburst = 0", "burst is 0"),
        ("kind = 'fixed_window'\nrate = '4294967296/s'", "rate is 4294967296"),
        ("kind = 'warm_up'\nrate = '1/s'\nperiod = '0s'", "period is 0"),
        ("kind = 'aimd'\nratio = nan", "ratio is NaN"),
        ("kind = 'vegas'\ninitial = 0", "initial is 0"),
        ("kind = 'gradient'\nmin = 0", "min is 0"),
        ("kind = 'adaptive_throttle'\nk = inf", "k is inf"),
        ("kind = 'breaker'\nfailures = 0", "failures is 0"),
        ("kind = 'learned'\nheadroom = nan", "headroom is NaN"),
        ("kind = 'learned'\nshare = -inf", "share is -inf"),
    ] {
        let file = format!("[[limit]]\n{table}");
        let error = toml::from_str::<Policy>(&file).unwrap_err().to_string();
        assert!(error.contains(expected), "{file}\n{error}");
    }
}

/// The lowest draw, or the highest.
#[derive(Debug)]
struct Draw(u64);

impl Entropy for Draw {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
}

/// Any retry at an edge of each of its parts.
fn last_retries() -> impl Iterator<Item = Retry> {
    let numbers = [1, 2, 31, 32, 33, 63, 64, 65, 128, u32::MAX - 1, u32::MAX];
    numbers.into_iter().flat_map(|number| {
        [ZERO, NANO, END, Duration::MAX].map(|time| Retry {
            previous_delay: Some(time),
            total_delay: time,
            waited: time,
            now: Timestamp::ZERO.after(time),
            elapsed: time,
            ..Retry::nth(number).hinted(time)
        })
    })
}

#[test]
fn delays_saturate_and_jitter_stays_in_its_limits() {
    let doubling = |base| Exponential::new(base);
    let all = Ratio::ONE;
    for base in [ZERO, NANO, SECOND, END, Duration::MAX] {
        let max = base.max(NANO);
        let strategies: [Box<dyn BackoffStrategy>; 20] = [
            Box::new(Constant::new(base)),
            Box::new(Linear::new(base, Duration::MAX)),
            Box::new(doubling(base)),
            Box::new(doubling(base).by(Factor::new(8.9e9).unwrap())),
            Box::new(doubling(base).by(Factor::new(1e-9).unwrap())),
            Box::new(Fibonacci::new(base)),
            Box::new(Fibonacci::distinct(base)),
            Box::new(Polynomial::new(base, u32::MAX)),
            Box::new(ExponentialDecay::new(base, 8.9e9).unwrap()),
            Box::new(Schedule::new([base, Duration::MAX]).unwrap()),
            Box::new(Uniform::new(ZERO, max).unwrap()),
            Box::new(DecorrelatedJitter::new(NANO, max).unwrap()),
            Box::new(DecorrelatedJitterV2::new(max, Duration::MAX).unwrap()),
            Box::new(doubling(base).full_jitter()),
            Box::new(doubling(base).equal_jitter()),
            Box::new(doubling(base).proportional_jitter(all)),
            Box::new(doubling(base).upward_jitter(all).absolute_jitter(Duration::MAX)),
            Box::new(doubling(base).additive_jitter(Duration::MAX).at_least(Duration::MAX)),
            Box::new((Constant::new(Duration::MAX) + doubling(base)).capped_at(ZERO)),
            Box::new(doubling(base).bounded_jitter(Duration::MAX).floored_by_hint()),
        ];
        for strategy in strategies {
            for retry in last_retries() {
                let limits = strategy.limits(&retry);
                for draw in [0, u64::MAX] {
                    let delay = strategy.delay(&retry, &mut Draw(draw));
                    let is_within = limits.min <= delay && delay <= limits.max;
                    assert!(is_within, "{strategy:?} {retry:?}: {delay:?} of {limits:?}");
                }
            }
        }
    }
    let growing: [Box<dyn BackoffStrategy>; 4] = [
        Box::new(Linear::new(ZERO, Duration::MAX)),
        Box::new(doubling(NANO)),
        Box::new(Fibonacci::new(NANO)),
        Box::new(Polynomial::new(NANO, u32::MAX)),
    ];
    for strategy in growing {
        let delay = strategy.delay(&Retry::nth(u32::MAX), &mut Draw(0));
        assert!(delay >= END, "{strategy:?} ends at {delay:?}");
    }
}

#[test]
fn conditions_answer_at_every_edge() {
    let conditions: [Box<dyn StopCondition>; 9] = [
        Box::new(MaxAttempts::new(1).unwrap()),
        Box::new(MaxAttempts::new(u32::MAX).unwrap()),
        Box::new(Deadline::new(NANO).unwrap()),
        Box::new(Deadline::new(Duration::MAX).unwrap()),
        Box::new(Elapsed::new(Duration::MAX).unwrap()),
        Box::new(TotalWait::new(ZERO)),
        Box::new(TotalWait::new(Duration::MAX)),
        Box::new(Until::new(Timestamp::MAX)),
        Box::new(Never),
    ];
    for condition in &conditions {
        for retry in last_retries() {
            for delay in [ZERO, NANO, END, Duration::MAX] {
                let _ = condition.stop(&retry, delay);
            }
            let _ = condition.deadline(retry.now);
        }
    }
    // The last send that a number can count is the last one.
    assert!(conditions[1].stop(&Retry::nth(u32::MAX - 1), ZERO).is_none());
    assert!(conditions[1].stop(&Retry::nth(u32::MAX), ZERO).is_some());
}

#[test]
fn limiters_answer_at_every_edge() {
    let (slow, fast) = (Rate::new(1, Duration::MAX), Rate::new(u64::MAX, NANO));
    for rate in [slow.unwrap(), fast.unwrap()] {
        for period in [NANO, END, Duration::MAX] {
            for count in [1, u32::MAX] {
                let edge = Timestamp::MAX;
                let limiters: [Box<dyn Limiter>; 25] = [
                    Box::new(Gcra::per(rate).with_burst(count).unwrap()),
                    Box::new(TokenBucket::new(rate, count).unwrap()),
                    Box::new(LeakyBucket::new(rate)),
                    Box::new(WarmUp::new(rate, period).unwrap().from_cold(1000).unwrap()),
                    Box::new(Concurrency::new(count).unwrap()),
                    Box::new(FixedWindow::new(count, period).unwrap()),
                    Box::new(FixedWindow::new(count, period).unwrap().aligned_to(edge)),
                    Box::new(FixedWindow::new(count, period).unwrap().from_first_send()),
                    Box::new(SlidingCounter::new(count, period, 1).unwrap()),
                    Box::new(Window::fixed(count, period, edge).unwrap()),
                    Box::new(SlidingLog::new(1000, period).unwrap()),
                    Box::new(Window::unknown(1, period).unwrap()),
                    Box::new(Breaker::after(1, period).unwrap().with_probes(count).unwrap()),
                    Box::new(Breaker::at_share(1, 1, period, period).unwrap()),
                    Box::new(Adaptive::new(Aimd::new(count).unwrap())),
                    Box::new(Adaptive::new(Vegas::new(1, count).unwrap())),
                    Box::new(Adaptive::new(Gradient::new(count, 1, count).unwrap())),
                    Box::new(Reservoir::new(count, 1, period).unwrap().prorated_at(edge)),
                    Box::new(Reservoir::new(1, count, period).unwrap().aligned_to(edge)),
                    Box::new(Breaker::at_share_of_last(1, 1, period).unwrap()),
                    Box::new(Cubic::new()),
                    Box::new(extreme_cubic()),
                    Box::new(AdaptiveThrottle::new(1000.0).unwrap()),
                    Box::new(Cooldown::new()),
                    Box::new(Learned::new().with_share(1e-9).unwrap()),
                ];
                limiters.into_iter().for_each(live_at_the_edges);
            }
        }
    }
}

fn extreme_cubic() -> Cubic {
    let most = Quantity::from_micros(u64::MAX);
    Cubic::new().cutting_to(1e-9).unwrap().never_below(most).unwrap()
}

/// Sends and answers at every edge of time, forwards and then backwards.
fn live_at_the_edges(mut limiter: Box<dyn Limiter>) {
    let edges = [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX].map(Timestamp::from_nanos);
    for now in edges.into_iter().chain(edges.into_iter().rev()) {
        for units in [0, 1, u32::MAX] {
            let each = |cost: Cost, dimension| cost.with(dimension, units);
            let cost = Dimension::ALL.into_iter().fold(Cost::ZERO, each);
            for (outcome, time) in [
                (Outcome::Success, ZERO),
                (Outcome::Throttled(Throttle::Overload), Duration::MAX),
                (Outcome::Throttled(Throttle::RateLimit), NANO),
            ] {
                let mut seen = Observation::new(outcome);
                seen.retry_after = Some(time);
                for micros in [0, u64::MAX] {
                    let amount = Quantity::from_micros(micros);
                    let quota = Quota::new(Some(Dimension::Requests));
                    seen.quotas.push(quota.with_remaining(amount).with_resets_in(time));
                    let quota = quota.with_limit(amount).with_window(time);
                    seen.quotas.push(quota.with_resets_in(Duration::MAX));
                }
                for sent_at in [now, Timestamp::ZERO, Timestamp::MAX] {
                    if limiter.acquire(now, &cost).is_admit() {
                        let actual = Cost::REQUEST;
                        let end = Completion { sent_at, cost, actual, observation: &seen };
                        limiter.observe(now, &end);
                    }
                }
            }
            let _ = (limiter.is_idle(now), limiter.culprit(now, &cost));
        }
    }
}

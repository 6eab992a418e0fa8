use std::time::Duration;

use forbear_core::limiter::{
    Adaptive, AdaptiveThrottle, Aimd, All, Breaker, Concurrency, Cooldown, Cubic, FixedWindow,
    Gcra, Gradient, LeakyBucket, Learned, Reservoir, SlidingCounter, SlidingLog, TokenBucket,
    Vegas, WarmUp, Window,
};
use forbear_core::testkit::laws;
use forbear_core::{Dimension, Limiter, Timestamp};

const SECOND: Duration = Duration::from_secs(1);

fn gcra() -> Gcra {
    Gcra::per("7/s".parse().unwrap()).with_burst(5).unwrap()
}

#[test]
fn gcra_keeps_the_laws() {
    laws::limiter(gcra);
    laws::limiter(|| Gcra::per("7/us".parse().unwrap()).counting(Dimension::Tokens));
    laws::limiter(|| Gcra::per("1/30d".parse().unwrap()).with_burst(u32::MAX).unwrap());
    laws::limiter_charging(gcra, Dimension::Requests, 5);
    let seven_a_second = |span: Duration| u64::try_from(span.as_nanos() * 7 / 1_000_000_000);
    laws::limiter_within(gcra, Dimension::Requests, |span| 5 + seven_a_second(span).unwrap());
    laws::limiter_reaches(gcra, Dimension::Requests, |span| 5 + seven_a_second(span).unwrap());
}

#[test]
fn a_token_bucket_keeps_the_laws() {
    let make = || TokenBucket::new("7/s".parse().unwrap(), 5).unwrap();
    laws::limiter(make);
    laws::limiter(|| make().starting_at(0).counting(Dimension::Tokens));
    laws::limiter_charging(make, Dimension::Requests, 5);
    let seven_a_second = |span: Duration| u64::try_from(span.as_nanos() * 7 / 1_000_000_000);
    laws::limiter_within(make, Dimension::Requests, |span| 5 + seven_a_second(span).unwrap());
    laws::limiter_reaches(make, Dimension::Requests, |span| 5 + seven_a_second(span).unwrap());
}

#[test]
fn concurrency_keeps_the_laws() {
    laws::limiter(|| Concurrency::new(1).unwrap());
    laws::limiter(|| Concurrency::new(3).unwrap());
}

#[test]
fn a_cooldown_keeps_the_laws() {
    laws::limiter(Cooldown::new);
}

#[test]
fn windows_keep_the_laws() {
    let log = || SlidingLog::new(5, SECOND).unwrap();
    laws::limiter(log);
    laws::limiter_charging(log, Dimension::Requests, 5);
    laws::limiter(|| SlidingLog::new(5000, SECOND).unwrap().counting(Dimension::Tokens));
    let counter = || SlidingCounter::new(5, SECOND, 3).unwrap();
    laws::limiter(counter);
    laws::limiter_charging(counter, Dimension::Requests, 5);
    let fixed = || FixedWindow::new(5, SECOND).unwrap().aligned_to(Timestamp::from_nanos(7));
    laws::limiter(fixed);
    laws::limiter_charging(fixed, Dimension::Requests, 5);
    let first = || FixedWindow::new(5, SECOND).unwrap().from_first_send();
    laws::limiter(first);
    laws::limiter_charging(first, Dimension::Requests, 5);
}

#[test]
fn declared_windows_keep_the_laws() {
    let margin = Duration::from_millis(100);
    let sliding = || Window::sliding(5, SECOND).unwrap().with_margin(margin).unwrap();
    laws::limiter(sliding);
    laws::limiter_charging(sliding, Dimension::Requests, 5);
    let fixed =
        || Window::fixed(5, SECOND, Timestamp::from_nanos(7)).unwrap().with_margin(margin).unwrap();
    laws::limiter(fixed);
    laws::limiter_charging(fixed, Dimension::Requests, 5);
}

#[test]
fn composed_limiters_keep_the_laws() {
    laws::limiter(|| gcra().and(Concurrency::new(2).unwrap()));
    laws::limiter(|| {
        All::new([
            gcra().boxed(),
            Window::unknown(20, Duration::from_secs(10)).unwrap().boxed(),
            Cooldown::new().boxed(),
        ])
    });
    laws::limiter(All::default);
}

#[test]
fn a_leaky_bucket_keeps_the_laws() {
    let make = || LeakyBucket::new("7/s".parse().unwrap());
    laws::limiter(make);
    laws::limiter(|| LeakyBucket::new("7/us".parse().unwrap()).counting(Dimension::Tokens));
    // Sends of up to three units: the last one is not paid yet.
    let seven_a_second = |span: Duration| u64::try_from(span.as_nanos() * 7 / 1_000_000_000);
    laws::limiter_within(make, Dimension::Requests, |span| 3 + seven_a_second(span).unwrap());
    // Each send waits for a whole nanosecond, so up to 1 ns is lost with it.
    laws::limiter_reaches(make, Dimension::Requests, |span| {
        1 + seven_a_second(span.saturating_sub(Duration::from_nanos(400))).unwrap()
    });
}

#[test]
fn a_warm_up_keeps_the_laws() {
    let make = || WarmUp::new("7/s".parse().unwrap(), Duration::from_secs(2)).unwrap();
    laws::limiter(make);
    laws::limiter(|| make().from_cold(1).unwrap().counting(Dimension::Tokens));
    laws::limiter(|| {
        WarmUp::new("7/us".parse().unwrap(), Duration::MAX).unwrap().from_cold(1000).unwrap()
    });
    let seven_a_second = |span: Duration| u64::try_from(span.as_nanos() * 7 / 1_000_000_000);
    laws::limiter_within(make, Dimension::Requests, |span| 3 + seven_a_second(span).unwrap());
}

#[test]
fn a_reservoir_keeps_the_laws() {
    let make = || Reservoir::new(5, 2, SECOND).unwrap().aligned_to(Timestamp::from_nanos(7));
    laws::limiter(make);
    laws::limiter(|| make().starting_at(0).counting(Dimension::Tokens));
    laws::limiter(|| make().prorated_at(Timestamp::from_nanos(5_500_000_000)));
    laws::limiter(|| Reservoir::new(u32::MAX, u32::MAX, Duration::MAX).unwrap());
    laws::limiter(|| Reservoir::new(1, 1, Duration::from_nanos(1)).unwrap());
    // A refill that is more than it holds.
    laws::limiter(|| Reservoir::new(3, 9, SECOND).unwrap());
    laws::limiter_charging(make, Dimension::Requests, 5);
    let refills =
        |span: Duration| 2 * (u64::try_from(span.as_nanos() / 1_000_000_000).unwrap() + 1);
    laws::limiter_within(make, Dimension::Requests, |span| 5 + refills(span));
    laws::limiter_reaches(make, Dimension::Requests, |span| refills(span).saturating_sub(2));
}

#[test]
fn adaptive_bounds_keep_the_laws() {
    laws::limiter(|| Adaptive::new(Aimd::new(2).unwrap()));
    laws::limiter(|| Adaptive::new(Vegas::new(2, 10).unwrap()));
    laws::limiter(|| Adaptive::new(Gradient::new(2, 1, 10).unwrap()));
    laws::limiter(|| Adaptive::new(Vegas::new(2, 10).unwrap()).at_percentile(0.9).unwrap());
}

#[test]
fn cubic_keeps_the_laws() {
    laws::limiter(Cubic::new);
    laws::limiter(|| Cubic::new().counting(Dimension::Tokens));
    let floor = forbear_core::Quantity::from_micros(1);
    laws::limiter(|| Cubic::new().cutting_to(0.9).unwrap().never_below(floor).unwrap());
}

#[test]
fn breakers_keep_the_laws() {
    laws::limiter(|| Breaker::after(1, SECOND).unwrap());
    laws::limiter(|| Breaker::at_share_of_last(50, 3, SECOND).unwrap());
    laws::limiter(|| Breaker::at_share(50, 2, SECOND, SECOND).unwrap().with_probes(2).unwrap());
}

#[test]
fn adaptive_throttling_keeps_the_laws_of_chance() {
    laws::limiter_by_chance(|| AdaptiveThrottle::new(2.0).unwrap());
    laws::limiter_by_chance(|| AdaptiveThrottle::new(1.0).unwrap().with_seed(7));
}

#[test]
fn a_learned_quota_keeps_the_laws() {
    laws::limiter(Learned::new);
    laws::limiter(|| Learned::new().unpaced());
    laws::limiter(|| Learned::new().with_headroom(0.1).unwrap().with_share(0.3).unwrap());
}

#[test]
fn a_name_changes_nothing_else() {
    let make = || Gcra::per("7/s".parse().unwrap()).with_burst(3).unwrap().named("rpm");
    laws::limiter(make);
    laws::limiter(|| Concurrency::new(2).unwrap().named("places"));
    laws::limiter_charging(make, Dimension::Requests, 3);
}

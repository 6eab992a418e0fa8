use std::time::Duration;

use forbear_core::limiter::{
    All, Concurrency, Cooldown, FixedWindow, Gcra, SlidingCounter, SlidingLog, TokenBucket, Window,
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

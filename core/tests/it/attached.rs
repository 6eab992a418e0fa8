//! A limiter that is fed from elsewhere, and wakes who waits for it.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use forbear_core::limiter::{All, Concurrency};
use forbear_core::testkit::laws;
use forbear_core::{Cost, Decision, Limiter, Observation, Outcome, Policy, Timestamp};

/// Permits that somebody else puts in.
#[derive(Clone, Debug, Default)]
struct Tap(Arc<Inside>);

#[derive(Debug, Default)]
struct Inside {
    permits: AtomicU32,
    wakers: Mutex<Vec<Waker>>,
}

impl Tap {
    fn holding(permits: u32) -> Self {
        let tap = Self::default();
        tap.0.permits.store(permits, Ordering::Relaxed);
        tap
    }

    fn fill(&self, permits: u32) {
        self.0.permits.fetch_add(permits, Ordering::Relaxed);
        let wakers = self.0.wakers.lock().unwrap().clone();
        wakers.iter().for_each(Waker::wake_by_ref);
    }

    fn attached(&self) -> usize {
        self.0.wakers.lock().unwrap().len()
    }
}

impl Limiter for Tap {
    fn check(&self, _: Timestamp, _: &Cost) -> Decision {
        match self.0.permits.load(Ordering::Relaxed) {
            0 => Decision::WaitForCompletion,
            _ => Decision::Admit,
        }
    }

    fn commit(&mut self, _: Timestamp, _: &Cost) {
        self.0.permits.fetch_sub(1, Ordering::Relaxed);
    }

    fn attach(&mut self, _: Timestamp, waker: &Waker) -> bool {
        self.0.wakers.lock().unwrap().push(waker.clone());
        true
    }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn policy(tap: &Tap) -> Policy {
    Policy::builder().limit(tap.clone()).no_deadline().build().unwrap()
}

#[test]
fn keeps_the_laws_with_nothing_in_flight() {
    laws::limiter(|| Tap::holding(3));
}

#[test]
fn a_thread_that_waits_is_woken() {
    let tap = Tap::default();
    let policy = policy(&tap);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut attempts = policy.attempts();
            attempts.permit_blocking().unwrap();
            let _ = attempts.record(&Observation::new(Outcome::Success));
        });
        // Whether it stands in line before or comes after, it gets the permit.
        tap.fill(1);
        waiting.join().unwrap();
    });
}

#[test]
fn the_whole_line_goes_when_there_is_enough() {
    let tap = Tap::default();
    let policy = policy(&tap);
    let mut calls: Vec<_> = (0..3).map(|_| policy.attempts()).collect();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    for call in &mut calls {
        assert!(call.poll_permit(&mut context).is_pending());
    }
    tap.fill(3);
    assert_eq!(woken.0.load(Ordering::Relaxed), 1, "the head alone");
    for call in &mut calls {
        assert_eq!(call.poll_permit(&mut context), Poll::Ready(Ok(())));
    }
    assert_eq!(woken.0.load(Ordering::Relaxed), 3, "each of the others by the one before it");
}

#[test]
fn every_part_of_a_stack_is_attached() {
    let taps = [Tap::default(), Tap::default(), Tap::default()];
    let stack = taps[0].clone().and(Concurrency::new(1).unwrap()).and(taps[1].clone());
    let mut all = All::new([stack.boxed(), taps[2].clone().boxed()]);
    assert!(all.attach(Timestamp::ZERO, Waker::noop()));
    assert_eq!(taps.map(|tap| tap.attached()), [1, 1, 1]);
    assert!(!All::default().attach(Timestamp::ZERO, Waker::noop()));
}

#[test]
fn a_policy_that_is_gone_is_not_kept_by_its_waker() {
    let tap = Tap::default();
    let policy = policy(&tap);
    let mut call = Box::pin(policy.retry(async || Ok::<_, std::io::Error>(())).into_future());
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(call);
    drop(policy);
    tap.fill(1);
    assert_eq!(Arc::strong_count(&tap.0), 1, "the limiter of the policy is gone too");
}

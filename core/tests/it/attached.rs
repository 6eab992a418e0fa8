//! A limiter that is fed from elsewhere, and wakes who waits for it.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use forbear_core::driver::queue::SharedQueue;
use forbear_core::limiter::{All, Concurrency};
use forbear_core::queue::{Job, QueueConfig, ScopeId, TenantId};
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

/// A queue whose only scope is limited by `tap`, with this many jobs.
fn queue(tap: &Tap, jobs: u32) -> (SharedQueue<u32>, ScopeId, TenantId) {
    let queue = SharedQueue::new(QueueConfig::new());
    let scope = queue.add_policy("api", &policy(tap));
    let tenant = queue.add_tenant(1).unwrap();
    for number in 0..jobs {
        queue.push(Job::new(scope, tenant, number)).unwrap();
    }
    (queue, scope, tenant)
}

#[test]
fn a_thread_that_waits_for_a_job_is_woken() {
    let tap = Tap::default();
    let (queue, ..) = queue(&tap, 1);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let turn = queue.next_blocking().unwrap();
            let _ = turn.answer(Observation::SUCCESS);
        });
        tap.fill(1);
        waiting.join().unwrap();
    });
    assert_eq!(queue.tally().completed, 1);
}

#[test]
fn one_who_waits_is_woken_by_news_and_no_timer_is_set() {
    let tap = Tap::default();
    let (queue, ..) = queue(&tap, 2);
    let woken = [(); 2].map(|()| Arc::new(Woken::default()));
    let wakers = woken.clone().map(Waker::from);
    let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(queue.next())).collect();
    for (worker, waker) in waiting.iter_mut().zip(&wakers) {
        // Outside of Tokio: a timer would panic.
        assert!(worker.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }
    let times = || woken.each_ref().map(|woken| woken.0.load(Ordering::Relaxed));
    assert_eq!(times().iter().sum::<u32>(), 0);
    tap.fill(2);
    assert_eq!(times().iter().sum::<u32>(), 1, "one of them, who gives out for both");
    let listener = usize::from(times()[1] == 1);
    let mut context = wakers.each_ref().map(Context::from_waker);
    assert!(waiting[listener].as_mut().poll(&mut context[listener]).is_ready());
    assert_eq!(times()[1 - listener], 1, "by the one who gave out");
    assert!(waiting[1 - listener].as_mut().poll(&mut context[1 - listener]).is_ready());
}

#[test]
fn who_leaves_hands_on_that_news_are_heard() {
    let tap = Tap::default();
    let (queue, scope, tenant) = queue(&tap, 0);
    let woken = [(); 2].map(|()| Arc::new(Woken::default()));
    let mut places: Vec<_> = Vec::new();
    for (number, woken) in (0..).zip(&woken) {
        let mut place = queue.stand(Job::new(scope, tenant, number)).unwrap();
        let waker = Waker::from(Arc::clone(woken));
        let mut turn = Box::pin(async move { place.turn().await.map(|()| place) });
        assert!(turn.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        places.push(turn);
    }
    // Whoever listens, the other does once that has gone, even if it was woken before.
    let first = places.remove(1);
    tap.fill(1);
    drop(first);
    let other = woken[0].0.load(Ordering::Relaxed);
    let waker = Waker::from(Arc::clone(&woken[0]));
    assert!(other >= 1, "nobody told the one who is left");
    let end = places[0].as_mut().poll(&mut Context::from_waker(&waker));
    assert!(matches!(end, Poll::Ready(Ok(_))));
}

#[test]
fn a_limiter_that_is_put_in_the_place_of_another_is_attached_too() {
    let tap = Tap::default();
    let (queue, scope, _) = queue(&tap, 3);
    let mut next = Box::pin(queue.next());
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    assert!(next.as_mut().poll(&mut context).is_pending());
    let others = [Tap::default(), Tap::default()];
    assert!(queue.change_policy(scope, &policy(&others[0])));
    assert!(queue.replace_limiter(scope, others[1].clone().boxed()).is_some());
    assert_eq!([tap.attached(), others[0].attached(), others[1].attached()], [1, 1, 1]);
    let before = woken.0.load(Ordering::Relaxed);
    others[1].fill(1);
    assert_eq!(woken.0.load(Ordering::Relaxed), before + 1);
    let Poll::Ready(Some(turn)) = next.as_mut().poll(&mut context) else { panic!("it may send") };
    // Those that are gone may still ring.
    tap.fill(1);
    assert_eq!((queue.tally().queued, queue.tally().in_flight), (2, 1));
    drop(turn);
}

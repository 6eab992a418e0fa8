//! Threads that wait in a queue and in line: no wake is lost, and somebody always has the
//! timer.
//!
//! What threads wait on is loom's, and time stands still until a timer of one of them
//! rings, which may be at any point or late. A wake that is lost, or a timer that nobody
//! has, is a thread that waits for ever, and loom says so.
#![cfg(forbear_loom)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Mutex};
use std::task::Waker;

use forbear_core::driver::queue::{Answered, SharedQueue};
use forbear_core::driver::{Attempts, modelled};
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::queue::{Job, QueueConfig, ScopeId, TenantId};
use forbear_core::{Cost, Decision, Limiter, Observation, Outcome, Policy, Timestamp};
use loom::thread::{self, JoinHandle};

/// Every order in which threads are interrupted at most this many times: three are
/// seconds, four would be an hour.
const INTERRUPTIONS: usize = 3;

fn model(run: impl Fn() + Send + Sync + 'static) {
    model_up_to(INTERRUPTIONS, run);
}

fn model_up_to(interruptions: usize, run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.check(move || {
        modelled::begin();
        let time = thread::spawn(modelled::ring_timers);
        run();
        modelled::end();
        time.join().unwrap();
    });
}

type Queue = SharedQueue<u32>;

/// A queue with one tenant and a scope of this policy.
fn queue(policy: &Policy) -> (Queue, ScopeId, TenantId) {
    let queue = SharedQueue::builder(QueueConfig::new()).seeded(1).build();
    let scope = queue.add_policy("api", policy);
    let tenant = queue.add_tenant(1).unwrap();
    (queue, scope, tenant)
}

fn limited(limiter: impl Limiter + Clone + Send + Sync + 'static) -> Policy {
    Policy::builder().limit(limiter).no_deadline().no_budget().build().unwrap()
}

fn one_a_second() -> Policy {
    limited(Gcra::per("1/s".parse().unwrap()))
}

/// A thread that sends one job; which.
fn worker(queue: &Queue) -> JoinHandle<Option<u32>> {
    let queue = queue.clone();
    thread::spawn(move || {
        let turn = queue.next_blocking()?;
        match turn.answer(Observation::SUCCESS) {
            Answered::Done(job) => Some(job),
            _ => None,
        }
    })
}

fn join<T>(threads: impl IntoIterator<Item = JoinHandle<T>>) -> Vec<T> {
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn the_timer_goes_to_another_when_its_owner_is_served() {
    model(|| {
        let (queue, scope, tenant) = queue(&one_a_second());
        for number in 0..2 {
            queue.push(Job::new(scope, tenant, number)).unwrap();
        }
        // The first goes at once, the second needs a timer: whoever has it.
        let workers = [worker(&queue), worker(&queue)];
        let mut sent: Vec<_> = join(workers).into_iter().flatten().collect();
        sent.sort_unstable();
        assert_eq!(sent, [0, 1]);
    });
}

#[test]
fn the_timer_goes_to_another_when_its_owner_gets_what_came_meanwhile() {
    model(|| {
        let (queue, slow, tenant) = queue(&one_a_second());
        let free = Policy::builder().no_deadline().no_budget().build().unwrap();
        let free = queue.add_policy("free", &free);
        queue.push(Job::new(slow, tenant, 0)).unwrap();
        let _ = queue.next_blocking().unwrap().answer(Observation::SUCCESS);
        queue.push(Job::new(slow, tenant, 1)).unwrap();
        let workers = [worker(&queue), worker(&queue)];
        queue.push(Job::new(free, tenant, 2)).unwrap();
        let mut sent: Vec<_> = join(workers).into_iter().flatten().collect();
        sent.sort_unstable();
        assert_eq!(sent, [1, 2]);
    });
}

#[test]
fn the_timer_goes_to_another_when_the_job_of_its_owner_is_cancelled() {
    // Of four threads.
    model_up_to(INTERRUPTIONS - 1, || {
        let (queue, scope, tenant) = queue(&one_a_second());
        queue.push(Job::new(scope, tenant, 0)).unwrap();
        let _ = queue.next_blocking().unwrap().answer(Observation::SUCCESS);
        let mut places: Vec<_> =
            [1, 2].map(|job| queue.stand(Job::new(scope, tenant, job)).unwrap()).into();
        let (theirs, mut mine) = (places.pop().unwrap(), places.pop().unwrap());
        let id = theirs.id();
        let thread = thread::spawn(move || {
            let mut place = theirs;
            place.turn_blocking().is_err()
        });
        let other = queue.clone();
        let canceller = thread::spawn(move || other.cancel(id));
        mine.turn_blocking().unwrap();
        let _ = mine.answer(Observation::SUCCESS);
        // Either it was cancelled, or it had its turn first.
        assert_eq!(canceller.join().unwrap().is_some(), thread.join().unwrap());
    });
}

#[test]
fn an_answer_wakes_whom_the_limiter_held_back() {
    model(|| {
        let (queue, scope, tenant) = queue(&limited(Concurrency::new(1).unwrap()));
        for number in 0..2 {
            queue.push(Job::new(scope, tenant, number)).unwrap();
        }
        let sent = join([worker(&queue), worker(&queue)]);
        assert_eq!(sent.into_iter().flatten().count(), 2);
    });
}

#[test]
fn all_workers_are_told_that_it_is_over() {
    model(|| {
        let (queue, scope, tenant) = queue(&one_a_second());
        queue.push(Job::new(scope, tenant, 0)).unwrap();
        let workers = [worker(&queue), worker(&queue)];
        queue.drain();
        let sent: Vec<_> = join(workers).into_iter().flatten().collect();
        assert_eq!(sent, [0]);
    });
}

/// Permits that another thread puts in.
#[derive(Clone, Debug, Default)]
struct Tap(Arc<Mutex<(u32, Option<Waker>)>>);

impl Tap {
    fn fill(&self) {
        let waker = {
            let mut inside = self.0.lock().unwrap();
            inside.0 += 1;
            inside.1.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Limiter for Tap {
    fn check(&self, _: Timestamp, _: &Cost) -> Decision {
        if self.0.lock().unwrap().0 == 0 { Decision::WaitForCompletion } else { Decision::Admit }
    }

    fn commit(&mut self, _: Timestamp, _: &Cost) {
        self.0.lock().unwrap().0 -= 1;
    }

    fn attach(&mut self, _: Timestamp, waker: &Waker) -> bool {
        self.0.lock().unwrap().1 = Some(waker.clone());
        true
    }
}

#[test]
fn news_from_elsewhere_are_heard_by_somebody() {
    model(|| {
        let tap = Tap::default();
        let (queue, scope, tenant) = queue(&limited(tap.clone()));
        for number in 0..2 {
            queue.push(Job::new(scope, tenant, number)).unwrap();
        }
        let workers = [worker(&queue), worker(&queue)];
        tap.fill();
        tap.fill();
        assert_eq!(join(workers).into_iter().flatten().count(), 2);
    });
}

/// A thread whose call is sent, and not answered yet.
fn sender(policy: &Policy) -> JoinHandle<Attempts> {
    let policy = policy.clone();
    thread::spawn(move || {
        let mut attempts = policy.attempts();
        attempts.permit_blocking().unwrap();
        attempts
    })
}

/// A thread whose call is sent and answered.
fn caller(policy: &Policy) -> JoinHandle<()> {
    let policy = policy.clone();
    thread::spawn(move || {
        let mut attempts = policy.attempts();
        attempts.permit_blocking().unwrap();
        let _ = attempts.record(&Observation::new(Outcome::Success));
    })
}

#[test]
fn the_next_in_line_is_woken_when_the_head_is_served() {
    model(|| {
        let policy = one_a_second();
        let mut first = policy.attempts();
        first.permit_blocking().unwrap();
        // No answer wakes anybody.
        join([sender(&policy), sender(&policy)]);
        assert_eq!(policy.statistics().sends, 3);
    });
}

#[test]
fn an_answer_wakes_the_head_of_the_line() {
    model(|| {
        let policy = limited(Concurrency::new(1).unwrap());
        join([caller(&policy), caller(&policy)]);
        assert_eq!(policy.statistics().sends, 2);
    });
}

#[test]
fn news_from_elsewhere_are_heard_by_the_line() {
    model(|| {
        let tap = Tap::default();
        let policy = limited(tap.clone());
        let callers = [caller(&policy), caller(&policy)];
        tap.fill();
        tap.fill();
        join(callers);
    });
}

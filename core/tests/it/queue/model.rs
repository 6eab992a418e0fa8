//! A queue beside its books, step by step, and what shrinking leaves of a fault.

mod books;
mod reference;

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

use forbear_core::limiter::Gcra;
use forbear_core::queue::{
    Job, JobId, Next, Overflow, Queue, QueueConfig, Removed, Scope, ScopeId, TenantId,
};
use forbear_core::{Completion, Cost, Dimension, Limiter, Observation, Outcome, Timestamp};
use proptest::test_runner::{Config, TestError, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use self::books::{Books, Is, Known};
use self::reference::{Around, Label, Reference, Step};

const CAPACITY: u32 = 12;

type Jobs = Queue<usize, Gcra>;

/// How the queue is driven: as it should be, or with a fault that has to be found.
trait Driven: 'static {
    /// `waiting` is the job, if it waits.
    fn cancel(queue: &mut Jobs, id: JobId, _waiting: Option<usize>) -> Option<usize> {
        queue.cancel(id)
    }

    fn retry(queue: &mut Jobs, now: Timestamp, id: JobId, number: usize, until: Timestamp) -> bool {
        queue.retry(now, id, number, until, Observation::SUCCESS).is_ok()
    }
}

#[derive(Debug)]
struct Rightly;

impl Driven for Rightly {}

#[derive(Debug)]
struct Live<D> {
    queue: Jobs,
    books: Books,
    scopes: [ScopeId; 2],
    tenants: [TenantId; 3],
    driven: PhantomData<D>,
}

fn later(now: Timestamp, ms: u64) -> Timestamp {
    now.after(Duration::from_millis(ms))
}

impl<D: Driven> Live<D> {
    /// The number of the job under this label, unless it was rejected.
    fn job(&self, label: Label) -> Option<usize> {
        self.books.labelled.get(&label).copied()
    }

    fn push(
        &mut self,
        label: Label,
        overflow: Overflow,
        place: (usize, usize, u8),
        units: u32,
        deadline: Option<Timestamp>,
    ) {
        let Self { queue, books, scopes, tenants, .. } = self;
        let (scope, tenant, lane) = place;
        let cost = Cost::REQUEST.with(Dimension::Requests, units);
        let mut job = Job::new(scopes[scope], tenants[tenant], books.jobs.len());
        job = job.lane(lane).cost(cost);
        if let Some(deadline) = deadline {
            job = job.deadline(deadline);
        }
        // Retries come back to a full queue too.
        let is_full = queue.len() >= CAPACITY;
        let Ok(pushed) = queue.push(books.now, job) else {
            books.labelled.remove(&label);
            return;
        };
        assert_eq!(pushed.dropped.is_some(), is_full);
        if let Some(Removed { payload, .. }) = pushed.dropped {
            let mut waiting = (0..).zip(&books.jobs).filter(|(_, job)| job.is.waits());
            let victim = match overflow {
                Overflow::DropOldest => waiting.next(),
                _ => waiting.filter(|(_, job)| job.place.2 == 1).last(),
            };
            assert_eq!(victim.map(|(number, _)| number), Some(payload));
            books.jobs[payload].is = Is::Gone;
        }
        books.labelled.insert(label, books.jobs.len());
        let (id, sent_at, is) = (pushed.id, books.now, Is::Queued);
        let deadline = deadline.unwrap_or(Timestamp::MAX);
        books.jobs.push(Known { id, place, cost, deadline, sent_at, is });
    }

    fn cancel(&mut self, number: usize) {
        let job = &mut self.books.jobs[number];
        let waits = job.is.waits();
        let waiting = waits.then_some(number);
        assert_eq!(D::cancel(&mut self.queue, job.id, waiting), waiting);
        if waits {
            job.is = Is::Gone;
        }
    }

    fn complete(&mut self, number: usize) {
        let job = &mut self.books.jobs[number];
        let is_started = job.is == Is::Started;
        let is_known = self.queue.complete(self.books.now, job.id, Observation::SUCCESS);
        assert_eq!(is_known, is_started);
        if is_started {
            job.is = Is::Gone;
        }
    }

    fn retry(&mut self, number: usize, in_ms: u64) {
        let (now, until) = (self.books.now, later(self.books.now, in_ms));
        let job = &mut self.books.jobs[number];
        let is_started = job.is == Is::Started;
        assert_eq!(D::retry(&mut self.queue, now, job.id, number, until), is_started);
        if is_started {
            job.is = Is::Hidden(until);
        }
    }

    fn retract(&mut self, number: usize) {
        let Books { now, jobs, limiters, .. } = &mut self.books;
        let job = &mut jobs[number];
        let is_started = job.is == Is::Started;
        assert_eq!(self.queue.retract(*now, job.id, number).is_ok(), is_started);
        if is_started {
            let seen = Observation::new(Outcome::Ignored);
            let (sent_at, cost) = (job.sent_at, job.cost);
            let unsent = Completion { sent_at, cost, actual: Cost::ZERO, observation: &seen };
            limiters[job.place.0].observe(*now, &unsent);
            job.is = Is::Queued;
        }
    }

    fn tighten(&mut self, number: usize, to_ms: u64) {
        let deadline = later(self.books.now, to_ms);
        let job = &mut self.books.jobs[number];
        let is_started = job.is == Is::Started;
        assert_eq!(self.queue.tighten_deadline(job.id, deadline), is_started);
        if is_started {
            job.deadline = job.deadline.min(deadline);
        }
    }
}

impl<D: Driven> StateMachineTest for Live<D> {
    type SystemUnderTest = Self;
    type Reference = Reference;

    fn init_test(around: &Around) -> Self {
        let config = QueueConfig::new().strict_lanes(2).unwrap().capacity(CAPACITY).unwrap();
        let mut queue = Queue::new(config.overflow(around.overflow));
        let gcra = Gcra::per("50/s".parse().unwrap()).with_burst(3).unwrap();
        let limiters = [gcra.clone(), gcra];
        let scopes = limiters
            .clone()
            .map(|limiter| queue.add_scope(Scope::new("scope", limiter).payback(Duration::ZERO)));
        let tenants = [1, 2, 4].map(|weight| queue.add_tenant(weight).unwrap());
        let (now, jobs, labelled) = (Timestamp::ZERO, Vec::new(), BTreeMap::new());
        let books = Books { now, jobs, labelled, limiters };
        Self { queue, books, scopes, tenants, driven: PhantomData }
    }

    fn apply(mut live: Self, around: &Around, step: Step) -> Self {
        let job = step.job().and_then(|label| live.job(label));
        match step {
            Step::Push { label, scope, tenant, lane, units, deadline_in_ms } => {
                let deadline = deadline_in_ms.map(|ms| later(live.books.now, ms));
                live.push(label, around.overflow, (scope, tenant, lane), units, deadline);
            }
            Step::Pass { ms } => live.books.now = later(live.books.now, ms),
            Step::Cancel(_) => job.into_iter().for_each(|job| live.cancel(job)),
            Step::Complete(_) => job.into_iter().for_each(|job| live.complete(job)),
            Step::Retract(_) => job.into_iter().for_each(|job| live.retract(job)),
            Step::Retry { in_ms, .. } => job.into_iter().for_each(|job| live.retry(job, in_ms)),
            Step::Tighten { to_ms, .. } => job.into_iter().for_each(|job| live.tighten(job, to_ms)),
            Step::Want { .. } => {}
            Step::Pause { scope, is_paused: true } => {
                assert!(live.queue.pause_scope(live.scopes[scope]));
            }
            Step::Pause { scope, is_paused: false } => {
                assert!(live.queue.resume_scope(live.scopes[scope]));
            }
        }
        live.books.exhaust(&mut live.queue, around);
        live
    }

    fn check_invariants(live: &Self, _: &Around) {
        live.books.agree_with(live.queue.tally());
    }

    /// Left alone, every job gets its turn.
    fn teardown(live: Self, around: Around) {
        let Self { mut queue, mut books, scopes, .. } = live;
        let around = Around { is_paused: [false; 2], is_wanted: [true; 3], ..around };
        for scope in scopes {
            queue.resume_scope(scope);
        }
        queue.drain();
        while let Some(time) = books.exhaust(&mut queue, &around) {
            books.now = time;
        }
        books.agree_with(queue.tally());
        assert_eq!(queue.len(), 0, "a job is forgotten");
        // Drained means empty, once the last answer is in.
        for job in books.jobs.iter().filter(|job| job.is == Is::Started) {
            assert!(!queue.is_empty());
            assert!(queue.complete(books.now, job.id, Observation::SUCCESS));
        }
        assert!(queue.is_empty() && matches!(queue.next(books.now), Next::Wait(None)));
    }
}

prop_state_machine! {
    #[test]
    fn no_job_is_lost_overtaken_or_forgotten(sequential 1..120 => Live<Rightly>);
}

/// The steps that are left of those that showed the fault of `D`.
fn shrunk<D: Driven>() -> Vec<Step> {
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(
        config.clone(),
        proptest::test_runner::TestRng::deterministic_rng(Default::default()),
    );
    let found = runner.run(&Reference::sequential_strategy(1..60), |(around, steps, seen)| {
        Live::<D>::test_sequential(config.clone(), around, steps, seen);
        Ok(())
    });
    match found {
        Err(TestError::Fail(_, (_, steps, _))) => steps,
        other => panic!("the fault was not found: {other:?}"),
    }
}

/// Says that a job is cancelled and leaves it where it is.
#[derive(Debug)]
struct CancelsNothing;

impl Driven for CancelsNothing {
    fn cancel(_: &mut Jobs, _: JobId, waiting: Option<usize>) -> Option<usize> {
        waiting
    }
}

#[test]
fn a_job_that_is_not_cancelled_is_shown_by_three_steps() {
    let steps = shrunk::<CancelsNothing>();
    let [first, Step::Push { .. }, Step::Cancel(_)] = &*steps else { panic!("{steps:?}") };
    // Or it would have started.
    assert!(matches!(first, Step::Pause { .. } | Step::Want { .. } | Step::Push { .. }));
}

/// Forgets how long a retry has to wait.
#[derive(Debug)]
struct RetriesAtOnce;

impl Driven for RetriesAtOnce {
    fn retry(queue: &mut Jobs, now: Timestamp, id: JobId, number: usize, _: Timestamp) -> bool {
        queue.retry(now, id, number, now, Observation::SUCCESS).is_ok()
    }
}

#[test]
fn a_retry_that_comes_early_is_shown_by_four_steps_at_most() {
    let steps = shrunk::<RetriesAtOnce>();
    // One push and one retry would do; steps are left out before they are made simpler,
    // and none after.
    assert!(steps.len() <= 4, "{steps:?}");
    let is_a_push = |step: &Step| matches!(step, Step::Push { units: 1, .. });
    let is_the_retry = |step: &Step| matches!(step, Step::Retry { in_ms: 1, .. });
    assert!(steps.iter().all(|step| is_a_push(step) || is_the_retry(step)), "{steps:?}");
    assert!(steps.iter().any(is_the_retry), "{steps:?}");
}

//! Every order in which workers and callers that share a queue can take their steps.
//!
//! As for the line of calls: all that they share is behind one lock, a step is one visit
//! to it, and a wake that comes late is a poll that comes late. A naive account says who
//! has which job after each step; whoever it gives something to must have been woken, and
//! must find it when polled.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::driver::Verdict;
use forbear_core::driver::queue::{Answered, NextTurn, Place, SharedQueue, Turn};
use forbear_core::limiter::Concurrency;
use forbear_core::queue::{Job, QueueConfig, ScopeId, TenantId};
use forbear_core::{Limiter, Observation, Outcome, Policy};

use crate::support::Choices;

type Boxed = Box<dyn Limiter>;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What may happen in a world.
#[derive(Clone, Copy)]
struct Cast {
    /// Jobs for any worker.
    jobs: usize,
    /// Workers, each of which takes one turn.
    workers: usize,
    /// Callers with a job of their own.
    callers: usize,
    /// How many may be in flight.
    limit: usize,
    /// How many answers ask for a retry, or are never given.
    retries: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Push,
    Stand(usize),
    Drain,
    Poll(usize),
    /// Goes away while it waits, or with what it has.
    Drop(usize),
    Complete(usize),
    Retry(usize),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Is {
    New,
    Waiting,
    Sending,
    Done,
}

enum Handle<'q> {
    None,
    Next(Pin<Box<NextTurn<'q, usize, Boxed>>>),
    Turn(Turn<usize>),
    Place(Place<usize>),
}

struct Actor<'q> {
    is: Is,
    handle: Handle<'q>,
    woken: Arc<Woken>,
    /// The job of its own.
    own: Option<usize>,
    /// What the account says it was given and has not looked at.
    given: Option<usize>,
}

struct World<'q> {
    queue: &'q SharedQueue<usize>,
    scope: ScopeId,
    tenant: TenantId,
    cast: Cast,
    actors: Vec<Actor<'q>>,
    pushed: usize,
    retries: usize,
    is_draining: bool,
    /// The account: jobs that wait, with the caller that each belongs to.
    queued: Vec<(usize, Option<usize>)>,
    in_flight: usize,
    idle: VecDeque<usize>,
}

impl<'q> World<'q> {
    fn new(cast: Cast, queue: &'q SharedQueue<usize>, policy: &Policy) -> Self {
        let actor = |_| Actor {
            is: Is::New,
            handle: Handle::None,
            woken: Arc::new(Woken(AtomicBool::new(false))),
            own: None,
            given: None,
        };
        Self {
            queue,
            scope: queue.add_policy("api", policy),
            tenant: queue.add_tenant(1).unwrap(),
            cast,
            actors: (0..cast.workers + cast.callers).map(actor).collect(),
            pushed: 0,
            retries: 0,
            is_draining: false,
            queued: Vec::new(),
            in_flight: 0,
            idle: VecDeque::new(),
        }
    }

    fn is_caller(&self, actor: usize) -> bool {
        actor >= self.cast.workers
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let own_left = (self.cast.workers..self.actors.len()).any(|a| self.actors[a].is == Is::New);
        let jobs = self.pushed - self.actors.iter().filter(|actor| actor.own.is_some()).count();
        if jobs < self.cast.jobs {
            steps.push(Step::Push);
        } else if !own_left && !self.is_draining {
            steps.push(Step::Drain);
        }
        for (number, actor) in self.actors.iter().enumerate() {
            match actor.is {
                Is::New if self.is_caller(number) => steps.push(Step::Stand(number)),
                Is::New => steps.push(Step::Poll(number)),
                Is::Waiting => {
                    if actor.woken.0.load(Ordering::Relaxed) {
                        steps.push(Step::Poll(number));
                    }
                    steps.push(Step::Drop(number));
                }
                Is::Sending => {
                    steps.extend([Step::Complete(number), Step::Drop(number)]);
                    if self.retries < self.cast.retries {
                        steps.push(Step::Retry(number));
                    }
                }
                Is::Done => {}
            }
        }
        steps
    }

    fn job(&mut self) -> Job<usize> {
        let job = Job::new(self.scope, self.tenant, self.pushed);
        self.pushed += 1;
        job
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Push => {
                let job = self.job();
                self.queue.push(job).unwrap();
                self.queued.push((self.pushed - 1, None));
            }
            Step::Stand(actor) => {
                let job = self.job();
                let place = self.queue.stand(job).unwrap();
                let number = self.pushed - 1;
                self.queued.push((number, Some(actor)));
                let caller = &mut self.actors[actor];
                (caller.own, caller.is) = (Some(number), Is::Waiting);
                caller.handle = Handle::Place(place);
                // It asks for the first time whenever it likes.
                caller.woken.0.store(true, Ordering::Relaxed);
            }
            Step::Drain => {
                self.queue.drain();
                self.is_draining = true;
            }
            Step::Poll(actor) => self.poll(actor),
            Step::Drop(actor) => self.drop(actor),
            Step::Complete(actor) => {
                let done = match core::mem::replace(&mut self.actors[actor].handle, Handle::None) {
                    Handle::Turn(turn) => {
                        matches!(turn.answer(Observation::SUCCESS), Answered::Done(_))
                    }
                    Handle::Place(mut place) => {
                        place.answer(Observation::SUCCESS) == Verdict::Success
                    }
                    _ => false,
                };
                assert!(done);
                self.actors[actor].is = Is::Done;
                self.in_flight -= 1;
            }
            Step::Retry(actor) => {
                self.retries += 1;
                let failed = Observation::new(Outcome::Transient);
                match core::mem::replace(&mut self.actors[actor].handle, Handle::None) {
                    Handle::Turn(turn) => {
                        let job = *turn.payload();
                        assert!(matches!(turn.answer(&failed), Answered::Again(_)));
                        self.actors[actor].is = Is::Done;
                        self.requeue(job, None);
                    }
                    Handle::Place(mut place) => {
                        assert_eq!(place.answer(&failed), Verdict::Retry);
                        self.actors[actor].handle = Handle::Place(place);
                        self.actors[actor].is = Is::Waiting;
                        self.actors[actor].woken.0.store(true, Ordering::Relaxed);
                        self.requeue(self.actors[actor].own.unwrap(), Some(actor));
                    }
                    _ => panic!("it sends nothing"),
                }
            }
        }
        self.give_out();
    }

    fn poll(&mut self, number: usize) {
        if self.actors[number].is == Is::New {
            self.actors[number].handle = Handle::Next(Box::pin(self.queue.next()));
            // Before it is polled, or it could not be given anything by that.
            if !self.is_over() {
                self.idle.push_back(number);
            }
            self.actors[number].is = Is::Waiting;
            self.give_out();
        }
        let is_over = self.is_over();
        let actor = &mut self.actors[number];
        actor.woken.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&actor.woken));
        let mut cx = Context::from_waker(&waker);
        let got = match &mut actor.handle {
            Handle::Next(next) => match next.as_mut().poll(&mut cx) {
                Poll::Ready(None) => {
                    assert!(is_over && actor.given.is_none(), "there is work to be done");
                    (actor.is, actor.handle) = (Is::Done, Handle::None);
                    self.idle.retain(|&idle| idle != number);
                    return;
                }
                Poll::Ready(Some(turn)) => {
                    let job = *turn.payload();
                    actor.handle = Handle::Turn(turn);
                    Some(job)
                }
                Poll::Pending => None,
            },
            Handle::Place(place) => {
                let turn = core::pin::pin!(place.turn()).poll(&mut cx);
                turn.is_ready().then(|| *place.payload().unwrap())
            }
            _ => panic!("it does not wait"),
        };
        assert_eq!(got, actor.given.take());
        if got.is_some() {
            actor.is = Is::Sending;
        }
    }

    fn drop(&mut self, number: usize) {
        let actor = &mut self.actors[number];
        let was = core::mem::replace(&mut actor.is, Is::Done);
        let given = actor.given.take();
        let handle = core::mem::replace(&mut actor.handle, Handle::None);
        self.idle.retain(|&idle| idle != number);
        match (was, actor.own, &handle) {
            // A caller takes its job with it.
            (_, Some(own), _) => {
                self.in_flight -= usize::from(given.is_some() || was == Is::Sending);
                self.queued.retain(|&(job, _)| job != own);
            }
            // What a worker was given and did not take goes to its old place.
            (Is::Waiting, None, _) => {
                if let Some(job) = given {
                    self.requeue(job, None);
                }
            }
            (Is::Sending, None, Handle::Turn(turn)) => {
                let job = *turn.payload();
                self.requeue(job, None);
            }
            _ => {}
        }
        drop(handle);
    }

    fn requeue(&mut self, job: usize, owner: Option<usize>) {
        self.in_flight -= 1;
        let place = self.queued.partition_point(|&(other, _)| other < job);
        self.queued.insert(place, (job, owner));
    }

    fn give_out(&mut self) {
        while let Some(&(job, owner)) = self.queued.first()
            && self.in_flight < self.cast.limit
            && let Some(actor) = owner.or_else(|| self.idle.front().copied())
        {
            self.queued.remove(0);
            self.in_flight += 1;
            self.idle.retain(|&idle| idle != actor);
            self.actors[actor].given = Some(job);
        }
    }

    fn is_over(&self) -> bool {
        self.is_draining && self.queued.is_empty() && self.in_flight == 0
    }

    /// Whoever is to act next knows it.
    fn is_live(&self) -> bool {
        let is_woken = |actor: &Actor<'_>| actor.woken.0.load(Ordering::Relaxed);
        let given = self.actors.iter().filter(|actor| actor.given.is_some()).all(is_woken);
        let told = !self.is_over() || self.idle.iter().all(|&idle| is_woken(&self.actors[idle]));
        let tally = self.queue.tally();
        given
            && told
            && tally.queued as usize == self.queued.len()
            && tally.in_flight as usize == self.in_flight
    }
}

/// Takes every order of steps; returns how many there are.
fn every_order(cast: Cast) -> u64 {
    let mut orders = 0;
    let mut choices = Choices::default();
    let backoff = Constant::new(Duration::ZERO);
    let limit = Concurrency::new(cast.limit as u32).unwrap();
    let policy = Policy::builder().max_attempts(100).no_deadline().no_budget().backoff(backoff);
    let policy = policy.limit(limit).build().unwrap();
    loop {
        let queue = SharedQueue::new(QueueConfig::new());
        let mut world = World::new(cast, &queue, &policy);
        let mut taken = Vec::new();
        loop {
            let steps = world.steps();
            if steps.is_empty() {
                break;
            }
            let step = steps[choices.choose(steps.len())];
            taken.push(step);
            world.take(step);
            assert!(world.is_live(), "somebody sleeps who has something to do: {taken:?}");
        }
        let is_done = world.actors.iter().all(|actor| actor.is == Is::Done);
        assert!(is_done, "somebody sleeps for ever: {taken:?}");
        orders += 1;
        if !choices.begin_next() {
            return orders;
        }
    }
}

#[test]
fn no_wake_is_lost_between_workers() {
    let two = Cast { jobs: 2, workers: 2, callers: 0, limit: 1, retries: 1 };
    assert!(every_order(two) > 1000);
    assert!(every_order(Cast { jobs: 1, workers: 3, retries: 0, ..two }) > 1000);
    assert!(every_order(Cast { limit: 2, retries: 0, ..two }) > 1000);
}

#[test]
fn no_wake_is_lost_between_callers() {
    let two = Cast { jobs: 0, workers: 0, callers: 2, limit: 1, retries: 1 };
    assert!(every_order(two) > 100);
    assert!(every_order(Cast { limit: 2, ..two }) > 1000);
}

#[test]
fn no_wake_is_lost_where_a_caller_stands_among_the_jobs_of_a_worker() {
    let both = Cast { jobs: 1, workers: 1, callers: 1, limit: 1, retries: 1 };
    assert!(every_order(both) > 1000);
    assert!(every_order(Cast { workers: 2, retries: 0, ..both }) > 1000);
}

//! Every order in which a few calls can take their steps, by hand.
//!
//! All that calls share is behind one lock, and a step of a call is one visit to
//! it: the orders of steps are all that threads could bring about, except that a
//! waker is called after the lock is released, and a wake that comes late is a
//! poll that comes late, which is one of the orders. So no threads are needed,
//! and a failure names the order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use forbear_core::driver::Attempts;
use forbear_core::limiter::Concurrency;
use forbear_core::{Observation, Outcome, Policy};

use crate::support::Choices;

/// Whether a task was woken since it was polled last.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    attempts: Option<Attempts>,
    state: State,
    woken: Arc<Woken>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    New,
    Waiting,
    Sending,
    Done,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Poll(usize),
    Complete(usize),
    Retract(usize),
    Drop(usize),
}

struct World {
    tasks: Vec<Task>,
    /// Those that wait, in the order in which they came.
    line: Vec<usize>,
    places: usize,
}

impl World {
    fn new(calls: usize, places: u32) -> Self {
        let limit = Concurrency::new(places).unwrap();
        let policy = Policy::builder().limit(limit).no_deadline().no_budget().build().unwrap();
        let task = |_| Task {
            attempts: Some(policy.attempts()),
            state: State::New,
            woken: Arc::new(Woken(AtomicBool::new(true))),
        };
        Self { tasks: (0..calls).map(task).collect(), line: Vec::new(), places: places as usize }
    }

    /// What can happen next.
    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (call, task) in self.tasks.iter().enumerate() {
            match task.state {
                // The order in which they come is one of the orders.
                State::New => steps.push(Step::Poll(call)),
                State::Waiting => {
                    if task.woken.0.load(Ordering::Relaxed) {
                        steps.push(Step::Poll(call));
                    }
                    steps.push(Step::Drop(call));
                }
                State::Sending => {
                    steps.extend([Step::Complete(call), Step::Retract(call), Step::Drop(call)]);
                }
                State::Done => {}
            }
        }
        steps
    }

    fn take(&mut self, step: Step) {
        let (Step::Poll(call) | Step::Complete(call) | Step::Retract(call) | Step::Drop(call)) =
            step;
        let task = &mut self.tasks[call];
        let attempts = task.attempts.as_mut().unwrap();
        match step {
            Step::Poll(_) => {
                task.woken.0.store(false, Ordering::Relaxed);
                let waker = Waker::from(Arc::clone(&task.woken));
                match attempts.poll_permit(&mut Context::from_waker(&waker)) {
                    Poll::Ready(end) => {
                        assert_eq!(end, Ok(()));
                        assert!(self.line.first().is_none_or(|&head| head == call), "overtaken");
                        self.line.retain(|&other| other != call);
                        task.state = State::Sending;
                    }
                    Poll::Pending => {
                        if task.state == State::New {
                            self.line.push(call);
                        }
                        task.state = State::Waiting;
                    }
                }
            }
            Step::Complete(_) => {
                let _ = attempts.record(&Observation::new(Outcome::Success));
                task.state = State::Done;
            }
            // Not sent after all, and it does not ask again.
            Step::Retract(_) => {
                attempts.retract();
                (task.attempts, task.state) = (None, State::Done);
            }
            Step::Drop(_) => {
                (task.attempts, task.state) = (None, State::Done);
                self.line.retain(|&other| other != call);
            }
        }
    }

    fn in_state(&self, state: State) -> usize {
        self.tasks.iter().filter(|task| task.state == state).count()
    }

    /// Nobody waits for a wake that is not under way.
    fn is_live(&self) -> bool {
        let free = self.in_state(State::Sending) < self.places;
        let head_woken =
            self.line.first().is_none_or(|&head| self.tasks[head].woken.0.load(Ordering::Relaxed));
        self.in_state(State::Sending) <= self.places && (!free || head_woken)
    }
}

/// Takes every order of steps of `calls` calls; returns how many there are.
///
/// A step may not be taken back, so each order is played from the start.
fn every_order(calls: usize, places: u32) -> u64 {
    let mut orders = 0;
    let mut choices = Choices::default();
    loop {
        let mut world = World::new(calls, places);
        let mut taken = Vec::new();
        loop {
            let steps = world.steps();
            if steps.is_empty() {
                break;
            }
            let step = steps[choices.choose(steps.len())];
            taken.push(step);
            world.take(step);
            assert!(world.is_live(), "the head of the line sleeps beside a free place: {taken:?}");
        }
        assert_eq!(world.in_state(State::Done), calls, "a call sleeps for ever: {taken:?}");
        orders += 1;
        if !choices.begin_next() {
            return orders;
        }
    }
}

#[test]
fn no_wake_is_lost_in_any_order_of_two_calls() {
    assert!(every_order(2, 1) > 20);
}

#[test]
fn no_wake_is_lost_in_any_order_of_three_calls() {
    assert!(every_order(3, 1) > 1000);
    assert!(every_order(3, 2) > 1000);
}

#[test]
fn no_wake_is_lost_in_any_order_of_four_calls_for_two_places() {
    assert!(every_order(4, 2) > 10_000);
}

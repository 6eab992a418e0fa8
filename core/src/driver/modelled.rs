//! How threads wait in a model of loom: time stands still until a timer rings.
//!
//! Timers are rung by a thread of the model, [`ring_timers`], so each may ring at any
//! point of what the others do, or late. All else of the drivers is what runs in
//! production.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::task::Waker;
use std::task::Wake;

use loom::sync::{Condvar, Mutex};

use super::{MonotonicClock, at_once};
use crate::Timestamp;

// Loom runs the threads of a model in one thread, one at a time.
std::thread_local! {
    static NOW: Cell<Timestamp> = const { Cell::new(Timestamp::ZERO) };
    static TIMERS: RefCell<Vec<(Timestamp, Arc<Token>)>> = const { RefCell::new(Vec::new()) };
    static BELL: RefCell<Option<Arc<Token>>> = const { RefCell::new(None) };
}

/// What wakes a thread: set once, it ends one wait.
#[derive(Debug)]
struct Token {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Token {
    fn new() -> Arc<Self> {
        Arc::new(Self { is_set: Mutex::new(false), changed: Condvar::new() })
    }

    fn set(&self) {
        if let Ok(mut is_set) = self.is_set.lock() {
            *is_set = true;
            self.changed.notify_one();
        }
    }

    fn wait(&self) {
        let Ok(mut is_set) = self.is_set.lock() else { return };
        while !*is_set {
            let Ok(woken) = self.changed.wait(is_set) else { return };
            is_set = woken;
        }
        *is_set = false;
    }
}

impl Wake for Token {
    fn wake(self: Arc<Self>) {
        self.set();
    }
}

/// The count of calls that took the short way, for a model of it alone.
#[derive(Debug)]
pub struct Tally(at_once::Tally);

impl Tally {
    /// Nothing was added.
    #[must_use]
    pub fn new() -> Self {
        Self(at_once::Tally::new(true))
    }

    /// Adds one.
    pub fn add_one(&self) {
        self.0.add_one();
    }

    /// Whether some thread has a place of its own: one that has ended may not have given
    /// it back yet.
    #[must_use]
    pub fn is_any_taken() -> bool {
        at_once::Tally::is_any_taken()
    }

    /// What was added up to now.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.total()
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

/// A thread that may wait, and what wakes it.
pub(super) struct Parking {
    token: Arc<Token>,
    waker: Waker,
}

impl Parking {
    pub(super) fn this_thread() -> Self {
        let token = Token::new();
        let waker = Waker::from(Arc::clone(&token));
        Self { token, waker }
    }

    pub(super) const fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Waits until it is woken, or until this time.
    pub(super) fn wait(&self, until: Option<Timestamp>, _: MonotonicClock) {
        if let Some(time) = until {
            TIMERS.with_borrow_mut(|timers| timers.push((time, Arc::clone(&self.token))));
            ring();
        }
        self.token.wait();
        TIMERS.with_borrow_mut(|timers| {
            timers.retain(|(_, token)| !Arc::ptr_eq(token, &self.token));
        });
    }
}

pub(super) fn now() -> Timestamp {
    NOW.get()
}

/// Begins a run of a model, at time 0.
pub fn begin() {
    NOW.set(Timestamp::ZERO);
    TIMERS.with_borrow_mut(Vec::clear);
    BELL.set(Some(Token::new()));
}

/// Rings one timer after the other, the earliest first, until [`end`]: what a thread of
/// the model is to do.
pub fn ring_timers() {
    loop {
        let first = TIMERS.with_borrow_mut(|timers| {
            let first = (0..timers.len()).min_by_key(|&index| timers[index].0)?;
            Some(timers.swap_remove(first))
        });
        if let Some((time, token)) = first {
            NOW.set(NOW.get().max(time));
            token.set();
            continue;
        }
        let Some(bell) = BELL.with_borrow(Clone::clone) else { return };
        bell.wait();
    }
}

/// Lets [`ring_timers`] return once no timer is set.
pub fn end() {
    let bell = BELL.take();
    bell.inspect(|bell| bell.set());
}

/// A timer was set.
fn ring() {
    if let Some(bell) = BELL.with_borrow(Clone::clone) {
        bell.set();
    }
}

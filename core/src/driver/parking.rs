//! How a thread waits.

use alloc::sync::Arc;
use core::task::Waker;
use std::task::Wake;
use std::thread::{self, Thread};

use super::MonotonicClock;
use crate::{Clock, Timestamp};

std::thread_local! {
    /// Made once a thread, so that a call that need not wait allocates nothing.
    static WAKER: Waker = Unpark::this_thread();
}

/// A thread that may wait, and what wakes it.
pub(super) struct Parking {
    waker: Waker,
}

impl Parking {
    pub(super) fn this_thread() -> Self {
        // A thread that is ending has no more locals.
        let waker = WAKER.try_with(Waker::clone).unwrap_or_else(|_| Unpark::this_thread());
        Self { waker }
    }

    pub(super) const fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Waits until it is woken, or until this time.
    #[expect(clippy::unused_self, reason = "a model waits for its own")]
    pub(super) fn wait(&self, until: Option<Timestamp>, clock: MonotonicClock) {
        match until {
            Some(time) => thread::park_timeout(time.since(clock.now())),
            None => thread::park(),
        }
    }
}

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Unpark {
    fn this_thread() -> Waker {
        Waker::from(Arc::new(Self(thread::current())))
    }
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

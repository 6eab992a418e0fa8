//! Waiting in a thread.

use alloc::sync::Arc;
use core::ops::ControlFlow;
use core::task::Waker;
use std::task::Wake;
use std::thread::{self, Thread};

use super::shared::Admission;
use super::{Attempts, GaveUp, Judge, Observer, RetryCall};
use crate::{Clock, GiveUp};

impl Attempts {
    /// Blocks this thread until the call may be sent.
    ///
    /// # Errors
    ///
    /// Why it may not be sent any more.
    pub fn permit_blocking(&mut self) -> Result<(), GiveUp> {
        self.permit_blocking_telling(&())
    }

    fn permit_blocking_telling(&mut self, own: &impl Observer) -> Result<(), GiveUp> {
        let waker = own_waker();
        loop {
            match self.ask(&waker, own) {
                Admission::Ready(end) => return end,
                Admission::Wait { until: Some(time), .. } => {
                    thread::park_timeout(time.since(self.shared.clock().now()));
                }
                Admission::Wait { until: None, .. } => thread::park(),
            }
        }
    }
}

impl<F, J, O: Observer> RetryCall<'_, F, J, O> {
    /// Calls in this thread, as often and as late as the policy says.
    ///
    /// # Errors
    ///
    /// Why the policy gave up, with the last result if there was one.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use forbear_core::Policy;
    ///
    /// let policy = Policy::builder().max_attempts(1).build().unwrap();
    /// let refused = || Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionRefused));
    /// let gave_up = policy.retry(refused).blocking().unwrap_err();
    /// assert_eq!(gave_up.to_string(), "gave up after 1 attempt: the one attempt was made");
    /// ```
    pub fn blocking<T, E>(mut self) -> Result<T, GaveUp<T, E>>
    where
        F: FnMut() -> Result<T, E>,
        J: Judge<T, E>,
    {
        let mut attempts = self.policy.attempts_with(&self.options);
        let mut last = None;
        loop {
            if let Err(why) = attempts.permit_blocking_telling(&self.observer) {
                return Err(GaveUp::new(why, &mut attempts, last));
            }
            let result = (self.op)();
            match attempts.conclude(result, &self.judge, &self.observer) {
                ControlFlow::Break(end) => return end,
                ControlFlow::Continue(result) => last = Some(result),
            }
        }
    }
}

std::thread_local! {
    /// Made once a thread, so that a call that need not wait allocates nothing.
    static WAKER: Waker = Unpark::this_thread();
}

/// Wakes this thread.
pub(super) fn own_waker() -> Waker {
    // A thread that is ending has no more locals.
    WAKER.try_with(Waker::clone).unwrap_or_else(|_| Unpark::this_thread())
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

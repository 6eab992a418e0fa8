//! Waiting in a thread.

use core::ops::ControlFlow;

use super::parking::Parking;
use super::shared::Admission;
use super::{Attempts, GaveUp, Judge, Observer, RetryCall};
use crate::GiveUp;

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
        let parking = Parking::this_thread();
        loop {
            match self.ask(parking.waker(), own) {
                Admission::Ready(end) => return end,
                Admission::Wait { until, .. } => parking.wait(until, self.shared.clock()),
            }
        }
    }
}

impl<F, J, O: Observer> RetryCall<'_, F, J, O> {
    /// Calls in this thread, as often and as late as the policy says.
    ///
    /// A thread cannot be cut off, so an
    /// [`attempt_timeout`](crate::PolicyBuilder::attempt_timeout) is not kept here: give the
    /// client a time-out, which in a loop over [`Attempts`] is
    /// [`Attempts::attempt_timeout`].
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

//! The time that each attempt has.
//!
//! It counts from the permit. The attempt is asked first, so that an answer that comes
//! with the time-out wins, as in Tokio's `timeout`.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use crate::driver::{Attempts, Observer, Verdict};
use crate::{Clock, GiveUp, Observation};

impl Attempts {
    /// Whether the attempt under way has had its time, and how long that was; wakes the
    /// task when it has.
    ///
    /// To be asked after the attempt.
    #[inline]
    pub(super) fn poll_time_out(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        match self.attempt_timeout() {
            Some(timeout) => self.poll_time_out_of(timeout, cx),
            None => Poll::Pending,
        }
    }

    #[cold]
    fn poll_time_out_of(&mut self, timeout: Duration, cx: &mut Context<'_>) -> Poll<Duration> {
        let at = self.last_sent_at.after(timeout);
        // The clock is asked too: to a task that has used up its turn Tokio's timers say
        // nothing, and an attempt may do so each time it is polled.
        if self.poll_timer(at, cx).is_pending() && self.shared.clock().now() < at {
            return Poll::Pending;
        }
        self.timer = None;
        Poll::Ready(timeout)
    }

    /// What `attempt` returns, or the time that it had if that was too little.
    pub(super) fn poll_in_time<F: Future>(
        &mut self,
        attempt: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Duration>> {
        match attempt.poll(cx) {
            Poll::Ready(result) => Poll::Ready(Ok(result)),
            Poll::Pending => self.poll_time_out(cx).map(Err),
        }
    }

    /// Takes in that the last attempt was cut off after `timeout`: why the call ends, if it
    /// does.
    #[cold]
    pub(super) fn conclude_timed_out(
        &mut self,
        timeout: Duration,
        own: &impl Observer,
    ) -> Option<GiveUp> {
        match self.record_observed(&Observation::timed_out(timeout), own) {
            Verdict::GiveUp(why) => Some(why),
            Verdict::Retry => None,
            Verdict::Success => unreachable!("a time-out is no success"),
        }
    }
}

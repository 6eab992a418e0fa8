//! Waiting in a task.

use alloc::boxed::Box;
use core::fmt;
use core::future::{Future, IntoFuture};
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::{Context, Poll};

use ::tokio::time::{Instant, Sleep, sleep_until};
use pin_project_lite::pin_project;

use super::shared::Admission;
use super::{Attempts, Fallback, GaveUp, Judge, Observer, RetryCall};
use crate::{GiveUp, Timestamp};

impl Attempts {
    /// Waits until the call may be sent.
    ///
    /// Cancel safe: a permit that was not yet given is not lost, and the place in
    /// the line is kept until the value is dropped.
    ///
    /// # Errors
    ///
    /// Why it may not be sent any more.
    pub async fn permit(&mut self) -> Result<(), GiveUp> {
        core::future::poll_fn(|cx| self.poll_permit(cx)).await
    }

    /// Asks whether the call may be sent, and wakes the task when to ask again.
    ///
    /// # Errors
    ///
    /// Why it may not be sent any more.
    pub fn poll_permit(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), GiveUp>> {
        self.poll_permit_telling(cx, &())
    }

    fn poll_permit_telling(
        &mut self,
        cx: &mut Context<'_>,
        own: &impl Observer,
    ) -> Poll<Result<(), GiveUp>> {
        loop {
            match self.ask(cx.waker(), own) {
                Admission::Ready(end) => {
                    self.timer = None;
                    return Poll::Ready(end);
                }
                Admission::Wait { until: None, .. } => return Poll::Pending,
                Admission::Wait { until: Some(time), .. } => {
                    if self.poll_timer(time, cx).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    fn poll_timer(&mut self, time: Timestamp, cx: &mut Context<'_>) -> Poll<()> {
        let instant = self.shared.clock().instant(time);
        poll_timer(&mut self.timer, instant, cx)
    }
}

/// Polls a timer for `instant`, made when it is first needed.
pub(super) fn poll_timer(
    timer: &mut Option<Pin<Box<Sleep>>>,
    instant: Instant,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let timer = match timer {
        Some(timer) => {
            if timer.deadline() != instant {
                timer.as_mut().reset(instant);
            }
            timer
        }
        none => none.insert(Box::pin(sleep_until(instant))),
    };
    timer.as_mut().poll(cx)
}

pin_project! {
    /// A call that waits and sends; made by awaiting a [`RetryCall`].
    ///
    /// Dropped at any point, it gives back its place in the line and whatever it
    /// holds of the limiters.
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryFuture<F, Fut, J, O, T, E> {
        attempts: Attempts,
        op: F,
        judge: J,
        observer: O,
        // Boxed: it is there only after a failure, and may be the larger part.
        last: Option<Box<Result<T, E>>>,
        #[pin]
        running: Option<Fut>,
    }
}

impl<F, Fut, J, O, T, E> Future for RetryFuture<F, Fut, J, O, T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    J: Judge<T, E>,
    O: Observer,
{
    type Output = Result<T, GaveUp<T, E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            if this.running.is_none() {
                match this.attempts.poll_permit_telling(cx, this.observer) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(())) => this.running.set(Some((this.op)())),
                    Poll::Ready(Err(why)) => {
                        return Poll::Ready(Err(GaveUp::new(
                            why,
                            this.attempts,
                            this.last.take().map(|last| *last),
                        )));
                    }
                }
            }
            let Some(running) = this.running.as_mut().as_pin_mut() else { continue };
            let Poll::Ready(result) = running.poll(cx) else { return Poll::Pending };
            let concluded = this.attempts.conclude(result, this.judge, this.observer);
            // Dropped after the answer is recorded, so that a panic in between
            // still finds the send in flight and gives it back.
            this.running.set(None);
            match concluded {
                ControlFlow::Break(end) => return Poll::Ready(end),
                ControlFlow::Continue(result) => *this.last = Some(Box::new(result)),
            }
        }
    }
}

impl<F, Fut, J, O, T, E> fmt::Debug for RetryFuture<F, Fut, J, O, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

impl<F, Fut, J, O, T, E> IntoFuture for RetryCall<'_, F, J, O>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    J: Judge<T, E>,
    O: Observer,
{
    type Output = Result<T, GaveUp<T, E>>;
    type IntoFuture = RetryFuture<F, Fut, J, O, T, E>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { policy, op, judge, observer, options } = self;
        let attempts = Attempts::new(policy, &options);
        RetryFuture { attempts, op, judge, observer, last: None, running: None }
    }
}

pin_project! {
    /// A call that has a value in any case; made by awaiting a [`Fallback`].
    #[must_use = "futures do nothing unless polled"]
    pub struct FallbackFuture<Fut, G> {
        #[pin]
        call: Fut,
        instead: Option<G>,
    }
}

impl<Fut, G, T, E> Future for FallbackFuture<Fut, G>
where
    Fut: Future<Output = Result<T, GaveUp<T, E>>>,
    G: FnOnce(GaveUp<T, E>) -> T,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = self.project();
        this.call.poll(cx).map(|end| {
            end.unwrap_or_else(|gave_up| {
                let instead = this.instead.take();
                instead.expect("a future is not polled after its end")(gave_up)
            })
        })
    }
}

impl<Fut: fmt::Debug, G> fmt::Debug for FallbackFuture<Fut, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackFuture").field("call", &self.call).finish_non_exhaustive()
    }
}

impl<C, G, T, E> IntoFuture for Fallback<C, G>
where
    C: IntoFuture<Output = Result<T, GaveUp<T, E>>>,
    G: FnOnce(GaveUp<T, E>) -> T,
{
    type Output = T;
    type IntoFuture = FallbackFuture<C::IntoFuture, G>;

    fn into_future(self) -> Self::IntoFuture {
        FallbackFuture { call: self.call.into_future(), instead: Some(self.instead) }
    }
}

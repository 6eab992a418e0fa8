//! Waiting in a task.

mod time_out;

use alloc::boxed::Box;
use core::fmt;
use core::future::{Future, IntoFuture, poll_fn};
use core::ops::ControlFlow;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use ::tokio::time::{Instant, Sleep, sleep_until};
use pin_project_lite::pin_project;

use super::at_once::FirstPoll;
use super::shared::{Admission, Shared};
use super::{Attempts, CallOptions, Fallback, GaveUp, Judge, Observer, RetryCall};
use crate::{GiveUp, Observation, Outcome, Policy, Timestamp};

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
        poll_fn(|cx| self.poll_permit(cx)).await
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
                Admission::Wait { until: None, .. } => {
                    // That of the attempt before would wake the task for nothing.
                    self.timer = None;
                    return Poll::Pending;
                }
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
    ///
    /// Where nothing has to be asked before the first attempt, the call counts from the
    /// end of the first poll: that saves what succeeds at once the reading of a clock.
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryFuture<'a, F, Fut, J, O, T, E> {
        stage: Stage<'a>,
        op: F,
        judge: J,
        observer: O,
        // Boxed: it is there only after a failure, and may be the larger part.
        last: Option<Box<Result<T, E>>>,
        #[pin]
        running: Option<Fut>,
    }
}

/// How far a call is.
#[derive(Debug)]
enum Stage<'a> {
    New { policy: &'a Policy, options: CallOptions },
    Begun(Attempts),
}

impl Stage<'_> {
    /// Begins a call whose first attempt is not over.
    #[cold]
    fn begin_waiting<T>(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        if self.begin(Attempts::sent_at_once).poll_time_out(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// The call, which begins now if it has not begun.
    fn begin(&mut self, begin: impl FnOnce(&Policy, &CallOptions) -> Attempts) -> &mut Attempts {
        if let Self::New { policy, options } = self {
            *self = Self::Begun(begin(policy, options));
        }
        match self {
            Self::Begun(attempts) => attempts,
            Self::New { .. } => unreachable!("it has begun"),
        }
    }
}

impl<F, Fut, J, O, T, E> Future for RetryFuture<'_, F, Fut, J, O, T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    J: Judge<T, E>,
    O: Observer,
{
    type Output = Result<T, GaveUp<T, E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &self.stage {
            Stage::New { policy, options }
                if !self.observer.is_listening() && options.are_the_policys() =>
            {
                let shared = policy.shared();
                if shared.at_once().is_open() {
                    return self.poll_at_once(shared, cx);
                }
            }
            _ => {}
        }
        self.poll_in_turn(cx)
    }
}

impl<'a, F, Fut, J, O, T, E> RetryFuture<'a, F, Fut, J, O, T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    J: Judge<T, E>,
    O: Observer,
{
    /// Sends at once; only a call that does not succeed at once begins in `shared`.
    #[inline]
    fn poll_at_once(
        mut self: Pin<&mut Self>,
        shared: &'a Shared,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, GaveUp<T, E>>> {
        let mut this = self.as_mut().project();
        let first_poll = FirstPoll(shared);
        this.running.set(Some((this.op)()));
        let running = this.running.as_mut().as_pin_mut().expect("it was set in the line above");
        let Poll::Ready(result) = running.poll(cx) else {
            first_poll.defuse();
            return this.stage.begin_waiting(cx);
        };
        let judged = this.judge.judge(&result);
        first_poll.defuse();
        match result {
            Ok(value) if judged.as_ref().is_none_or(|seen| seen.outcome == Outcome::Success) => {
                shared.at_once().succeeded();
                this.running.set(None);
                Poll::Ready(Ok(value))
            }
            result => self.begin_failed(result, judged.as_ref(), cx),
        }
    }

    /// Begins with the first result, which is no success.
    #[cold]
    fn begin_failed(
        mut self: Pin<&mut Self>,
        result: Result<T, E>,
        judged: Option<&Observation>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, GaveUp<T, E>>> {
        let mut this = self.as_mut().project();
        let attempts = this.stage.begin(Attempts::sent_at_once);
        let concluded = attempts.conclude_judged(result, judged, this.judge, this.observer);
        this.running.set(None);
        match concluded {
            ControlFlow::Break(end) => Poll::Ready(end),
            ControlFlow::Continue(result) => {
                *this.last = Some(Box::new(result));
                self.poll_in_turn(cx)
            }
        }
    }

    fn poll_in_turn(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, GaveUp<T, E>>> {
        let mut this = self.project();
        let attempts = this.stage.begin(Attempts::new);
        loop {
            if this.running.is_none() {
                match attempts.poll_permit_telling(cx, this.observer) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(())) => this.running.set(Some((this.op)())),
                    Poll::Ready(Err(why)) => {
                        let last = this.last.take().map(|last| *last);
                        return Poll::Ready(Err(GaveUp::new(why, attempts, last)));
                    }
                }
            }
            let Some(running) = this.running.as_mut().as_pin_mut() else { continue };
            let result = match attempts.poll_in_time(running, cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(result)) => result,
                Poll::Ready(Err(timeout)) => {
                    // Dropped before its place is given to another.
                    this.running.set(None);
                    if let Some(why) = attempts.conclude_timed_out(timeout, this.observer) {
                        let last = this.last.take().map(|last| *last);
                        return Poll::Ready(Err(GaveUp::new(why, attempts, last)));
                    }
                    continue;
                }
            };
            let concluded = attempts.conclude(result, this.judge, this.observer);
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

impl<F, Fut, J, O, T, E> fmt::Debug for RetryFuture<'_, F, Fut, J, O, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl<'a, F, Fut, J, O, T, E> IntoFuture for RetryCall<'a, F, J, O>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    J: Judge<T, E>,
    O: Observer,
{
    type Output = Result<T, GaveUp<T, E>>;
    type IntoFuture = RetryFuture<'a, F, Fut, J, O, T, E>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        let Self { policy, op, judge, observer, options } = self;
        let stage = Stage::New { policy, options };
        RetryFuture { stage, op, judge, observer, last: None, running: None }
    }
}

impl<F, J, O: Observer> RetryCall<'_, F, J, O> {
    /// Calls in this task, as `.await` does, an operation whose futures borrow from it.
    ///
    /// That is an `async ||` which changes what it captures: a connection that it needs
    /// `&mut`, a buffer that it fills. Futures of others own what they need, and `.await`
    /// is enough. Dropped at any point, it gives back what it holds.
    ///
    /// In a spawned task the compiler may fail to see that such a future is `Send`, and
    /// say "not general enough" (<https://github.com/rust-lang/rust/issues/110338>); a
    /// loop over [`Attempts`] does the same there.
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
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let mut lines = Vec::new();
    /// let call = Policy::recommended().retry(async || {
    ///     lines.push("asked");
    ///     Ok::<_, io::Error>(lines.len())
    /// }).lending().await;
    /// assert_eq!(call.unwrap(), 1);
    /// # });
    /// # Ok::<(), io::Error>(())
    /// ```
    pub async fn lending<T, E>(mut self) -> Result<T, GaveUp<T, E>>
    where
        F: AsyncFnMut() -> Result<T, E>,
        J: Judge<T, E>,
    {
        let mut attempts = self.policy.attempts_with(&self.options);
        let mut last = None;
        loop {
            let permit = poll_fn(|cx| attempts.poll_permit_telling(cx, &self.observer));
            if let Err(why) = permit.await {
                return Err(GaveUp::new(why, &mut attempts, last));
            }
            // In a block of its own: it is dropped before its place is given to another.
            let result = {
                let mut attempt = pin!((self.op)());
                poll_fn(|cx| attempts.poll_in_time(attempt.as_mut(), cx)).await
            };
            match result {
                Ok(result) => match attempts.conclude(result, &self.judge, &self.observer) {
                    ControlFlow::Break(end) => return end,
                    ControlFlow::Continue(result) => last = Some(result),
                },
                Err(timeout) => {
                    if let Some(why) = attempts.conclude_timed_out(timeout, &self.observer) {
                        return Err(GaveUp::new(why, &mut attempts, last));
                    }
                }
            }
        }
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

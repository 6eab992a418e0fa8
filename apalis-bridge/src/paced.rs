//! A backend that gives out no more tasks than a policy admits.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use apalis_core::backend::Backend;
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use forbear_core::Policy;
use forbear_core::driver::Attempts;
use tokio::time::Sleep;

use crate::Permit;
use crate::wrapping::configured_by_its_backend;

/// A backend of apalis whose tasks go no faster than a policy's limiters admit.
///
/// The limiters are asked first, and the backend only with their permit. A backend that
/// fetches several tasks at once claims the rest of a batch too early; let it fetch one,
/// as by `Config::batch_size(1)` of apalis-sqlite. While nothing is there to be claimed
/// the permit is taken back, charge and all.
///
/// Wrap whatever wakes the worker, such as `poll_with_interval`: outside, it would wake in
/// vain.
pub struct Paced<B> {
    backend: B,
    policy: Policy,
    /// The call of the next task, which waits for its permit or for the task.
    call: Option<Attempts>,
    /// Set after a limiter said that waiting is no use.
    pause: Option<Pin<Box<Sleep>>>,
}

/// How long to wait before a limiter is asked again that refused for good, such as a
/// cooldown beyond the policy's cap: a worker goes on for ever, unlike a call.
const PAUSE: Duration = Duration::from_secs(1);

impl<B> Paced<B> {
    /// Gives out the tasks of `backend` as `policy` admits them.
    ///
    /// Workers that share the policy share its limiters; those of other processes have
    /// limiters of their own.
    pub fn new(backend: B, policy: &Policy) -> Self {
        Self { backend, policy: policy.clone(), call: None, pause: None }
    }

    /// The backend itself, as to push tasks to it.
    pub const fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }

    /// Waits for the limiters.
    fn poll_permit(&mut self, cx: &mut Context<'_>) -> Poll<Attempts> {
        loop {
            if let Some(pause) = &mut self.pause {
                if pause.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.pause = None;
            }
            let kept = self.call.take();
            let is_new = kept.is_none();
            let mut call = kept.unwrap_or_else(|| self.policy.attempts());
            match call.poll_permit(cx) {
                Poll::Ready(Ok(())) => return Poll::Ready(call),
                // It waited for a task longer than a call may take.
                Poll::Ready(Err(_)) if !is_new => {}
                Poll::Ready(Err(_)) => {
                    #[expect(clippy::disallowed_methods, reason = "this drives apalis's workers")]
                    let pause = tokio::time::sleep(PAUSE);
                    self.pause = Some(Box::pin(pause));
                }
                Poll::Pending => {
                    self.call = Some(call);
                    return Poll::Pending;
                }
            }
        }
    }
}

impl<B, Args> Backend for Paced<B>
where
    B: Backend<Task = Task<Args>>,
{
    type Task = Task<Args>;
    type Error = B::Error;

    fn poll_ready(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Result<(), B::Error>> {
        self.backend.poll_ready(cx, worker)
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, B::Error>>> {
        let Poll::Ready(mut call) = self.poll_permit(cx) else { return Poll::Pending };
        match self.backend.poll_next(cx, worker) {
            Poll::Ready(Some(Ok(mut task))) => {
                let _ = task.inject_data(Permit::new(Some(call)));
                Poll::Ready(Some(Ok(task)))
            }
            nothing => {
                call.retract();
                self.call = Some(call);
                nothing
            }
        }
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Result<(), B::Error>> {
        self.call = None;
        self.backend.poll_close(cx, worker)
    }
}

configured_by_its_backend!(Paced<B>);

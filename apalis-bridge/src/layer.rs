//! What becomes of a task that was run.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use apalis_core::error::{AbortError, BoxDynError};
use apalis_core::task::status::Status;
use apalis_core::task::{ExecutionContext, Task};
use forbear_core::driver::Verdict;
use forbear_core::{Observation, Outcome};
use tower_layer::Layer;
use tower_service::Service;

use crate::{HandBack, Permit};

/// Judges what came of a task by the policy of its [`Paced`](crate::Paced) backend.
///
/// * A retry is handed back with the time at which it may run, and marked as failed. How
///   many attempts were made is counted by apalis, over all workers, and the policy goes
///   by that count; apalis runs no task beyond the task's own `max_attempts` either.
/// * A task that the policy gives up is marked as killed, so that nobody runs it again.
/// * No task is cut off: an `attempt_timeout` of the policy is for the task's own function
///   to keep, or its client.
/// * What ended without an error is done, whatever was seen. An error after a success was
///   seen is left to apalis, which runs the task again.
#[derive(Clone, Debug)]
pub struct PaceLayer<H> {
    tasks: H,
}

impl<H: HandBack> PaceLayer<H> {
    /// Hands tasks back to `tasks`: for apalis-sqlite, the pool of the storage; for
    /// apalis-redis, `RedisTasks`.
    pub const fn new(tasks: H) -> Self {
        Self { tasks }
    }
}

impl<H: HandBack, S> Layer<S> for PaceLayer<H> {
    type Service = PaceService<H, S>;

    fn layer(&self, inner: S) -> PaceService<H, S> {
        PaceService { tasks: self.tasks.clone(), inner }
    }
}

/// A service of a worker whose tasks are judged; made by [`PaceLayer`].
#[derive(Clone, Debug)]
pub struct PaceService<H, S> {
    tasks: H,
    inner: S,
}

impl<H, S, Args> Service<Task<Args>> for PaceService<H, S>
where
    H: HandBack,
    S: Service<Task<Args>>,
    S::Response: Send,
    S::Error: Into<BoxDynError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxDynError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxDynError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, task: Task<Args>) -> Self::Future {
        let context = std::sync::Arc::clone(task.ctx());
        let permit = context.data().get::<Permit>().cloned();
        let running = self.inner.call(task);
        let tasks = self.tasks.clone();
        Box::pin(async move {
            let result = running.await.map_err(Into::into);
            let Some(permit) = permit else { return result };
            let (Some(mut call), seen) = permit.take() else { return result };
            let seen = seen.unwrap_or_else(|| judge(result.as_ref().err()));
            // This attempt is counted by both.
            let earlier = context.attempt().saturating_sub(1);
            call.sent_before(u32::try_from(earlier).unwrap_or(u32::MAX));
            let verdict = call.record(&seen);
            let Err(error) = result else { return result };
            match verdict {
                Verdict::Success => Err(error),
                Verdict::GiveUp(_) => {
                    context.raw_status().store(Status::Killed);
                    Err(AbortError::new(error).into())
                }
                Verdict::Retry => {
                    hand_back(&tasks, &context, call.hand_over()).await?;
                    Err(error)
                }
            }
        })
    }
}

/// Where the function said nothing: an error may pass, unless apalis is told otherwise.
fn judge(error: Option<&BoxDynError>) -> Observation {
    Observation::new(match error {
        None => Outcome::Success,
        Some(error) if error.is::<AbortError>() => Outcome::Permanent,
        Some(_) => Outcome::Transient,
    })
}

async fn hand_back(
    tasks: &impl HandBack,
    context: &ExecutionContext,
    wait: Option<std::time::Duration>,
) -> Result<(), BoxDynError> {
    let (Some(task), Some(wait)) = (context.task_id(), wait) else { return Ok(()) };
    #[expect(clippy::disallowed_methods, reason = "databases keep dates")]
    let now = SystemTime::now();
    tasks.hand_back(task.clone(), now + wait).await
}

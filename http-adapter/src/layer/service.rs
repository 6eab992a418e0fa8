//! The service that the layer makes.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use forbear_core::driver::{Attempts, Verdict};
use forbear_core::{Cost, GiveUp, Observation, Outcome, Policy, RateSignal};
use tower_service::Service;

use super::{Error, HttpRequest, HttpResponse, PeekedResponse, idempotency_key, safety};
use crate::{Head, Reader, wall_clock};

/// A service whose requests go as a policy says; made by
/// [`ForbearLayer`](super::ForbearLayer).
#[derive(Clone, Debug)]
pub struct Forbear<S> {
    inner: S,
    policy: Policy,
    reader: Arc<Reader>,
    add_idempotency_key: bool,
}

impl<S> Forbear<S> {
    pub(super) const fn new(
        inner: S,
        policy: Policy,
        reader: Arc<Reader>,
        add_idempotency_key: bool,
    ) -> Self {
        Self { inner, policy, reader, add_idempotency_key }
    }
}

impl<S, Q> Service<Q> for Forbear<S>
where
    S: Service<Q> + Clone + Send + 'static,
    S::Future: Send,
    S::Response: HttpResponse<Peeked: Send> + Send,
    S::Error: Send,
    Q: HttpRequest + Send + 'static,
{
    type Response = <S::Response as HttpResponse>::Peeked;
    type Error = Error<S::Error>;
    type Future = ForbearFuture<Self::Response, S::Error>;

    /// Always ready: a request waits in its own future, in line with the others,
    /// where dropping it gives its place back.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Q) -> Self::Future {
        if self.add_idempotency_key {
            let method = request.method().clone();
            idempotency_key::add_to(&method, request.headers_mut());
        }
        let attempts = self.policy.attempts_costing(Cost::REQUEST);
        ForbearFuture(Box::pin(send(
            self.inner.clone(),
            request,
            attempts,
            Arc::clone(&self.reader),
        )))
    }
}

/// The future of a [`Forbear`] service.
///
/// Dropped at any point, it gives back its place in the line and whatever it
/// holds of the limiters.
#[must_use = "futures do nothing unless polled"]
pub struct ForbearFuture<R, E>(Pin<Box<dyn Future<Output = Result<R, Error<E>>> + Send>>);

impl<R, E> Future for ForbearFuture<R, E> {
    type Output = Result<R, Error<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<R, E> fmt::Debug for ForbearFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForbearFuture").finish_non_exhaustive()
    }
}

async fn send<S, Q>(
    mut inner: S,
    request: Q,
    mut attempts: Attempts,
    reader: Arc<Reader>,
) -> Result<<S::Response as HttpResponse>::Peeked, Error<S::Error>>
where
    S: Service<Q>,
    S::Response: HttpResponse,
    Q: HttpRequest,
{
    let is_idempotent = safety::is_idempotent(request.method(), request.headers());
    let mut next = request;
    let mut last_error = None;
    loop {
        if let Err(why) = attempts.permit().await {
            return Err(Error::new(why, attempts.sends(), last_error));
        }
        // Copied while it is whole: a body may be gone once it is sent.
        let spare = next.try_replay();
        let result = match poll_fn(|cx| inner.poll_ready(cx)).await {
            Ok(()) => inner.call(next).await,
            Err(error) => Err(error),
        };
        let (result, seen) = match result {
            Ok(response) => {
                let (response, seen) = observe(&reader, response).await;
                (Ok(response), seen)
            }
            Err(error) => (Err(error), Observation::new(Outcome::Transient)),
        };
        let status = result.as_ref().ok().map(PeekedResponse::status);
        // A stream may have outgrown what is kept of it while it was sent.
        let spare = spare.filter(HttpRequest::can_replay);
        if spare.is_none() || !(is_idempotent || safety::was_not_done(status, seen.outcome)) {
            attempts.forbid_repeat();
        }
        match (attempts.record(&seen), result, spare) {
            (Verdict::Retry, Ok(response), Some(spare)) => {
                // Read to its end, so that its connection can be used again.
                response.discard().await;
                next = spare;
            }
            (Verdict::Retry, Err(error), Some(spare)) => {
                last_error = Some(error);
                next = spare;
            }
            (Verdict::GiveUp(why), Ok(mut response), _) => {
                response.set_give_up(why);
                return Ok(response);
            }
            (_, Ok(response), _) => return Ok(response),
            (verdict, Err(error), _) => {
                let why = match verdict {
                    Verdict::GiveUp(why) => why,
                    Verdict::Success | Verdict::Retry => GiveUp::NotRepeatable(seen.outcome),
                };
                return Err(Error::new(why, attempts.sends(), Some(error)));
            }
        }
    }
}

/// Reads a response by the wall clock of its receipt, and the beginning of its body
/// if that may say more.
async fn observe<R: HttpResponse>(reader: &Reader, response: R) -> (R::Peeked, Observation) {
    let now = wall_clock::now();
    let status = response.status().as_u16();
    if !reader.wants_body(status, response.headers()) {
        let seen = reader.read(&Head::new(status, response.headers()), now).observe();
        return (response.unread(), seen);
    }
    let (response, beginning) = response.peek().await;
    let head = Head::new(status, response.headers()).with_body(&beginning);
    let seen = reader.read(&head, now).observe();
    (response, seen)
}

//! The service that the layer makes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use forbear_core::driver::{Attempts, Verdict};
use forbear_core::{GiveUp, Observation, Outcome};
use http::HeaderMap;
use tower_service::Service;

use super::race::Answer;
use super::recording::Recording;
use super::rules::Rules;
use super::scopes::{Scope, Scopes};
use super::{Error, HttpRequest, HttpResponse, PeekedResponse, idempotency_key, nesting};

/// A service whose requests go as a policy says; made by
/// [`ForbearLayer`](super::ForbearLayer).
#[derive(Clone, Debug)]
pub struct Forbear<S> {
    inner: S,
    scopes: Scopes,
    rules: Arc<Rules>,
}

impl<S> Forbear<S> {
    pub(super) const fn new(inner: S, scopes: Scopes, rules: Arc<Rules>) -> Self {
        Self { inner, scopes, rules }
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
        let sending = Sending::begin(&self.scopes, &self.rules, &mut request);
        ForbearFuture(Box::pin(sending.send(self.inner.clone(), request)))
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

/// One request under way.
pub(super) struct Sending {
    pub(super) attempts: Attempts,
    pub(super) recording: Recording,
    pub(super) scope: Scope,
    pub(super) rules: Arc<Rules>,
    /// Somebody further out retries.
    pub(super) is_nested: bool,
}

impl Sending {
    /// Makes `request` ready to be sent.
    pub(super) fn begin<Q: HttpRequest + 'static>(
        scopes: &Scopes,
        rules: &Arc<Rules>,
        request: &mut Q,
    ) -> Self {
        if rules.add_idempotency_key {
            let method = request.method().clone();
            idempotency_key::add_to(&method, request.headers_mut());
        }
        let scope = scopes.of(request);
        let cost = rules.cost_of(request);
        let recording = Recording::begin(rules, &scope, cost);
        let attempts = scope.policy.attempts_costing(cost);
        let (rules, is_nested) = (Arc::clone(rules), nesting::enter(request));
        Self { attempts, recording, scope, rules, is_nested }
    }

    pub(super) async fn send<S, Q>(
        mut self,
        mut inner: S,
        request: Q,
    ) -> Result<<S::Response as HttpResponse>::Peeked, Error<S::Error>>
    where
        S: Service<Q, Error: 'static>,
        S::Response: HttpResponse,
        Q: HttpRequest,
    {
        let is_idempotent = self.rules.is_idempotent(request.method(), request.headers());
        let mut next = request;
        let mut last_error = None;
        loop {
            if let Err(why) = self.attempts.permit().await {
                self.recording.ended(why);
                return Err(Error::new(why, &self.attempts, last_error));
            }
            self.recording.sent();
            self.label(next.headers_mut());
            // Copied while it is whole: a body may be gone once it is sent.
            let spare = next.try_replay();
            let (Answer { result, seen, was_not_done }, spare) =
                self.send_one(&mut inner, next, spare).await;
            // A stream may have outgrown what is kept of it while it was sent.
            let spare = spare.filter(HttpRequest::can_replay);
            let may_repeat = spare.is_some() && (is_idempotent || was_not_done);
            let verdict = self.conclude(&seen, may_repeat);
            match (verdict, result, spare) {
                (Verdict::Retry, Ok(response), Some(spare)) => {
                    // Read to its end, so that its connection can be used again.
                    response.discard().await;
                    next = spare;
                }
                (Verdict::Retry, Err(error), Some(spare)) => {
                    last_error = error.or(last_error);
                    next = spare;
                }
                (Verdict::GiveUp(why), Ok(mut response), _) => {
                    response.set_give_up(why, self.attempts.history());
                    return Ok(response);
                }
                (_, Ok(response), _) => return Ok(response),
                (verdict, Err(error), _) => {
                    let why = end_of(verdict, seen.outcome);
                    return Err(Error::new(why, &self.attempts, error.or(last_error)));
                }
            }
        }
    }

    /// Takes in what an attempt came to; `may_repeat` says whether the request is there to
    /// be sent again, and whether that is safe.
    pub(super) fn conclude(&mut self, seen: &Observation, may_repeat: bool) -> Verdict {
        if self.is_nested || !may_repeat {
            self.attempts.forbid_repeat();
        }
        self.scope.note(seen);
        let verdict = self.attempts.record(seen);
        self.recording.answered(seen, verdict);
        verdict
    }

    /// Puts the number of the attempt and the time left on a request, if asked.
    pub(super) fn label(&self, headers: &mut HeaderMap) {
        if let Some(name) = &self.rules.attempt_field {
            headers.insert(name.clone(), self.attempts.sends().into());
        }
        if let Some(name) = &self.rules.deadline_field
            && let Some(left) = self.time_left()
        {
            let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
            headers.insert(name.clone(), millis.into());
        }
    }

    /// How long anybody waits for the attempt under way.
    fn time_left(&self) -> Option<Duration> {
        let times = [self.attempts.time_left(), self.attempts.attempt_timeout()];
        times.into_iter().flatten().min()
    }
}

/// Why a request ends with an error that is not tried again.
pub(super) const fn end_of(verdict: Verdict, outcome: Outcome) -> GiveUp {
    match verdict {
        Verdict::GiveUp(why) => why,
        Verdict::Success | Verdict::Retry => GiveUp::NotRepeatable(outcome),
    }
}

//! One send, or several of one request of which the first good answer counts.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use forbear_core::driver::HedgedSend;
use forbear_core::{Observation, Outcome};
use tokio::time::Sleep;
use tower_service::Service;

use super::hedging::Armed;
use super::rules::Rules;
use super::service::Sending;
use super::time_out::TimeOut;
use super::{HttpRequest, HttpResponse, SendError, nesting, safety};
use crate::{Head, wall_clock};

/// What became of one send.
pub(super) struct Answer<R, E> {
    /// There is no error where there was no response in time.
    pub(super) result: Result<R, Option<E>>,
    /// Boxed, because it is handed on through one future after the other.
    pub(super) seen: Box<Observation>,
    /// The server did not do the work.
    pub(super) was_not_done: bool,
}

/// The answer to a request of `S`.
type AnswerOf<S, Q> =
    Answer<<<S as Service<Q>>::Response as HttpResponse>::Peeked, <S as Service<Q>>::Error>;

impl Sending {
    /// Sends `request`, and copies of `spare` if it is one to hedge and the answer is
    /// late; returns `spare` beside the answer.
    pub(super) async fn send_one<S, Q>(
        &mut self,
        inner: &mut S,
        request: Q,
        spare: Option<Q>,
    ) -> (AnswerOf<S, Q>, Option<Q>)
    where
        S: Service<Q, Error: 'static>,
        S::Response: HttpResponse,
        Q: HttpRequest,
    {
        let rules = Arc::clone(&self.rules);
        let time_out = TimeOut::from_now(&self.attempts);
        match TimeOut::bound(time_out, pin!(poll_fn(|cx| inner.poll_ready(cx)))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return (failed(&rules, error), spare),
            Err(after) => return (timed_out(after, SendError::NotSent), spare),
        }
        let may_be_hedged = !self.is_nested
            && rules.hedging.is_some()
            && safety::may_be_hedged(request.method(), request.headers());
        match (spare, &rules.hedging) {
            (Some(spare), Some(armed)) if may_be_hedged => {
                let first = (request, time_out);
                let (answer, spare) = self.send_hedged(&rules, armed, inner, first, spare).await;
                (answer, Some(spare))
            }
            (spare, _) => (answer(&rules, time_out, inner.call(request)).await, spare),
        }
    }

    async fn send_hedged<S, Q>(
        &mut self,
        rules: &Rules,
        armed: &Armed,
        inner: &mut S,
        (request, time_out): (Q, Option<TimeOut>),
        spare: Q,
    ) -> (AnswerOf<S, Q>, Q)
    where
        S: Service<Q, Error: 'static>,
        S::Response: HttpResponse,
        Q: HttpRequest,
    {
        let begun = self.attempts.elapsed();
        let delay = armed.delay(self.scope.latencies());
        let number = self.attempts.sends();
        let mut race = Race::new(number, answer(rules, time_out, inner.call(request)), delay);
        let mut left = armed.most();
        let last = loop {
            let Some((at, one)) = poll_fn(|cx| race.poll(cx)).await else {
                left = left.saturating_sub(1);
                match self.next_hedge(inner, &spare) {
                    Some((hedge, copy)) => {
                        self.recording.sent();
                        let number = self.attempts.sends();
                        let time_out = TimeOut::from_now(&self.attempts);
                        race.join(number, hedge, answer(rules, time_out, inner.call(copy)));
                        race.wait(delay.filter(|_| left > 0));
                    }
                    // What forbids a hedge forbids the next one too.
                    None => race.wait(None),
                }
                continue;
            };
            if let Some(mut hedge) = race.runners[at].hedge.take() {
                // The call's own send is now the one that was overtaken.
                self.attempts.exchange(&mut hedge);
                race.own().hedge = Some(hedge);
            }
            let number = race.runners.swap_remove(at).number;
            let others = race.runners.first_mut().filter(|_| one.seen.outcome.is_retryable());
            match others.and_then(|next| next.hedge.take()) {
                Some(hedge) => {
                    self.recording.overtaken(number, &one.seen);
                    self.attempts.fall_back(hedge, one.seen.as_ref());
                }
                None => break one,
            }
        };
        for left in &race.runners {
            self.recording.overtaken(left.number, &Observation::new(Outcome::Ignored));
        }
        let took = self.attempts.elapsed().saturating_sub(begun);
        armed.learn(self.scope.latencies(), took);
        (last, spare)
    }

    /// A permit for a hedge and the request to send, unless something forbids one.
    fn next_hedge<S, Q>(&mut self, inner: &mut S, spare: &Q) -> Option<(HedgedSend, Q)>
    where
        S: Service<Q>,
        Q: HttpRequest,
    {
        if !spare.can_overlap() {
            return None;
        }
        // Asked once: a service that is not ready at once has no room for more.
        let ready = inner.poll_ready(&mut Context::from_waker(Waker::noop()));
        if !matches!(ready, Poll::Ready(Ok(()))) {
            return None;
        }
        let mut copy = spare.try_replay()?;
        let hedge = self.attempts.hedge()?;
        self.label(copy.headers_mut());
        Some((hedge, copy))
    }
}

/// The sends of one attempt that are under way.
struct Race<F> {
    runners: Vec<Runner<F>>,
    timer: Option<Pin<Box<Sleep>>>,
}

struct Runner<F> {
    /// Which send of the call it is, from 1.
    number: u32,
    send: Pin<Box<F>>,
    /// What it holds; `None` for the send that is the call's own.
    hedge: Option<HedgedSend>,
}

impl<F: Future> Race<F> {
    fn new(number: u32, first: F, delay: Option<Duration>) -> Self {
        let own = Runner { number, send: Box::pin(first), hedge: None };
        let mut race = Self { runners: vec![own], timer: None };
        race.wait(delay);
        race
    }

    fn join(&mut self, number: u32, hedge: HedgedSend, send: F) {
        self.runners.push(Runner { number, send: Box::pin(send), hedge: Some(hedge) });
    }

    #[expect(clippy::disallowed_methods, reason = "a driver waits")]
    fn wait(&mut self, delay: Option<Duration>) {
        self.timer = delay.map(|delay| Box::pin(tokio::time::sleep(delay)));
    }

    /// The send that is the call's own.
    fn own(&mut self) -> &mut Runner<F> {
        let own = self.runners.iter_mut().find(|runner| runner.hedge.is_none());
        own.expect("one send is the call's own, because only answers change which")
    }

    /// The first answer and whose it is; `None` when it is time for a hedge.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, F::Output)>> {
        for (at, runner) in self.runners.iter_mut().enumerate() {
            if let Poll::Ready(answer) = runner.send.as_mut().poll(cx) {
                return Poll::Ready(Some((at, answer)));
            }
        }
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(cx).map(|()| None),
            None => Poll::Pending,
        }
    }
}

/// Sends, and reads the answer.
async fn answer<F, R, E>(rules: &Rules, time_out: Option<TimeOut>, send: F) -> Answer<R::Peeked, E>
where
    F: Future<Output = Result<R, E>>,
    R: HttpResponse,
    E: 'static,
{
    // In a block of its own: what was cut off is dropped before it is told of.
    let came = { TimeOut::bound(time_out, pin!(nesting::sending(send))).await };
    match came {
        Ok(Ok(response)) => {
            let (response, seen) = observe(rules, response).await;
            let status = super::PeekedResponse::status(&response);
            let was_not_done = safety::was_not_done(status, seen.outcome);
            Answer { result: Ok(response), seen, was_not_done }
        }
        Ok(Err(error)) => failed(rules, error),
        Err(after) => timed_out(after, SendError::MaybeSent),
    }
}

fn failed<R, E: 'static>(rules: &Rules, error: E) -> Answer<R, E> {
    let read = rules.read_error(&error);
    let (seen, was_not_done) = (Box::new(read.observation()), read.was_not_done());
    Answer { result: Err(Some(error)), seen, was_not_done }
}

fn timed_out<R, E>(after: Duration, when: SendError) -> Answer<R, E> {
    let seen = Box::new(Observation::timed_out(after));
    Answer { result: Err(None), seen, was_not_done: when.was_not_done() }
}

/// Reads a response by the wall clock of its receipt, and the beginning of its body if
/// that may say more.
async fn observe<R: HttpResponse>(rules: &Rules, response: R) -> (R::Peeked, Box<Observation>) {
    let now = wall_clock::now();
    let status = response.status().as_u16();
    if !rules.reader.wants_body(status, response.headers()) {
        let seen = rules.read(&Head::new(status, response.headers()), now);
        return (response.unread(), Box::new(seen));
    }
    let (response, beginning) = response.peek().await;
    let head = Head::new(status, super::PeekedResponse::headers(&response));
    let seen = rules.read(&head.with_body(&beginning), now);
    (response, Box::new(seen))
}

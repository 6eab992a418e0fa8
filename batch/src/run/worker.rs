//! Taking turns, and sending.

use std::sync::Arc;

use forbear_core::driver::Verdict;
use forbear_core::driver::queue::{Answered, Turn};
use forbear_core::queue::ScopeId;
use forbear_core::{Cost, GiveUp, Observation, Outcome, StopReason, Throttle};
use http::StatusCode;

use super::job::Job;
use super::{Shared, outcome};
use crate::input::JobName;
use crate::send::{Attempt, Came};
use crate::{BatchError, ErrorKind};

/// Attempts in vain after which a server that never answered is given up: a name that is
/// misspelled is told within seconds, whatever the policy's patience.
const IN_VAIN: u32 = 3;

/// A job that was sent, and is over.
pub(super) struct Sent {
    pub(super) job: Job,
    pub(super) id: JobName,
    pub(super) attempts: u32,
    pub(super) took_ms: u64,
    pub(super) cost: Cost,
    pub(super) seen: Observation,
    pub(super) came: Came,
}

/// Sends jobs until there are none.
pub(super) async fn work(shared: Arc<Shared>) {
    while let Some(turn) = shared.queue.next().await {
        send(&shared, turn).await;
    }
}

async fn send(shared: &Shared, mut turn: Turn<Job>) {
    let line = match shared.read(turn.payload()) {
        Ok(line) => line,
        Err(error) => {
            shared.stop(error);
            return turn.retract();
        }
    };
    let id = line.id.clone();
    let (attempts, cost, scope) = (turn.attempt(), *turn.cost(), turn.scope());
    let record = turn.payload().record.clone();
    record.sent();
    shared.monitor.sent(attempts);
    let sent_at = shared.monitor.now();
    let Attempt { seen, may_repeat, came } = shared.sender.send(turn.payload().line, line).await;
    let took = shared.monitor.now().since(sent_at);
    let trouble = match &came {
        Came::Answer(_) => None,
        Came::NotSent(why) | Came::Broken(why) => Some(why.as_str()),
    };
    shared.monitor.answered(&seen, trouble);
    shared.has_reached(scope, &came, attempts);
    if !may_repeat {
        turn.forbid_repeat();
    }
    let sent = |job| Sent {
        job,
        id,
        attempts,
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        cost,
        seen,
        came,
    };
    match turn.answer(&seen) {
        Answered::Done(job) => {
            record.answered(&seen, Verdict::Success);
            outcome::succeeded(shared, sent(job)).await;
        }
        Answered::Again(_) => record.answered(&seen, Verdict::Retry),
        Answered::GaveUp(failed) => {
            record.answered(&seen, Verdict::GiveUp(failed.why));
            gave_up(shared, sent(failed.payload), failed.why).await;
        }
    }
}

/// What follows when the policy gives a job up.
async fn gave_up(shared: &Shared, sent: Sent, why: GiveUp) {
    // Nothing more is sent, so it is left for the next start.
    if why == GiveUp::Stopped(StopReason::Cancelled) {
        return;
    }
    if !shared.batch.keeps_going
        && let Some(error) = all_would_fail(shared, &sent)
    {
        return shared.stop(error);
    }
    outcome::failed(shared, sent, why).await;
}

/// Why going on makes no sense, if it makes none.
fn all_would_fail(shared: &Shared, sent: &Sent) -> Option<BatchError> {
    let stopped = |message: String| BatchError::new(ErrorKind::Stopped, message);
    let answer = match &sent.came {
        Came::NotSent(why) => return Some(stopped(why.clone())),
        Came::Broken(_) => return None,
        Came::Answer(answer) => answer,
    };
    let said = shared.sender.redact(answer.summary());
    if sent.seen.outcome == Outcome::Throttled(Throttle::QuotaExhausted) {
        return Some(stopped(format!("the quota is used up for good: {said}")));
    }
    (answer.status == StatusCode::UNAUTHORIZED)
        .then(|| stopped(said).help("see the secrets that were given, and their environment"))
}

impl Shared {
    /// Notes whether the server of a scope is there at all.
    fn has_reached(&self, scope: ScopeId, came: &Came, attempt: u32) {
        let mut notes = self.notes();
        if notes.reached.contains(&scope) {
            return;
        }
        match came {
            Came::NotSent(why) if attempt >= IN_VAIN && !self.batch.keeps_going => {
                drop(notes);
                self.stop(BatchError::new(ErrorKind::Stopped, why.clone()));
            }
            Came::NotSent(_) => {}
            Came::Answer(_) | Came::Broken(_) => {
                notes.reached.insert(scope);
            }
        }
    }
}

//! One call, as it is recorded.

use std::mem;

use forbear_core::driver::Verdict;
use forbear_core::{Cost, GiveUp, Observation, Outcome, Timestamp};

use super::{CallEnd, Recorder, TraceAttempt, TraceEnd, TraceEntry};

/// One call that is being recorded; made by [`Recorder::call`].
///
/// Dropped before its end, it is recorded as [`Abandoned`](CallEnd::Abandoned).
///
/// # Examples
///
/// ```
/// use forbear_core::driver::Verdict;
/// use forbear_core::{Cost, Observation, Outcome, Policy};
/// use forbear_http::trace::Recorder;
///
/// let recorder = Recorder::builder().write_to(std::io::sink())?;
/// let policy = Policy::recommended();
/// let mut attempts = policy.attempts();
/// let mut recorded = recorder.call(None, *attempts.cost());
/// attempts.permit_blocking().inspect_err(|&why| recorded.ended(why)).unwrap();
/// recorded.sent();
/// // Send here.
/// let seen = Observation::new(Outcome::Success);
/// let verdict = attempts.record(&seen);
/// recorded.answered(&seen, verdict);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct RecordedCall {
    recorder: Recorder,
    number: u64,
    arrived_at: Timestamp,
    scope: Option<String>,
    cost: Cost,
    sends: u32,
    sent_at: Option<Timestamp>,
    is_over: bool,
}

impl RecordedCall {
    pub(super) fn new(recorder: Recorder, number: u64, scope: Option<String>, cost: Cost) -> Self {
        let arrived_at = recorder.now();
        Self { recorder, number, arrived_at, scope, cost, sends: 0, sent_at: None, is_over: false }
    }

    /// An attempt is sent now.
    pub fn sent(&mut self) {
        self.sends = self.sends.saturating_add(1);
        self.sent_at = Some(self.recorder.now());
    }

    /// The attempt that was sent last ended now, and `verdict` followed.
    ///
    /// Nothing is recorded if none is under way.
    pub fn answered(&mut self, seen: &Observation, verdict: Verdict) {
        let end = match verdict {
            Verdict::Retry => None,
            Verdict::Success => Some(CallEnd::Success),
            Verdict::GiveUp(why) => Some(why.into()),
        };
        if let Some(sent_at) = self.sent_at.take() {
            self.write(Some((sent_at, seen)), end);
        }
    }

    /// The call is given up now, without an attempt under way.
    pub fn ended(&mut self, why: GiveUp) {
        self.write(None, Some(why.into()));
    }

    fn write(&mut self, attempt: Option<(Timestamp, &Observation)>, end: Option<CallEnd>) {
        if self.is_over {
            return;
        }
        self.is_over = end.is_some();
        let now = self.recorder.now();
        let attempt = attempt.map(|(sent_at, seen)| TraceAttempt {
            number: self.sends,
            sent_at,
            answered_at: now,
            observation: self.recorder.without_names(seen),
        });
        // The last line takes the name along, the others need a copy.
        let scope = if self.is_over { mem::take(&mut self.scope) } else { self.scope.clone() };
        self.recorder.write(TraceEntry {
            call: self.number,
            arrived_at: self.arrived_at,
            scope,
            cost: self.cost,
            attempt,
            end: end.map(|how| TraceEnd { at: now, how }),
        });
    }
}

impl Drop for RecordedCall {
    fn drop(&mut self) {
        let ignored = Observation::new(Outcome::Ignored);
        let attempt = self.sent_at.take().map(|sent_at| (sent_at, &ignored));
        self.write(attempt, Some(CallEnd::Abandoned));
    }
}

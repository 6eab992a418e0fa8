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
    /// The numbers of what is under way, and when it was sent: one, or more where an
    /// attempt is hedged.
    under_way: Vec<(u32, Timestamp)>,
    is_over: bool,
}

impl RecordedCall {
    pub(super) fn new(recorder: Recorder, number: u64, scope: Option<String>, cost: Cost) -> Self {
        let arrived_at = recorder.now();
        let under_way = Vec::new();
        Self { recorder, number, arrived_at, scope, cost, sends: 0, under_way, is_over: false }
    }

    /// An attempt is sent now: a retry, or beside those that are under way.
    ///
    /// The first of a call has the number 1, each further one the next.
    pub fn sent(&mut self) {
        self.sends = self.sends.saturating_add(1);
        self.under_way.push((self.sends, self.recorder.now()));
    }

    /// The attempt `number` ended now, while another of the call goes on or has the last
    /// word: it failed, or nobody waits for its answer any more
    /// ([`Ignored`](Outcome::Ignored)).
    ///
    /// Nothing is recorded if it is not under way.
    pub fn overtaken(&mut self, number: u32, seen: &Observation) {
        if let Some(at) = self.under_way.iter().position(|&(other, _)| other == number) {
            let (number, sent_at) = self.under_way.remove(at);
            self.write(Some((number, sent_at, seen)), None);
        }
    }

    /// The attempt that is under way ended now, and `verdict` followed.
    ///
    /// Nothing is recorded if none is; of several it is the one that was sent first.
    pub fn answered(&mut self, seen: &Observation, verdict: Verdict) {
        let end = match verdict {
            Verdict::Retry => None,
            Verdict::Success => Some(CallEnd::Success),
            Verdict::GiveUp(why) => Some(why.into()),
        };
        if !self.under_way.is_empty() {
            let (number, sent_at) = self.under_way.remove(0);
            self.write(Some((number, sent_at, seen)), end);
        }
    }

    /// The call is given up now, without an attempt under way.
    pub fn ended(&mut self, why: GiveUp) {
        self.write(None, Some(why.into()));
    }

    fn write(&mut self, attempt: Option<(u32, Timestamp, &Observation)>, end: Option<CallEnd>) {
        if self.is_over {
            return;
        }
        self.is_over = end.is_some();
        let now = self.recorder.now();
        let attempt = attempt.map(|(number, sent_at, seen)| TraceAttempt {
            number,
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
        let last = self.under_way.pop();
        for (number, sent_at) in mem::take(&mut self.under_way) {
            self.write(Some((number, sent_at, &ignored)), None);
        }
        let attempt = last.map(|(number, sent_at)| (number, sent_at, &ignored));
        self.write(attempt, Some(CallEnd::Abandoned));
    }
}

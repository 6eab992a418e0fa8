//! A run as a trace, in the form in which production records one.

use forbear_core::{Cost, Observation, Timestamp};
use forbear_http::trace::{CallEnd, TraceAttempt, TraceEnd, TraceEntry};

use crate::fact::{Fact, Instant};
use crate::storm::Storm;

/// Writes down what the calls of a run do.
#[derive(Debug)]
pub(crate) struct Scribe {
    calls: Vec<Noted>,
    entries: Vec<TraceEntry>,
}

/// What is known of a call before it is written.
#[derive(Clone, Copy, Debug)]
struct Noted {
    cost: Cost,
    arrived_at: Timestamp,
    sent_at: Timestamp,
    /// The entry of its last attempt.
    last: Option<usize>,
}

impl Scribe {
    pub(crate) fn of(storm: &Storm) -> Self {
        let noted = (0..storm.calls()).map(|call| Noted {
            cost: storm.costs(call).0,
            arrived_at: Timestamp::ZERO,
            sent_at: Timestamp::ZERO,
            last: None,
        });
        Self { calls: noted.collect(), entries: Vec::new() }
    }

    pub(crate) fn into_entries(self) -> Vec<TraceEntry> {
        self.entries
    }

    pub(crate) fn note(&mut self, when: Instant, fact: &Fact) {
        let at = Timestamp::from_nanos(when.at);
        match *fact {
            Fact::Wanted { call } => self.calls[call as usize].arrived_at = at,
            Fact::Sent { call, .. } => self.calls[call as usize].sent_at = at,
            Fact::Ended { call, end } => {
                let how = end.err().map_or(CallEnd::Success, CallEnd::from);
                self.end(call, TraceEnd { at, how });
            }
            Fact::CutOff { call } => self.end(call, TraceEnd { at, how: CallEnd::Abandoned }),
            _ => {}
        }
    }

    /// A client has an answer.
    pub(crate) fn answered(&mut self, when: Instant, call: u32, number: u32, seen: &Observation) {
        let noted = &mut self.calls[call as usize];
        noted.last = Some(self.entries.len());
        let attempt = TraceAttempt {
            number,
            sent_at: noted.sent_at,
            answered_at: Timestamp::from_nanos(when.at),
            observation: *seen,
        };
        let entry = noted.entry(call);
        self.entries.push(TraceEntry { attempt: Some(attempt), ..entry });
    }

    /// The end of a call goes with its last attempt if it follows at once.
    fn end(&mut self, call: u32, end: TraceEnd) {
        let noted = self.calls[call as usize];
        let last = noted.last.map(|index| &mut self.entries[index]);
        let at_once = |entry: &&mut TraceEntry| {
            entry.attempt.is_some_and(|attempt| attempt.answered_at == end.at)
        };
        if let Some(entry) = last.filter(at_once) {
            entry.end = Some(end);
        } else {
            self.entries.push(TraceEntry { end: Some(end), ..noted.entry(call) });
        }
    }
}

impl Noted {
    /// An entry of this call that says nothing yet.
    fn entry(&self, call: u32) -> TraceEntry {
        TraceEntry {
            call: u64::from(call) + 1,
            arrived_at: self.arrived_at,
            scope: None,
            cost: self.cost,
            attempt: None,
            end: None,
        }
    }
}

//! What a run counts while it goes.

use std::collections::BTreeMap;
use std::time::Duration;

use forbear_core::Timestamp;

use super::{Tenants, Timeline};
use crate::hash::Hash;
use crate::results::AttemptCount;
use crate::trace::{Finished, Sent};

/// Counts, times and the hash of one run.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    /// Calls that the horizon ended or kept from beginning.
    pub(crate) cut_off: u64,
    pub(crate) sends: u64,
    pub(crate) answers: u64,
    pub(crate) throttled: u64,
    pub(crate) before_hint: u64,
    /// When the last call ended, in ns.
    pub(crate) last_end: u64,
    /// Times from the arrival of a call to its success, in ns.
    pub(crate) completions: Vec<u64>,
    /// Kept for the run that is drawn.
    pub(crate) timeline: Option<Timeline>,
    /// Kept with it: calls that ended, by their sends.
    attempts: Option<BTreeMap<u32, AttemptCount>>,
    /// Kept for a run that is looked at send by send.
    pub(crate) trace: Option<Vec<Sent>>,
    /// Kept with it.
    pub(crate) ends: Option<Vec<Finished>>,
    /// Kept where clients share a process, or calls have deadlines.
    pub(crate) tenants: Option<Box<Tenants>>,
    pub(crate) hash: Hash,
}

impl Tally {
    /// Of nothing yet; with what is only kept for runs that are looked at.
    pub(crate) fn new(drawn: bool, trace: bool) -> Self {
        Self {
            calls: 0,
            succeeded: 0,
            failed: 0,
            cut_off: 0,
            sends: 0,
            answers: 0,
            throttled: 0,
            before_hint: 0,
            last_end: 0,
            completions: Vec::new(),
            timeline: drawn.then(Timeline::new),
            attempts: drawn.then(BTreeMap::new),
            trace: trace.then(Vec::new),
            ends: trace.then(Vec::new),
            tenants: None,
            hash: Hash::new(),
        }
    }

    /// A call is wanted.
    pub(crate) fn arrived(&mut self, now: u64, call: u32, client: u32) {
        self.calls += 1;
        if let Some(tenants) = &mut self.tenants {
            tenants.wanted(now, client);
        }
        self.record(1, now, call, 0);
        if let Some(timeline) = &mut self.timeline {
            timeline.at(now).begun += 1;
        }
    }

    /// A client sends.
    pub(crate) fn sent(&mut self, sent: Sent, is_before_hint: bool, arrived_at: u64) {
        self.sends += 1;
        self.before_hint += u64::from(is_before_hint);
        let now = sent.at.as_nanos();
        if let Some(tenants) = self.tenants.as_mut().filter(|_| sent.attempt == 1) {
            tenants.sent(now, sent.client, arrived_at);
        }
        self.record(2, now, sent.call, u64::from(sent.attempt));
        if let Some(trace) = &mut self.trace {
            trace.push(sent);
        }
    }

    /// A request has read a row.
    pub(crate) fn read(&mut self, now: u64, call: u32, version: u32) {
        self.record(6, now, call, u64::from(version));
    }

    /// The server has decided about a request.
    pub(crate) fn decided(&mut self, now: u64, call: u32, status: u16, is_refusal: bool) {
        self.record(3, now, call, u64::from(status));
        self.throttled += u64::from(is_refusal);
        if let Some(timeline) = &mut self.timeline {
            // Both here, so that a slice never has more refusals than requests.
            let slice = timeline.at(now);
            slice.sends += 1;
            slice.throttled += u64::from(is_refusal);
        }
    }

    /// A client has an answer, or waits no longer for one.
    pub(crate) fn answered(&mut self, now: u64, call: u32, status: u16) {
        self.answers += 1;
        self.record(4, now, call, u64::from(status));
    }

    /// A call of `client` has ended after `sends` sends.
    pub(crate) fn left(&mut self, client: u32, sends: u32) {
        if let Some(tenants) = self.tenants.as_mut().filter(|_| sends == 0) {
            tenants.gave_up(client);
        }
    }

    /// A client has restarted, and takes up `calls` again.
    pub(crate) fn restarted(&mut self, now: u64, client: u32, calls: u64) {
        self.record(7, now, client, calls);
    }

    /// A call has ended after `sends` sends, `took` after it was wanted, in ns.
    pub(crate) fn ended(&mut self, now: u64, call: u32, sends: u32, took: u64, is_success: bool) {
        self.last_end = self.last_end.max(now);
        self.record(5, now, call, u64::from(is_success));
        if is_success {
            self.succeeded += 1;
            self.completions.push(took);
        } else {
            self.failed += 1;
        }
        if let Some(timeline) = &mut self.timeline {
            timeline.at(now).ended += 1;
        }
        if let Some(attempts) = &mut self.attempts {
            let count = attempts
                .entry(sends)
                .or_insert_with(|| AttemptCount { sends, ..AttemptCount::default() });
            *(if is_success { &mut count.succeeded } else { &mut count.failed }) += 1;
        }
        if let Some(ends) = &mut self.ends {
            let (at, took) = (Timestamp::from_nanos(now), Duration::from_nanos(took));
            ends.push(Finished { at, call, took, succeeded: is_success });
        }
    }

    /// The calls that ended by their sends, in rising order; none unless drawn.
    pub(crate) fn attempts(&self) -> Vec<AttemptCount> {
        self.attempts.iter().flatten().map(|(_, count)| *count).collect()
    }

    const fn record(&mut self, kind: u64, now: u64, call: u32, detail: u64) {
        self.hash.word(now);
        self.hash.word(kind << 32 | call as u64);
        self.hash.word(detail);
    }
}

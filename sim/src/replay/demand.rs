//! The demand of a recording, and what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use forbear_core::{Dimension, Outcome, Throttle};

use super::recording::RecordedCall;
use super::sample::Sample;
use crate::scenario::{AnswersSpec, RecordedSpec, nanos};

/// The calls as they arrived.
pub(super) fn arrivals(calls: &[&RecordedCall], round_trip: u64) -> RecordedSpec {
    let success = |call: &&RecordedCall| {
        call.attempts.iter().rfind(|attempt| attempt.seen.outcome == Outcome::Success).copied()
    };
    let mut spec = RecordedSpec {
        at_ns: calls.iter().map(|call| call.arrived_at).collect(),
        reserved: BTreeMap::new(),
        used: BTreeMap::new(),
        service_ns: Vec::with_capacity(calls.len()),
        status: Vec::new(),
        answers: None,
    };
    for call in calls {
        let took = success(call).map(|attempt| attempt.answered_at - attempt.sent_at);
        // 0 is for what is to be drawn.
        spec.service_ns.push(took.map_or(0, |took| took.saturating_sub(round_trip).max(1)));
    }
    let ends: Vec<u16> = calls.iter().map(|call| final_status(call)).collect();
    if ends.iter().any(|&status| status != 200) {
        spec.status = ends;
    }
    for dimension in Dimension::ALL {
        let usual = u32::from(dimension == Dimension::Requests);
        let reserved: Vec<u32> = calls.iter().map(|call| call.cost.get(dimension)).collect();
        let used: Vec<u32> = calls
            .iter()
            .zip(&reserved)
            .map(|(call, &reserved)| {
                let used = success(call).and_then(|attempt| attempt.seen.usage);
                // Nothing said of requests is one, and not none.
                let said = used.map(|usage| usage.get(dimension)).filter(|&units| units > 0);
                said.unwrap_or(reserved).min(reserved)
            })
            .collect();
        if used != reserved {
            spec.used.insert(dimension, used);
        }
        if reserved.iter().any(|&units| units != usual) {
            spec.reserved.insert(dimension, reserved);
        }
    }
    spec
}

/// What the server answers to a call that it lets in: 200 unless its failure was its own.
fn final_status(call: &RecordedCall) -> u16 {
    let Some(last) = call.attempts.last() else { return 200 };
    let own = |fallback: u16| {
        last.seen.code.filter(|code| (400..500).contains(code) && *code != 429).unwrap_or(fallback)
    };
    match last.seen.outcome {
        Outcome::Permanent => own(400),
        Outcome::Throttled(Throttle::QuotaExhausted) => own(403),
        _ => 200,
    }
}

/// The call, with times since `base`.
pub(super) fn since(call: &RecordedCall, base: u64) -> RecordedCall {
    let mut call = call.clone();
    call.arrived_at -= base;
    for attempt in &mut call.attempts {
        attempt.sent_at = attempt.sent_at.saturating_sub(base);
        attempt.answered_at = attempt.answered_at.saturating_sub(base);
    }
    call.end = call.end.map(|(at, how)| (at.saturating_sub(base), how));
    call
}

/// What each attempt was answered, by call, to be answered so again.
pub(super) fn answers(
    calls: &[&RecordedCall],
    samples: &[(u32, Sample<'_>)],
    within: Duration,
) -> AnswersSpec {
    let mut spec = AnswersSpec {
        within,
        at_ns: vec![Vec::new(); calls.len()],
        status: vec![Vec::new(); calls.len()],
        worked_ns: vec![Vec::new(); calls.len()],
        wait_ns: vec![Vec::new(); calls.len()],
    };
    // One after another for each call, since attempts of a call do not overtake each other.
    for (call, sample) in samples {
        let call = *call as usize;
        spec.at_ns[call].push(sample.at);
        spec.status[call].push(status(sample));
        spec.worked_ns[call].push(sample.worked);
        spec.wait_ns[call].push(sample.seen.retry_after.map_or(0, nanos));
    }
    spec
}

/// The status that means what the answer meant.
fn status(sample: &Sample<'_>) -> u16 {
    let fallback = match sample.seen.outcome {
        Outcome::Success => 200,
        Outcome::Permanent => 400,
        Outcome::Throttled(Throttle::QuotaExhausted) => 403,
        Outcome::Throttled(_) => 429,
        // A connection that broke, or no answer in time.
        _ => 502,
    };
    let means_the_same = |code: &u16| match fallback {
        200 => (200..300).contains(code),
        400 | 403 => (400..500).contains(code) && *code != 429,
        429 => *code == 429 || (*code == 503 && sample.seen.retry_after.is_some()),
        _ => (500..600).contains(code) && (*code != 503 || sample.seen.retry_after.is_none()),
    };
    sample.seen.code.filter(means_the_same).unwrap_or(fallback)
}

//! The model of the server.

use std::time::Duration;

use forbear_core::spec::DurationText;
use forbear_core::text::format_duration;
use forbear_core::{Outcome, Throttle};

use super::latency::Latency;
use super::limits::{most_frequent, of_quotas, percent};
use super::refusals::of_refusals;
use super::sample::Sample;
use super::server_file::ServerFile;
use super::toml_text::{self, format_seconds};
use super::{ReplayError, failures};
use crate::scenario::{LimitSpec, RetryAfterSpec, nanos};

/// Sentences about what is taken for granted.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<String>);

impl Notes {
    pub(super) fn add(&mut self, note: impl Into<String>) {
        self.0.push(note.into());
    }
}

/// The tables about the server.
pub(super) struct ServerText {
    pub(super) network: String,
    pub(super) server: String,
    pub(super) faults: String,
}

/// The server of a file.
pub(super) fn given(
    text: &str,
    latency: &Latency,
    notes: &mut Notes,
) -> Result<ServerText, ReplayError> {
    let file = ServerFile::read(text)?;
    notes.add("the server is the given one, and none of its limits is taken from the trace");
    let network = file.network.unwrap_or_else(|| {
        note_network(latency, notes);
        toml_text::network(latency)
    });
    notes.add("it works on each call as long as it was recorded to, where it was");
    Ok(ServerText { network, server: file.server, faults: file.faults })
}

/// The server that the samples tell of.
pub(super) fn inferred(
    samples: &[Sample<'_>],
    latency: &Latency,
    started_unix_ns: u64,
    notes: &mut Notes,
) -> ServerText {
    let (mut guesses, open) = of_quotas(samples);
    let has_slots =
        |kind| samples.iter().any(|sample| sample.seen.outcome == Outcome::Throttled(kind));
    let explains = !guesses.is_empty();
    // Windows that the server names say nothing of a limit on requests under way.
    guesses.extend(
        of_refusals(samples, started_unix_ns)
            .into_iter()
            .filter(|guess| !explains || matches!(guess.spec, LimitSpec::Concurrency { .. })),
    );
    for guess in &guesses {
        notes.add(format!("the server has a {}: {}", guess.spec.title(), guess.why));
    }
    if guesses.is_empty() {
        notes.add(if samples.iter().any(Sample::is_refused) {
            "the server has no limit, since it let nothing in by which one could be told"
        } else {
            "the server has no limit, since it refused nothing and named none"
        });
    }
    for note in open {
        notes.add(note);
    }
    let retry_after = retry_after(samples, notes);
    let with_quotas = samples.iter().filter(|sample| !sample.seen.quotas.is_empty()).count();
    let quota_headers = explains && with_quotas * 2 > samples.len();
    note_network(latency, notes);
    notes.add(
        "the server works on each call as long as it was recorded to; on calls without a \
         recorded success, as long as on some other",
    );
    if has_slots(Throttle::Overload) {
        notes.add("refusals for overload are failures that may strike any request at that time");
    }
    let failures = failures::of(samples, latency.typical_round_trip());
    for failures in &failures {
        let share = percent(failures.failed * 1_000_000 / failures.of.max(1));
        let (status, span) = (failures.status, failures.until.map(|until| (failures.from, until)));
        let when = span.map_or_else(
            || "at other times".to_owned(),
            |(from, until)| format!("from {} to {}", format_seconds(from), format_seconds(until)),
        );
        notes.add(format!(
            "{share} of the requests fail with status {status} {when}, whoever sends them"
        ));
    }
    ServerText {
        network: toml_text::network(latency),
        server: toml_text::server(latency, retry_after, quota_headers, &guesses),
        faults: toml_text::faults(&failures),
    }
}

fn note_network(latency: &Latency, notes: &mut Notes) {
    let typical = format_seconds(latency.typical_round_trip());
    notes.add(if latency.is_of_refusals {
        format!(
            "the network takes what refusals took, {typical} in the middle, half of it each way"
        )
    } else {
        format!("the network takes what the fastest answer took, {typical}, half of it each way")
    });
}

/// What refusals say of the wait.
fn retry_after(samples: &[Sample<'_>], notes: &mut Notes) -> RetryAfterSpec {
    let refused = || samples.iter().filter(|sample| sample.is_refused());
    let hints: Vec<u64> =
        refused().filter_map(|sample| sample.seen.retry_after.map(nanos)).collect();
    let (told, all) = (hints.len(), refused().count());
    if told == 0 {
        return RetryAfterSpec::None;
    }
    if told < all {
        notes.add(format!(
            "all refusals say when to come back; of the recorded, {told} of {all} did"
        ));
    }
    let usual = most_frequent(hints.iter().copied()).unwrap_or(0);
    let same = hints.iter().filter(|&&hint| hint == usual).count();
    // Of a second or less it may be the truth, rounded up.
    if told >= 5 && same * 20 >= told * 19 && usual > 1_000_000_000 {
        let hint = Duration::from_nanos(usual);
        notes.add(format!("refusals ask for {}, whatever the truth", format_duration(hint)));
        return RetryAfterSpec::Fixed(DurationText(hint));
    }
    notes.add("refusals ask for the time until the request would be let in");
    if hints.iter().all(|hint| hint.is_multiple_of(1_000_000_000)) {
        RetryAfterSpec::Seconds
    } else {
        RetryAfterSpec::Milliseconds
    }
}

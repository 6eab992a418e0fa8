//! From a recording to a scenario.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use forbear_core::spec::DurationText;
use forbear_core::text::format_duration;
use forbear_core::{Dimension, Outcome, Throttle};

use super::error::Kind;
use super::fit::Fit;
use super::latency::Latency;
use super::limits::{most_frequent, of_quotas, percent};
use super::recording::RecordedCall;
use super::refusals::of_refusals;
use super::sample::{Sample, samples};
use super::server_file::ServerFile;
use super::summary::Recorded;
use super::toml_text::{self, comment, quoted};
use super::{Assumption, Recording, ReplayError, failures};
use crate::scenario::{LimitSpec, RecordedSpec, RetryAfterSpec, Scenario, nanos};
use crate::storm::Storm;

/// Time that a replay has beyond the last thing that was recorded.
const BEYOND: Duration = Duration::from_secs(3600);

/// What a replay is to be made of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wanted<'a> {
    name: &'a str,
    scope: Option<&'a str>,
    server: Option<&'a str>,
}

/// A scenario that was derived from a recording.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replay {
    /// The scenario, whose text is a file with comments.
    pub scenario: Scenario,
    /// What it takes for granted.
    pub assumptions: Vec<Assumption>,
    /// How well the model of the server decides as the server did.
    pub fit: Fit,
    /// What was recorded.
    pub recorded: Recorded,
    /// The number in the trace of each call of the scenario, in their order; of a trace of
    /// several parts these begin anew with each.
    pub numbers: Vec<u64>,
}

impl<'a> Wanted<'a> {
    /// All calls of the trace called `name`, at the server that it tells of.
    #[must_use]
    pub const fn new(name: &'a str) -> Self {
        Self { name, scope: None, server: None }
    }

    /// Only the calls of this scope; with `all`, those of all scopes as if they shared
    /// their limits.
    #[must_use]
    pub const fn scope(mut self, scope: &'a str) -> Self {
        self.scope = Some(scope);
        self
    }

    /// At the server of this scenario, or of its tables `server`, `network` and `fault`.
    #[must_use]
    pub const fn server(mut self, text: &'a str) -> Self {
        self.server = Some(text);
        self
    }
}

impl Recording {
    /// Derives a scenario: the demand as it was recorded, the server as it can be told from
    /// what it said and did.
    ///
    /// # Errors
    ///
    /// If nothing was answered, if there are several scopes and none is named, or if the
    /// given server cannot be used.
    pub fn derive(&self, wanted: &Wanted<'_>) -> Result<Replay, ReplayError> {
        let calls = self.chosen(wanted)?;
        let base = calls.iter().map(|call| call.arrived_at).min().unwrap_or(0);
        let calls: Vec<RecordedCall> = calls.into_iter().map(|call| since(call, base)).collect();
        let calls: Vec<&RecordedCall> = calls.iter().collect();
        let latency = Latency::of(&calls);
        let samples = samples(&calls, latency.typical_round_trip());
        if samples.is_empty() {
            return Err(ReplayError::new(Kind::Empty));
        }
        let recorded = Recorded::of(&calls);
        let arrivals = arrivals(&calls, latency.typical_round_trip());
        let mut notes = Notes::default();
        self.note_gaps(&recorded, &mut notes);
        let server = if let Some(text) = wanted.server {
            given(text, &latency, &mut notes)?
        } else {
            let started = self.started_unix_ms.saturating_mul(1_000_000).saturating_add(base);
            let plain: Vec<Sample<'_>> = samples.iter().map(|(_, sample)| *sample).collect();
            inferred(&plain, &latency, started, &mut notes)
        };
        notes.add(
            "calls arrive when they arrived, whatever becomes of others, and wait until their \
             policy gives them up; those whose caller went away wait too",
        );
        let text = text(wanted, &recorded, &arrivals, &server, &notes);
        let scenario = Scenario::parse(&text, &[])?;
        let storm = Storm::new(&scenario, 1);
        let fit = Fit::of(&scenario, &storm, &samples);
        let numbers = calls.iter().map(|call| call.key.1).collect();
        let assumptions = notes.0.into_iter().map(Assumption::new).collect();
        Ok(Replay { scenario, assumptions, fit, recorded, numbers })
    }

    /// The calls of the scope that is wanted.
    fn chosen(&self, wanted: &Wanted<'_>) -> Result<Vec<&RecordedCall>, ReplayError> {
        let by_count = self.scopes();
        let unnamed = self.calls.iter().any(|call| call.scope.is_none());
        let several = self.scopes.len() + usize::from(unnamed) > 1;
        let calls: Vec<&RecordedCall> = match wanted.scope {
            None if several => return Err(ReplayError::new(Kind::Scopes(by_count))),
            None | Some("all") => self.calls.iter().collect(),
            Some(name) => {
                let Some(scope) = self.scopes.iter().position(|scope| scope == name) else {
                    return Err(ReplayError::new(Kind::UnknownScope {
                        name: name.to_owned(),
                        known: by_count,
                    }));
                };
                self.calls.iter().filter(|call| call.scope == Some(scope)).collect()
            }
        };
        if calls.is_empty() {
            return Err(ReplayError::new(Kind::Empty));
        }
        Ok(calls)
    }

    /// What the trace lacks.
    fn note_gaps(&self, recorded: &Recorded, notes: &mut Notes) {
        let skipped = self.skipped().len();
        for (count, what) in [
            (self.lost(), "entries were not recorded, since the disk was too slow"),
            (skipped as u64, "lines could not be read and are left out"),
            (recorded.unfinished, "calls have no end in the trace, which may have been cut off"),
        ] {
            if count > 0 {
                notes.add(format!("{count} {what}"));
            }
        }
    }
}

/// Sentences about what is taken for granted.
#[derive(Debug, Default)]
struct Notes(Vec<String>);

impl Notes {
    fn add(&mut self, note: impl Into<String>) {
        self.0.push(note.into());
    }
}

/// The tables about the server.
struct ServerText {
    network: String,
    server: String,
    faults: String,
}

/// The scenario as a file.
fn text(
    wanted: &Wanted<'_>,
    recorded: &Recorded,
    arrivals: &RecordedSpec,
    server: &ServerText,
    notes: &Notes,
) -> String {
    let mut text = String::new();
    comment(&mut text, &format!("Derived from the trace {}.", wanted.name));
    text.push_str("#\n# What it takes for granted:\n");
    for note in &notes.0 {
        comment(&mut text, &format!("- {note}."));
    }
    let span = format_seconds(recorded.span_ns);
    let description = format!(
        "{} calls recorded over {span}, replayed as they arrived at a model of their server. \
         Recorded: {} succeeded, {} sends, {} throttled. The model takes for granted: {}.",
        recorded.calls,
        recorded.succeeded,
        recorded.sends,
        recorded.throttled,
        notes.0.join("; "),
    );
    let (name, title) = (quoted(&file_name(wanted.name)), format!("Replay of {}", wanted.name));
    let horizon = Duration::from_nanos(recorded.span_ns).saturating_add(BEYOND);
    let horizon = Duration::from_secs(horizon.as_secs() + 1);
    let _ = writeln!(text, "\nname        = {name}\ntitle       = {}", quoted(&title));
    let _ = writeln!(text, "description = {}", quoted(&description));
    let _ = writeln!(text, "horizon     = {}\n", quoted(&format_duration(horizon)));
    text.push_str(&toml_text::arrivals(arrivals));
    text.push('\n');
    text.push_str(&server.network);
    text.push('\n');
    text.push_str(&server.server);
    text.push_str(&server.faults);
    text.push_str(toml_text::policies());
    text
}

fn given(text: &str, latency: &Latency, notes: &mut Notes) -> Result<ServerText, ReplayError> {
    let file = ServerFile::read(text)?;
    notes.add("the server is the given one, and none of its limits is taken from the trace");
    let network = file.network.unwrap_or_else(|| {
        note_network(latency, notes);
        toml_text::network(latency)
    });
    notes.add("it works on each call as long as it was recorded to, where it was");
    Ok(ServerText { network, server: file.server, faults: file.faults })
}

fn inferred(
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

/// The demand.
fn arrivals(calls: &[&RecordedCall], round_trip: u64) -> RecordedSpec {
    let success = |call: &&RecordedCall| {
        call.attempts.iter().rfind(|attempt| attempt.seen.outcome == Outcome::Success).copied()
    };
    let mut spec = RecordedSpec {
        at_ns: calls.iter().map(|call| call.arrived_at).collect(),
        reserved: BTreeMap::new(),
        used: BTreeMap::new(),
        service_ns: Vec::with_capacity(calls.len()),
        status: Vec::new(),
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
fn since(call: &RecordedCall, base: u64) -> RecordedCall {
    let mut call = call.clone();
    call.arrived_at -= base;
    for attempt in &mut call.attempts {
        attempt.sent_at = attempt.sent_at.saturating_sub(base);
        attempt.answered_at = attempt.answered_at.saturating_sub(base);
    }
    call.end = call.end.map(|(at, how)| (at.saturating_sub(base), how));
    call
}

/// A name as scenarios have it.
fn file_name(name: &str) -> String {
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = stem.split('.').next().unwrap_or(stem);
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = stem.chars().map(word).collect();
    format!("replay-{}", name.trim_matches('-'))
}

/// A time in seconds, to the millisecond; a short one in smaller units.
fn format_seconds(ns: u64) -> String {
    let ms = ns / 1_000_000;
    if ms < 1000 {
        return if ms == 0 { format!("{} us", ns / 1000) } else { format!("{ms} ms") };
    }
    match (ms / 1000, ms % 1000) {
        (seconds, 0) => format!("{seconds} s"),
        (seconds, ms) => format!("{} s", format!("{seconds}.{ms:03}").trim_end_matches('0')),
    }
}

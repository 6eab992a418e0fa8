//! From a recording to a scenario.

use std::fmt::Write as _;
use std::time::Duration;

use forbear_core::text::format_duration;

use super::error::Kind;
use super::fit::Fit;
use super::latency::Latency;
use super::model::{Notes, ServerText, given, inferred};
use super::recording::RecordedCall;
use super::sample::{Sample, samples};
use super::summary::Recorded;
use super::toml_text::{self, comment, format_seconds, quoted};
use super::{Assumption, Recording, ReplayError, demand};
use crate::scenario::{RecordedSpec, Scenario};
use crate::storm::Storm;

/// Time that a replay has beyond the last thing that was recorded.
const BEYOND: Duration = Duration::from_secs(3600);

/// What a replay is to be made of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wanted<'a> {
    name: &'a str,
    scope: Option<&'a str>,
    server: Option<&'a str>,
    exact: Option<Duration>,
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
        Self { name, scope: None, server: None, exact: None }
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

    /// With the recorded answers, as long as a call does what it did: an attempt gets the
    /// answer of the recorded one if it, and all before it of its call, reach the server no
    /// further than `within` from when the recorded ones did.
    #[must_use]
    pub const fn exact(mut self, within: Duration) -> Self {
        self.exact = Some(within);
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
        let calls: Vec<RecordedCall> =
            calls.into_iter().map(|call| demand::since(call, base)).collect();
        let calls: Vec<&RecordedCall> = calls.iter().collect();
        let latency = Latency::of(&calls);
        let samples = samples(&calls, latency.typical_round_trip());
        if samples.is_empty() {
            return Err(ReplayError::new(Kind::Empty));
        }
        let recorded = Recorded::of(&calls);
        let mut arrivals = demand::arrivals(&calls, latency.typical_round_trip());
        let mut notes = Notes::default();
        self.note_gaps(&recorded, &mut notes);
        let server = if let Some(text) = wanted.server {
            given(text, &latency, &mut notes)?
        } else {
            let started = self.started_unix_ms.saturating_mul(1_000_000).saturating_add(base);
            let plain: Vec<Sample<'_>> = samples.iter().map(|(_, sample)| *sample).collect();
            inferred(&plain, &latency, started, &mut notes)
        };
        if let Some(within) = wanted.exact {
            arrivals.answers = Some(demand::answers(&calls, &samples, within));
            notes.add(format!(
                "an attempt is answered as it was recorded as long as it and all before it of its \
                 call come no further than {} from when they came; all others by the model of the \
                 server, which learns of both",
                format_duration(within)
            ));
        }
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

/// A name as scenarios have it.
fn file_name(name: &str) -> String {
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = stem.split('.').next().unwrap_or(stem);
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = stem.chars().map(word).collect();
    format!("replay-{}", name.trim_matches('-'))
}

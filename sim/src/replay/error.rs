//! Why a trace cannot be replayed.

use forbear_http::trace::TraceError;

use crate::ScenarioError;

/// Why a trace cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ReplayError(Kind);

#[derive(Debug, thiserror::Error)]
pub(super) enum Kind {
    #[error("{0}")]
    Trace(TraceError),
    #[error("line {line}: {what}")]
    Inconsistent { line: u64, what: String },
    #[error("the trace has no call that was answered")]
    Empty,
    #[error("the trace has {0} calls, must be at most 1000000")]
    TooLong(u64),
    #[error(
        "the trace has {} scopes, each with limits of its own, so one must be named: {}",
        .0.len(), listed(.0)
    )]
    Scopes(Vec<(String, u64)>),
    #[error("the trace has no scope '{name}'; it has {}", listed(.known))]
    UnknownScope { name: String, known: Vec<(String, u64)> },
    #[error("{0}")]
    Scenario(ScenarioError),
}

impl ReplayError {
    /// The line of the trace that cannot be used, from 1, if it is one line's fault.
    #[must_use]
    pub const fn line(&self) -> Option<u64> {
        match &self.0 {
            Kind::Trace(error) => Some(error.line()),
            Kind::Inconsistent { line, .. } => Some(*line),
            _ => None,
        }
    }

    /// What is wrong with that line, without its number.
    #[must_use]
    pub fn reason(&self) -> String {
        let text = self.to_string();
        let number = self.line().map(|line| format!("line {line}: "));
        number.and_then(|number| text.strip_prefix(&number).map(str::to_owned)).unwrap_or(text)
    }

    /// Whether one of several scopes must be named.
    #[must_use]
    pub const fn wants_scope(&self) -> bool {
        matches!(self.0, Kind::Scopes(_) | Kind::UnknownScope { .. })
    }

    /// What is wrong with the server that was given, if it is that.
    #[must_use]
    pub const fn scenario(&self) -> Option<&ScenarioError> {
        match &self.0 {
            Kind::Scenario(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the trace is fine and has nothing to replay.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self.0, Kind::Empty)
    }

    pub(super) const fn new(kind: Kind) -> Self {
        Self(kind)
    }
}

impl From<ScenarioError> for ReplayError {
    fn from(error: ScenarioError) -> Self {
        Self(Kind::Scenario(error))
    }
}

impl From<TraceError> for ReplayError {
    fn from(error: TraceError) -> Self {
        Self(Kind::Trace(error))
    }
}

/// The scopes with most calls, and how many others there are.
fn listed(scopes: &[(String, u64)]) -> String {
    const SHOWN: usize = 5;
    let shown = scopes.iter().take(SHOWN);
    let mut text =
        shown.map(|(name, calls)| format!("{name} ({calls} calls)")).collect::<Vec<_>>().join(", ");
    if scopes.len() > SHOWN {
        text.extend([" and ", &(scopes.len() - SHOWN).to_string(), " more"]);
    }
    text
}

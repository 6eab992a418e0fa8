//! A rule that was broken, and where.

use std::fmt;

use forbear_core::Timestamp;

/// The first rule that a run broke.
///
/// # Examples
///
/// ```
/// use forbear_sim::{Scenario, Simulation};
///
/// let scenario = Scenario::named("retry-after-herd")?;
/// let policy = scenario.policies()[0].policy();
/// let run = Simulation::new(&scenario, policy).checked().run();
/// assert_eq!(run.violation, None);
/// # Ok::<(), forbear_sim::ScenarioError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    pub(super) event: u64,
    pub(super) at: Timestamp,
    pub(super) rule: Rule,
    pub(super) what: String,
}

/// What must hold after every event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// Every call that is wanted ends once; every send has one answer or is dropped once;
    /// what is reported is what was seen.
    Conservation,
    /// No request leaves that the engine did not permit, and none that it had held back
    /// before the time that it named, unless something other than time has passed.
    Permit,
    /// No request leaves before the wait is over that the server asked for, where the
    /// policy promises to keep it: for the call itself, or for all calls of the client.
    Hint,
    /// The server lets in no more than each of its limits says.
    Envelope,
    /// The clients let out no more together than a quota says that they share, and one
    /// capacity more for each time that Redis forgot something.
    Quota,
    /// Time never goes back, and ends with the run.
    Time,
}

impl Violation {
    /// The number of the event, counted from 1.
    #[must_use]
    pub const fn event(&self) -> u64 {
        self.event
    }

    /// The time of the event.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The rule.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// What happened, in words.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, at, rule, what } = self;
        write!(f, "event {event}, at {:?}, breaks {rule}: {what}", at.since(Timestamp::ZERO))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conservation => "conservation",
            Self::Permit => "'no send before its permit'",
            Self::Hint => "'no send before the hint'",
            Self::Envelope => "the server's envelope",
            Self::Quota => "the shared quota",
            Self::Time => "the order of time",
        })
    }
}

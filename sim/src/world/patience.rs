//! How long clients wait for an answer.

use std::time::Duration;

use forbear_core::Policy;

use crate::scenario::{Scenario, nanos};
use crate::storm::Storm;

/// How long the clients of a group wait: by a time of their own, or by the
/// `attempt_timeout` of their policy where that is shorter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// In ns; the end of time if they wait for ever.
    time: u64,
    is_policys: bool,
}

impl Patience {
    /// That of each group, found once, since it is asked for several times a send.
    pub(super) fn of_groups(scenario: &Scenario, storm: &Storm, policy: &Policy) -> Vec<Self> {
        let of = |number, own: Option<u64>| {
            let policy = scenario.policy_under(number, policy);
            let own = own.unwrap_or(u64::MAX);
            let policys = policy.attempt_timeout().map_or(u64::MAX, nanos);
            Self { time: own.min(policys), is_policys: policys < own }
        };
        storm.groups().iter().map(|group| of(group.number, group.timeout)).collect()
    }

    /// How long they wait, in ns, if not for ever.
    pub(super) fn time(self) -> Option<u64> {
        Some(self.time).filter(|&time| time < u64::MAX)
    }

    /// The time that the policy gives, if that is what ends a wait.
    pub(super) fn cut_off_after(self) -> Option<Duration> {
        self.is_policys.then(|| Duration::from_nanos(self.time))
    }
}

//! What is done to a queue, and what is known of it without looking: who is there, what
//! is paused, which jobs were pushed.

use std::collections::BTreeSet;

use forbear_core::queue::Overflow;
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;

/// A name for a job that stays its own when other steps are left out: the last push under
/// it is meant.
pub(super) type Label = u8;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Push {
        label: Label,
        scope: usize,
        tenant: usize,
        lane: u8,
        units: u32,
        deadline_in_ms: Option<u64>,
    },
    Pass {
        ms: u64,
    },
    Cancel(Label),
    Complete(Label),
    Retry {
        label: Label,
        in_ms: u64,
    },
    Retract(Label),
    Tighten {
        label: Label,
        to_ms: u64,
    },
    /// Somebody is there for the jobs of a tenant, or nobody.
    Want {
        tenant: usize,
        is_wanted: bool,
    },
    Pause {
        scope: usize,
        is_paused: bool,
    },
}

impl Step {
    /// The job that it is about, if that has to be there.
    pub(super) const fn job(&self) -> Option<Label> {
        match *self {
            Self::Cancel(label)
            | Self::Complete(label)
            | Self::Retract(label)
            | Self::Retry { label, .. }
            | Self::Tighten { label, .. } => Some(label),
            Self::Push { .. } | Self::Pass { .. } | Self::Want { .. } | Self::Pause { .. } => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Around {
    pub(super) overflow: Overflow,
    pub(super) pushed: BTreeSet<Label>,
    pub(super) is_paused: [bool; 2],
    pub(super) is_wanted: [bool; 3],
}

#[derive(Debug)]
pub(super) struct Reference;

impl ReferenceStateMachine for Reference {
    type State = Around;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Around> {
        let policies = [Overflow::RejectNewest, Overflow::DropOldest, Overflow::DropLowestPriority];
        select(policies.to_vec())
            .prop_map(|overflow| Around {
                overflow,
                pushed: BTreeSet::new(),
                is_paused: [false; 2],
                is_wanted: [true; 3],
            })
            .boxed()
    }

    fn transitions(around: &Around) -> BoxedStrategy<Step> {
        let deadline = proptest::option::weighted(0.2, 0..400_u64);
        let push = (0..24_u8, 0..2_usize, 0..3_usize, 0..2_u8, 1..4_u32, deadline).prop_map(
            |(label, scope, tenant, lane, units, deadline_in_ms)| Step::Push {
                label,
                scope,
                tenant,
                lane,
                units,
                deadline_in_ms,
            },
        );
        let pass = (0..80_u64).prop_map(|ms| Step::Pass { ms });
        let want = (0..3_usize, any::<bool>())
            .prop_map(|(tenant, is_wanted)| Step::Want { tenant, is_wanted });
        let pause = (0..2_usize, any::<bool>())
            .prop_map(|(scope, is_paused)| Step::Pause { scope, is_paused });
        if around.pushed.is_empty() {
            return prop_oneof![6 => push, 2 => pass, 1 => want, 1 => pause].boxed();
        }
        let labels: Vec<_> = around.pushed.iter().copied().collect();
        let job = || select(labels.clone());
        prop_oneof![
            6 => push,
            4 => pass,
            2 => job().prop_map(Step::Cancel),
            2 => job().prop_map(Step::Complete),
            2 => (job(), 0..60_u64).prop_map(|(label, in_ms)| Step::Retry { label, in_ms }),
            1 => job().prop_map(Step::Retract),
            1 => (job(), 0..200_u64).prop_map(|(label, to_ms)| Step::Tighten { label, to_ms }),
            1 => want,
            1 => pause,
        ]
        .boxed()
    }

    fn preconditions(around: &Around, step: &Step) -> bool {
        step.job().is_none_or(|label| around.pushed.contains(&label))
    }

    fn apply(mut around: Around, step: &Step) -> Around {
        match *step {
            Step::Push { label, .. } => {
                around.pushed.insert(label);
            }
            Step::Want { tenant, is_wanted } => around.is_wanted[tenant] = is_wanted,
            Step::Pause { scope, is_paused } => around.is_paused[scope] = is_paused,
            _ => {}
        }
        around
    }
}

//! Every job in one list, and a copy of each limiter of the queue's own.
//!
//! They do not know whose turn it is between tenants, which `fairness` tests; they know
//! which jobs may go: the first of a tenant, in the most urgent lane of its scope that has
//! any.

use std::collections::BTreeMap;

use forbear_core::limiter::Gcra;
use forbear_core::queue::{JobId, Next, Queue, Removed, Tally, Withdrawal};
use forbear_core::{Cost, Decision, Limiter, Timestamp};

use super::reference::{Around, Label};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Is {
    Queued,
    Hidden(Timestamp),
    Started,
    Gone,
}

impl Is {
    pub(super) const fn waits(self) -> bool {
        matches!(self, Self::Queued | Self::Hidden(_))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: JobId,
    /// Scope, tenant and lane.
    pub(super) place: (usize, usize, u8),
    pub(super) cost: Cost,
    pub(super) deadline: Timestamp,
    pub(super) sent_at: Timestamp,
    pub(super) is: Is,
}

#[derive(Debug)]
pub(super) struct Books {
    pub(super) now: Timestamp,
    pub(super) jobs: Vec<Known>,
    /// The job that was pushed last under a label, unless it was rejected.
    pub(super) labelled: BTreeMap<Label, usize>,
    pub(super) limiters: [Gcra; 2],
}

impl Books {
    /// The first jobs of the tenants in the most urgent lane of `scope` that has any.
    fn heads(&self, scope: usize) -> Vec<usize> {
        let queued = || {
            let all = self.jobs.iter().enumerate();
            all.filter(|(_, job)| job.is == Is::Queued && job.place.0 == scope)
        };
        let lane = queued().map(|(_, job)| job.place.2).min();
        (0..3)
            .filter_map(|tenant| {
                queued().find(|(_, job)| job.place.1 == tenant && Some(job.place.2) == lane)
            })
            .map(|(number, _)| number)
            .collect()
    }

    fn unhide(&mut self) {
        for job in &mut self.jobs {
            if matches!(job.is, Is::Hidden(time) if time <= self.now) {
                job.is = Is::Queued;
            }
        }
    }

    fn count(&self, is: impl Fn(Is) -> bool) -> u32 {
        u32::try_from(self.jobs.iter().filter(|job| is(job.is)).count()).unwrap()
    }

    /// Asks for all that may go now; when to ask again.
    pub(super) fn exhaust(
        &mut self,
        queue: &mut Queue<usize, Gcra>,
        around: &Around,
    ) -> Option<Timestamp> {
        self.unhide();
        loop {
            let is_wanted = |number: &usize| around.is_wanted[self.jobs[*number].place.1];
            match queue.next_if(self.now, is_wanted) {
                Next::Start(started) => {
                    let number = started.payload;
                    let job = self.jobs[number].clone();
                    assert_eq!(started.id, job.id);
                    assert!(self.heads(job.place.0).contains(&number), "{number} was not first");
                    assert!(!around.is_paused[job.place.0], "its scope is paused");
                    assert!(self.now < job.deadline, "it is late");
                    assert!(around.is_wanted[job.place.1], "nobody is there for it");
                    let decision = self.limiters[job.place.0].acquire(self.now, &job.cost);
                    assert_eq!(decision, Decision::Admit);
                    (self.jobs[number].is, self.jobs[number].sent_at) = (Is::Started, self.now);
                }
                Next::Remove(Removed { payload, why, .. }) => {
                    assert_eq!(why, Withdrawal::Expired);
                    assert!(self.heads(self.jobs[payload].place.0).contains(&payload));
                    assert!(self.jobs[payload].deadline <= self.now, "it is not late");
                    self.jobs[payload].is = Is::Gone;
                }
                Next::Wait(time) => {
                    assert!(time.is_none_or(|time| time > self.now));
                    self.all_wait_rightly(time, around);
                    return time;
                }
            }
        }
    }

    /// Some head of each scope must be held by its limiter, until the time that was named
    /// or later, or have nobody who is there for it; so nothing that could go is
    /// forgotten.
    fn all_wait_rightly(&self, time: Option<Timestamp>, around: &Around) {
        for scope in (0..2).filter(|&scope| !around.is_paused[scope]) {
            let heads = self.heads(scope);
            let is_held = |&number: &usize| {
                let decision = self.limiters[scope].check(self.now, &self.jobs[number].cost);
                matches!((decision, time), (Decision::WaitUntil(opens), Some(time)) if time <= opens)
            };
            let is_unwanted = |&number: &usize| !around.is_wanted[self.jobs[number].place.1];
            let is_right = heads.iter().any(is_held) || heads.iter().any(is_unwanted);
            assert!(heads.is_empty() || is_right, "{heads:?} wait for nothing");
        }
    }

    pub(super) fn agree_with(&self, tally: Tally) {
        let ended = tally.completed + tally.cancelled + tally.expired + tally.refused;
        let ended = ended + tally.dropped + tally.shut_down;
        let inside = u64::from(tally.queued) + u64::from(tally.in_flight);
        assert_eq!(tally.pushed, ended + inside, "{tally:?}");
        assert_eq!(tally.in_flight, self.count(|is| is == Is::Started));
        assert_eq!(tally.queued, self.count(Is::waits));
    }
}

//! The model keeps every job in one list and its own copy of each limiter. It does not
//! know whose turn it is between tenants, which `fairness` tests; it knows which jobs
//! may go: the first of a tenant, in the most urgent lane of its scope that has any.

use forbear_core::limiter::Gcra;
use forbear_core::queue::{
    Job, JobId, Next, Overflow, Queue, QueueConfig, Removed, Scope, Tally, Withdrawal,
};
use forbear_core::{
    Completion, Cost, Decision, Dimension, Limiter, Observation, Outcome, Timestamp,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Push {
        scope: usize,
        tenant: usize,
        lane: u8,
        units: u32,
        deadline: Option<u64>,
    },
    Pass(u64),
    Cancel(usize),
    Complete(usize),
    Retry(usize, u64),
    Retract(usize),
    Tighten(usize, u64),
    /// Somebody is there for the jobs of a tenant, or nobody.
    Want(usize, bool),
    PauseScope(usize, bool),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Is {
    Queued,
    Hidden(Timestamp),
    Started,
    Gone,
}

#[derive(Clone, Debug)]
struct Known {
    id: JobId,
    place: (usize, usize, u8),
    cost: Cost,
    deadline: Timestamp,
    sent_at: Timestamp,
    is: Is,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let push =
        (0..2_usize, 0..3_usize, 0..2_u8, 1..4_u32, proptest::option::weighted(0.2, 0..400_u64))
            .prop_map(|(scope, tenant, lane, units, deadline)| Step::Push {
                scope,
                tenant,
                lane,
                units,
                deadline,
            });
    let step = prop_oneof![
        6 => push,
        4 => (0..80_u64).prop_map(Step::Pass),
        2 => any::<usize>().prop_map(Step::Cancel),
        2 => any::<usize>().prop_map(Step::Complete),
        2 => (any::<usize>(), 0..60_u64).prop_map(|(job, delay)| Step::Retry(job, delay)),
        1 => any::<usize>().prop_map(Step::Retract),
        1 => (any::<usize>(), 0..200_u64).prop_map(|(job, by)| Step::Tighten(job, by)),
        1 => (0..3_usize, any::<bool>()).prop_map(|(tenant, is)| Step::Want(tenant, is)),
        1 => (0..2_usize, any::<bool>()).prop_map(|(scope, paused)| Step::PauseScope(scope, paused)),
    ];
    proptest::collection::vec(step, 1..120)
}

struct Model {
    now: Timestamp,
    jobs: Vec<Known>,
    limiters: [Gcra; 2],
    paused: [bool; 2],
    wanted: [bool; 3],
}

impl Model {
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
    fn exhaust(&mut self, queue: &mut Queue<usize, Gcra>) -> Option<Timestamp> {
        self.unhide();
        loop {
            let is_wanted = |number: &usize| self.wanted[self.jobs[*number].place.1];
            let next = queue.next_if(self.now, is_wanted);
            match next {
                Next::Start(started) => {
                    let number = started.payload;
                    let job = self.jobs[number].clone();
                    assert_eq!(started.id, job.id);
                    assert!(self.heads(job.place.0).contains(&number), "{number} was not first");
                    assert!(!self.paused[job.place.0], "its scope is paused");
                    assert!(self.now < job.deadline, "it is late");
                    assert!(self.wanted[job.place.1], "nobody is there for it");
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
                    self.all_wait_rightly(time);
                    return time;
                }
            }
        }
    }

    /// Some head of each scope must be held by its limiter, until the time that was
    /// named or later, or have nobody who is there for it; so nothing that could go is forgotten.
    fn all_wait_rightly(&self, time: Option<Timestamp>) {
        for scope in (0..2).filter(|&scope| !self.paused[scope]) {
            let heads = self.heads(scope);
            let is_held = |&number: &usize| {
                let decision = self.limiters[scope].check(self.now, &self.jobs[number].cost);
                matches!((decision, time), (Decision::WaitUntil(opens), Some(time)) if time <= opens)
            };
            let is_unwanted = |&number: &usize| !self.wanted[self.jobs[number].place.1];
            let is_right = heads.iter().any(is_held) || heads.iter().any(is_unwanted);
            assert!(heads.is_empty() || is_right, "{heads:?} wait for nothing");
        }
    }

    fn is_conserved(&self, tally: Tally) {
        let ended = tally.completed + tally.cancelled + tally.expired + tally.refused;
        let ended = ended + tally.dropped + tally.shut_down;
        let inside = u64::from(tally.queued) + u64::from(tally.in_flight);
        assert_eq!(tally.pushed, ended + inside, "{tally:?}");
        assert_eq!(tally.in_flight, self.count(|is| is == Is::Started));
        assert_eq!(tally.queued, self.count(|is| matches!(is, Is::Queued | Is::Hidden(_))));
    }
}

fn live(steps: Vec<Step>, overflow: Overflow) {
    let config = QueueConfig::new().strict_lanes(2).unwrap().capacity(12).unwrap();
    let mut queue = Queue::new(config.overflow(overflow));
    let gcra = Gcra::per("50/s".parse().unwrap()).with_burst(3).unwrap();
    let mut model = Model {
        now: Timestamp::ZERO,
        jobs: Vec::new(),
        limiters: [gcra.clone(), gcra.clone()],
        paused: [false; 2],
        wanted: [true; 3],
    };
    let scopes = model.limiters.clone().map(|limiter| {
        queue.add_scope(Scope::new("scope", limiter).payback(core::time::Duration::ZERO))
    });
    let tenants = [1, 2, 4].map(|weight| queue.add_tenant(weight).unwrap());
    let later = |now: Timestamp, millis| now.after(core::time::Duration::from_millis(millis));
    for step in steps {
        match step {
            Step::Push { scope, tenant, lane, units, deadline } => {
                let cost = Cost::REQUEST.with(Dimension::Requests, units);
                let mut job = Job::new(scopes[scope], tenants[tenant], model.jobs.len());
                job = job.lane(lane).cost(cost);
                let deadline = deadline.map(|millis| later(model.now, millis));
                if let Some(deadline) = deadline {
                    job = job.deadline(deadline);
                }
                // Retries come back to a full queue too.
                let is_full = queue.len() >= 12;
                if let Ok(pushed) = queue.push(model.now, job) {
                    let deadline = deadline.unwrap_or(Timestamp::MAX);
                    let place = (scope, tenant, lane);
                    assert_eq!(pushed.dropped.is_some(), is_full);
                    if let Some(Removed { payload, .. }) = pushed.dropped {
                        let waits = |job: &Known| matches!(job.is, Is::Queued | Is::Hidden(_));
                        let mut waiting = (0..).zip(&model.jobs).filter(|(_, job)| waits(job));
                        let victim = match overflow {
                            Overflow::DropOldest => waiting.next(),
                            _ => waiting.filter(|(_, job)| job.place.2 == 1).last(),
                        };
                        assert_eq!(victim.map(|(number, _)| number), Some(payload));
                        model.jobs[payload].is = Is::Gone;
                    }
                    let (id, sent_at, is) = (pushed.id, model.now, Is::Queued);
                    model.jobs.push(Known { id, place, cost, deadline, sent_at, is });
                }
            }
            Step::Pass(millis) => model.now = later(model.now, millis),
            Step::Cancel(pick) => {
                if let Some(job) = pick.checked_rem(model.jobs.len()) {
                    let cancelled = queue.cancel(model.jobs[job].id);
                    let waits = matches!(model.jobs[job].is, Is::Queued | Is::Hidden(_));
                    assert_eq!(cancelled, waits.then_some(job));
                    if waits {
                        model.jobs[job].is = Is::Gone;
                    }
                }
            }
            Step::Complete(pick) => {
                if let Some(job) = pick.checked_rem(model.jobs.len()) {
                    let is_started = model.jobs[job].is == Is::Started;
                    let id = model.jobs[job].id;
                    assert_eq!(queue.complete(model.now, id, Observation::SUCCESS), is_started);
                    if is_started {
                        model.jobs[job].is = Is::Gone;
                    }
                }
            }
            Step::Retry(pick, delay) => {
                if let Some(job) = pick.checked_rem(model.jobs.len()) {
                    let is_started = model.jobs[job].is == Is::Started;
                    let (id, until) = (model.jobs[job].id, later(model.now, delay));
                    let done = queue.retry(model.now, id, job, until, Observation::SUCCESS);
                    assert_eq!(done.is_ok(), is_started);
                    if is_started {
                        model.jobs[job].is = Is::Hidden(until);
                    }
                }
            }
            Step::Retract(pick) => {
                if let Some(number) = pick.checked_rem(model.jobs.len()) {
                    let job = &model.jobs[number];
                    let is_started = job.is == Is::Started;
                    assert_eq!(queue.retract(model.now, job.id, number).is_ok(), is_started);
                    if is_started {
                        let seen = Observation::new(Outcome::Ignored);
                        let (sent_at, cost) = (job.sent_at, job.cost);
                        let unsent =
                            Completion { sent_at, cost, actual: Cost::ZERO, observation: &seen };
                        model.limiters[job.place.0].observe(model.now, &unsent);
                        model.jobs[number].is = Is::Queued;
                    }
                }
            }
            Step::Tighten(pick, millis) => {
                if let Some(number) = pick.checked_rem(model.jobs.len()) {
                    let deadline = later(model.now, millis);
                    let is_started = model.jobs[number].is == Is::Started;
                    let id = model.jobs[number].id;
                    assert_eq!(queue.tighten_deadline(id, deadline), is_started);
                    if is_started {
                        let job = &mut model.jobs[number];
                        job.deadline = job.deadline.min(deadline);
                    }
                }
            }
            Step::Want(tenant, is) => model.wanted[tenant] = is,
            Step::PauseScope(scope, true) => {
                queue.pause_scope(scopes[scope]);
                model.paused[scope] = true;
            }
            Step::PauseScope(scope, false) => {
                queue.resume_scope(scopes[scope]);
                model.paused[scope] = false;
            }
        }
        model.exhaust(&mut queue);
        model.is_conserved(queue.tally());
    }
    // Left alone, every job gets its turn.
    for scope in scopes {
        queue.resume_scope(scope);
    }
    (model.paused, model.wanted) = ([false; 2], [true; 3]);
    queue.drain();
    while let Some(time) = model.exhaust(&mut queue) {
        model.now = time;
    }
    model.is_conserved(queue.tally());
    assert_eq!(queue.len(), 0, "a job is forgotten");
    // Drained means empty, once the last answer is in.
    for job in model.jobs.iter().filter(|job| job.is == Is::Started) {
        assert!(!queue.is_empty());
        assert!(queue.complete(model.now, job.id, Observation::SUCCESS));
    }
    assert!(queue.is_empty() && matches!(queue.next(model.now), Next::Wait(None)));
}

proptest! {
    #[test]
    fn no_job_is_lost_overtaken_or_forgotten(steps in steps(), overflow in 0..3_usize) {
        let policies =
            [Overflow::RejectNewest, Overflow::DropOldest, Overflow::DropLowestPriority];
        live(steps, policies[overflow]);
    }
}

//! The laws of [`JobStore`].

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;

use crate::Timestamp;
use crate::store::{Claim, JobStore, Ticket};
use crate::testkit::broken_law::{BrokenLaw, for_all, holds};

/// Tries every law of [`JobStore`] on the empty stores that `make` makes, against a list
/// of what was pushed.
///
/// # Errors
///
/// The first law that is broken.
pub fn job_store<S: JobStore<u32, Error: fmt::Debug>>(
    make: impl Fn() -> S,
) -> Result<(), BrokenLaw> {
    let law = "each job is lent to one at a time, from its time on, until it is acknowledged";
    for_all(law, &vec(step(), 1..60), |steps| {
        let mut life = Life { store: make(), now: Timestamp::ZERO, jobs: Vec::new() };
        for step in &steps {
            life.step(step).map_err(|how| format!("{how} at {step:?}"))?;
            life.next_at()?;
        }
        life.finish()
    })
}

/// One thing that happens; times in milliseconds.
#[derive(Clone, Debug)]
enum Step {
    Push { delay: u64 },
    Pass { ms: u64, less_one_ns: bool },
    Claim { lease: u64 },
    Acknowledge { job: usize, is_old: bool },
    Release { job: usize, is_old: bool, delay: u64 },
    Renew { job: usize, is_old: bool, lease: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let ticket = || (any::<usize>(), proptest::bool::weighted(0.1));
    // Few different times, so that they often coincide.
    let time = || (0..5_u64).prop_map(|tens| tens * 10);
    prop_oneof![
        3 => time().prop_map(|delay| Step::Push { delay }),
        3 => (time(), any::<bool>()).prop_map(|(ms, less_one_ns)| Step::Pass { ms, less_one_ns }),
        4 => time().prop_map(|lease| Step::Claim { lease: lease + 10 }),
        2 => ticket().prop_map(|(job, is_old)| Step::Acknowledge { job, is_old }),
        2 => (ticket(), time())
            .prop_map(|((job, is_old), delay)| Step::Release { job, is_old, delay }),
        1 => (ticket(), time())
            .prop_map(|((job, is_old), lease)| Step::Renew { job, is_old, lease }),
    ]
}

/// A job, as the list knows it.
struct Known {
    /// When it may be claimed; for one that is lent, when its lease ends.
    at: Timestamp,
    is_lent: bool,
    is_over: bool,
    tickets: Vec<Ticket>,
}

struct Life<S> {
    store: S,
    now: Timestamp,
    jobs: Vec<Known>,
}

impl<S: JobStore<u32, Error: fmt::Debug>> Life<S> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        let after = |now: Timestamp, ms: u64| now.after(Duration::from_millis(ms));
        match *step {
            Step::Push { delay } => {
                let at = after(self.now, delay);
                let payload = u32::try_from(self.jobs.len()).unwrap_or(u32::MAX);
                done(self.store.push(self.now, payload, at))?;
                let tickets = Vec::new();
                self.jobs.push(Known { at, is_lent: false, is_over: false, tickets });
                Ok(())
            }
            Step::Pass { ms, less_one_ns } => {
                let later = after(self.now, ms).as_nanos().saturating_sub(u64::from(less_one_ns));
                self.now = self.now.max(Timestamp::from_nanos(later));
                Ok(())
            }
            Step::Claim { lease } => self.claim(Duration::from_millis(lease)).map(|_| ()),
            Step::Acknowledge { job, is_old } => {
                let Some((job, ticket)) = self.ticket(job, is_old) else { return Ok(()) };
                let is_good = self.is_good(job, ticket);
                let was_good = done(self.store.acknowledge(self.now, ticket))?;
                holds(was_good == is_good, || format!("{was_good} for {ticket:?} of job {job}"))?;
                self.jobs[job].is_over |= is_good;
                Ok(())
            }
            Step::Release { job, is_old, delay } => {
                let Some((job, ticket)) = self.ticket(job, is_old) else { return Ok(()) };
                let (is_good, at) = (self.is_good(job, ticket), after(self.now, delay));
                let was_good = done(self.store.release(self.now, ticket, at))?;
                holds(was_good == is_good, || format!("{was_good} for {ticket:?} of job {job}"))?;
                if is_good {
                    (self.jobs[job].is_lent, self.jobs[job].at) = (false, at);
                }
                Ok(())
            }
            Step::Renew { job, is_old, lease } => {
                let Some((job, ticket)) = self.ticket(job, is_old) else { return Ok(()) };
                let (is_good, lease) = (self.is_good(job, ticket), Duration::from_millis(lease));
                let was_good = done(self.store.renew(self.now, ticket, lease))?;
                holds(was_good == is_good, || format!("{was_good} for {ticket:?} of job {job}"))?;
                if is_good {
                    self.jobs[job].at = self.now.after(lease);
                }
                Ok(())
            }
        }
    }

    /// Claims what the list says is next, or nothing.
    fn claim(&mut self, lease: Duration) -> Result<Option<usize>, String> {
        let may = |job: &Known| !job.is_over && job.at <= self.now;
        let expected = self.jobs.iter().position(may);
        let claim = done(self.store.claim(self.now, lease))?;
        let got = claim.as_ref().map(|claim| claim.payload as usize);
        holds(got == expected, || format!("job {got:?} was lent, not {expected:?}"))?;
        let Some((Claim { ticket, attempt, .. }, number)) = claim.zip(expected) else {
            return Ok(None);
        };
        let job = &mut self.jobs[number];
        holds(!job.tickets.contains(&ticket), || format!("{ticket:?} was given before"))?;
        job.tickets.push(ticket);
        (job.is_lent, job.at) = (true, self.now.after(lease));
        let claims = job.tickets.len();
        holds(attempt as usize == claims, || format!("attempt {attempt} of claim {claims}"))?;
        Ok(Some(number))
    }

    /// The last ticket of a job that has one, or an older one.
    fn ticket(&self, pick: usize, is_old: bool) -> Option<(usize, Ticket)> {
        let has = |(_, job): &(usize, &Known)| !job.tickets.is_empty();
        let lent: Vec<_> = self.jobs.iter().enumerate().filter(has).collect();
        let &(number, job) = lent.get(pick.checked_rem(lent.len())?)?;
        let ticket = if is_old { job.tickets.first() } else { job.tickets.last() };
        ticket.map(|&ticket| (number, ticket))
    }

    fn is_good(&self, job: usize, ticket: Ticket) -> bool {
        let job = &self.jobs[job];
        let is_last = job.tickets.last() == Some(&ticket);
        is_last && job.is_lent && !job.is_over && self.now < job.at
    }

    fn next_at(&mut self) -> Result<(), String> {
        let open = self.jobs.iter().filter(|job| !job.is_over);
        let expected = open.map(|job| job.at.max(self.now)).min();
        let named = done(self.store.next_at(self.now))?;
        holds(named == expected, || format!("{named:?} was named as next, not {expected:?}"))
    }

    /// Left alone, every job is claimed.
    fn finish(mut self) -> Result<(), String> {
        let rounds = self.jobs.len();
        for _ in 0..rounds {
            let Some(time) = done(self.store.next_at(self.now))? else { break };
            self.now = time;
            while let Some(job) = self.claim(Duration::from_secs(3600))? {
                let Some(&ticket) = self.jobs[job].tickets.last() else { continue };
                let was_good = done(self.store.acknowledge(self.now, ticket))?;
                holds(was_good, || format!("{ticket:?} was not good"))?;
                self.jobs[job].is_over = true;
            }
        }
        holds(self.jobs.iter().all(|job| job.is_over), || String::from("a job is forgotten"))
    }
}

fn done<T, E: fmt::Debug>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| format!("the store failed: {error:?}"))
}

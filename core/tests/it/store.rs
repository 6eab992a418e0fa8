use std::convert::Infallible;
use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::store::{Claim, Claiming, Claims, JobStore, MemoryStore, Settled, Taken, Ticket};
use forbear_core::testkit::{check, laws};
use forbear_core::{
    Cost, Dimension, GiveUp, Limiter, Observation, Outcome, Policy, SplitMix64, StopReason,
    Timestamp,
};

use crate::support::{at, ms};

#[test]
fn a_store_in_memory_keeps_the_laws() {
    laws::job_store(MemoryStore::new);
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    Nothing,
    LendsToTwo,
    LendsEarly,
    LosesAtDeath,
    TakesOldTickets,
    TakesTicketsAtTheEndOfTheLease,
    ForgetsOnRelease,
    PutsReleasedLast,
    NeverCounts,
    RenewsNothing,
    SleepsTooLong,
}

/// A naive store with a planted fault.
#[derive(Debug)]
struct Specimen {
    fault: Fault,
    jobs: Vec<Job>,
    pushed: u64,
}

#[derive(Debug)]
struct Job {
    payload: u32,
    number: u64,
    at: Timestamp,
    claims: u32,
    is_lent: bool,
}

impl Specimen {
    fn new(fault: Fault) -> Self {
        Self { fault, jobs: Vec::new(), pushed: 0 }
    }

    fn lent(&mut self, now: Timestamp, ticket: Ticket) -> Option<usize> {
        let at_end = self.fault == Fault::TakesTicketsAtTheEndOfTheLease;
        let takes_old = self.fault == Fault::TakesOldTickets;
        self.jobs.iter().position(|job| {
            job.number == ticket.job
                && job.is_lent
                && (now < job.at || (at_end && now == job.at))
                && (takes_old || u64::from(job.claims) == ticket.claim)
        })
    }
}

impl JobStore<u32> for Specimen {
    type Error = Infallible;

    fn push(&mut self, _: Timestamp, payload: u32, at: Timestamp) -> Result<(), Infallible> {
        self.jobs.push(Job { payload, number: self.pushed, at, claims: 0, is_lent: false });
        self.pushed += 1;
        Ok(())
    }

    fn claim(&mut self, now: Timestamp, lease: Duration) -> Result<Option<Claim<u32>>, Infallible> {
        let fault = self.fault;
        let may = |job: &&mut Job| match fault {
            Fault::LendsToTwo => job.at <= now || job.is_lent,
            Fault::LendsEarly => job.at <= now.after(Duration::from_nanos(1)),
            Fault::LosesAtDeath => job.at <= now && !job.is_lent,
            _ => job.at <= now,
        };
        Ok(self.jobs.iter_mut().find(may).map(|job| {
            job.claims += 1;
            (job.is_lent, job.at) = (true, now.after(lease));
            let ticket = Ticket { job: job.number, claim: u64::from(job.claims) };
            let attempt = if fault == Fault::NeverCounts { 1 } else { job.claims };
            Claim { ticket, payload: job.payload, attempt }
        }))
    }

    fn acknowledge(&mut self, now: Timestamp, ticket: Ticket) -> Result<bool, Infallible> {
        Ok(self.lent(now, ticket).map(|job| self.jobs.remove(job)).is_some())
    }

    fn release(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        until: Timestamp,
    ) -> Result<bool, Infallible> {
        let Some(number) = self.lent(now, ticket) else { return Ok(false) };
        (self.jobs[number].is_lent, self.jobs[number].at) = (false, until);
        match self.fault {
            Fault::ForgetsOnRelease => drop(self.jobs.remove(number)),
            Fault::PutsReleasedLast => {
                let job = self.jobs.remove(number);
                self.jobs.push(job);
            }
            _ => {}
        }
        Ok(true)
    }

    fn renew(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        lease: Duration,
    ) -> Result<bool, Infallible> {
        let Some(number) = self.lent(now, ticket) else { return Ok(false) };
        if self.fault != Fault::RenewsNothing {
            self.jobs[number].at = now.after(lease);
        }
        Ok(true)
    }

    fn next_at(&mut self, now: Timestamp) -> Result<Option<Timestamp>, Infallible> {
        let times = self.jobs.iter().map(|job| job.at.max(now));
        let next = if self.fault == Fault::SleepsTooLong { times.max() } else { times.min() };
        Ok(next)
    }
}

#[test]
fn the_laws_find_every_fault() {
    check::job_store(|| Specimen::new(Fault::Nothing)).unwrap();
    for fault in [
        Fault::LendsToTwo,
        Fault::LendsEarly,
        Fault::LosesAtDeath,
        Fault::TakesOldTickets,
        Fault::TakesTicketsAtTheEndOfTheLease,
        Fault::ForgetsOnRelease,
        Fault::PutsReleasedLast,
        Fault::NeverCounts,
        Fault::RenewsNothing,
        Fault::SleepsTooLong,
    ] {
        let found = check::job_store(|| Specimen::new(fault));
        assert!(found.is_err(), "{fault:?} was not found");
    }
}

fn claims(
    limiter: impl Limiter + Clone + Sync + 'static,
    jobs: &[&'static str],
) -> Claims<MemoryStore<&'static str>> {
    let policy = Policy::builder()
        .max_attempts(3)
        .no_deadline()
        .no_budget()
        .backoff(Constant::new(ms(100)))
        .limit(limiter)
        .build()
        .unwrap();
    let mut store = MemoryStore::new();
    for job in jobs {
        store.push(at(0), *job, at(0)).unwrap();
    }
    Claims::new(store, policy.engine(Box::new(SplitMix64::new(1))), ms(1000))
}

fn start(
    claims: &mut Claims<MemoryStore<&'static str>>,
    now: Timestamp,
) -> Result<Taken<&'static str>, Option<Timestamp>> {
    match claims.next(now).unwrap() {
        Claiming::Start(taken) => Ok(taken),
        Claiming::Wait(time) => Err(time),
        Claiming::Refused(why) => panic!("{why}"),
    }
}

const TRANSIENT: Observation = Observation::new(Outcome::Transient);

#[test]
fn no_job_is_claimed_before_the_limiter_admits_one() {
    let mut claims = claims(Gcra::per("10/s".parse().unwrap()), &["a", "b"]);
    let a = start(&mut claims, at(0)).unwrap();
    assert_eq!(start(&mut claims, at(0)).unwrap_err(), Some(at(100)));
    // Another worker of the fleet finds b in the store.
    let b = claims.store_mut().claim(at(0), ms(50)).unwrap().unwrap();
    assert_eq!(b.payload, "b");
    assert_eq!(start(&mut claims, at(10)).unwrap_err(), Some(at(50)), "when its lease ends");
    assert_eq!(claims.answer(at(10), a, Observation::SUCCESS), Ok(Settled::Done("a")));
    assert!(claims.store_mut().acknowledge(at(10), b.ticket).unwrap());
    assert_eq!(start(&mut claims, at(100)).unwrap_err(), None);
    // Nothing was charged while there was nothing.
    claims.store_mut().push(at(100), "c", at(100)).unwrap();
    assert_eq!(start(&mut claims, at(100)).unwrap().payload, "c");
}

#[test]
fn a_retry_is_handed_back_until_its_time_and_its_attempts_are_counted() {
    let mut claims = claims(Concurrency::new(1).unwrap(), &["a", "b"]);
    let a = start(&mut claims, at(0)).unwrap();
    assert_eq!(start(&mut claims, at(0)).unwrap_err(), None, "one may be in flight");
    assert_eq!(claims.answer(at(0), a, &TRANSIENT), Ok(Settled::Again(at(100))));
    let b = start(&mut claims, at(0)).unwrap();
    assert_eq!(claims.answer(at(100), b, Observation::SUCCESS), Ok(Settled::Done("b")));
    let a = start(&mut claims, at(100)).unwrap();
    assert_eq!(a.attempt, 2);
    let hinted = Observation::throttled(Some(ms(700)));
    assert_eq!(claims.answer(at(100), a, &hinted), Ok(Settled::Again(at(800))));
    let a = start(&mut claims, at(800)).unwrap();
    let why = GiveUp::Stopped(StopReason::MaxAttempts(3));
    assert_eq!(claims.answer(at(800), a, &TRANSIENT), Ok(Settled::GaveUp("a", why)));
    assert!(claims.store_mut().is_empty());
}

#[test]
fn a_job_whose_lease_ended_is_another_workers() {
    let mut claims = claims(Concurrency::new(2).unwrap(), &["a"]);
    let slow = start(&mut claims, at(0)).unwrap();
    assert_eq!(start(&mut claims, at(999)).unwrap_err(), Some(at(1000)));
    let fast = start(&mut claims, at(1000)).unwrap();
    assert_eq!(claims.answer(at(1001), slow, Observation::SUCCESS), Ok(Settled::Lost("a")));
    let again = claims.answer(at(1001), fast, &TRANSIENT);
    assert_eq!(again, Ok(Settled::Again(at(1101))));
    let unsent = start(&mut claims, at(1101)).unwrap();
    assert_eq!(claims.give_back(at(1101), unsent), Ok(true));
    assert_eq!(start(&mut claims, at(1101)).unwrap().payload, "a", "nothing is in flight");
}

#[test]
fn a_cost_that_never_fits_is_refused() {
    let cost = Cost::REQUEST.with(Dimension::Requests, 5);
    let mut claims = claims(Gcra::per("1/s".parse().unwrap()), &["a"]).costing(cost);
    let Ok(Claiming::Refused(why)) = claims.next::<&str>(at(0)) else { panic!("5 of 1") };
    assert_eq!(
        why.to_string(),
        "refused by gcra: the request costs 5, more than the limit of 1 at once"
    );
}

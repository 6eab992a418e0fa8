//! Jobs that outlive the process that pushed them.
//!
//! A queue in memory is lost with its process, and one process is not a fleet. A
//! [`JobStore`] keeps jobs elsewhere: whoever claims one has it for the time of a
//! lease, acknowledges it when it is done, or releases it until a time. A worker that
//! dies does neither, and its jobs can be claimed again when their leases end: each job
//! is done at least once.
//!
//! The one in memory is [`MemoryStore`]. There is none on a disk here, on purpose: the crate
//! `forbear-apalis` does the same with the databases of apalis, `SQLite`, Postgres and Redis,
//! which other tools know as well.
//!
//! [`Claims`] claims no job before its limiter admits one, and hands one that has to be
//! retried back until it may start, so that no slot of a worker sleeps.

mod claims;
mod memory;

use core::fmt;
use core::time::Duration;

use crate::Timestamp;

pub use self::{
    claims::{Claiming, Claims, Settled, Taken},
    memory::MemoryStore,
};

/// Keeps jobs, and lends each to one worker at a time.
///
/// Times are those of the driver's clock. A store that outlives the process keeps dates
/// instead, and takes each `now` for the present on its own calendar.
///
/// # Contract
///
/// * What was pushed is claimed, until it is acknowledged; never two at a time have it.
/// * Nothing is claimed before its time. Of what may be claimed, what was pushed first
///   goes first, so that a job that is released keeps its place.
/// * A ticket is good until its lease ends, to the nanosecond, or it is used; renewed, it
///   is good until the new end. A ticket that is not good changes nothing: the answers
///   are `false`.
/// * [`Claim::attempt`] counts the claims of a job.
/// * `next_at` names the earliest time at which a claim finds something, provided that
///   nothing else happens.
///
/// The feature `testkit` tries all of it: `testkit::laws::job_store`.
pub trait JobStore<T>: fmt::Debug + Send {
    /// Why the store did not do what it was asked to.
    type Error;

    /// Takes in a job that may be claimed from `not_before` on.
    ///
    /// # Errors
    ///
    /// If the store fails; the job may be in it all the same.
    fn push(
        &mut self,
        now: Timestamp,
        payload: T,
        not_before: Timestamp,
    ) -> Result<(), Self::Error>;

    /// Lends a job for the time of `lease`; `None` if there is none now.
    ///
    /// # Errors
    ///
    /// If the store fails. A job that was lent for nothing comes back when its lease
    /// ends.
    fn claim(&mut self, now: Timestamp, lease: Duration) -> Result<Option<Claim<T>>, Self::Error>;

    /// Ends a job; whether the ticket was good.
    ///
    /// # Errors
    ///
    /// If the store fails; the job may be ended or not.
    fn acknowledge(&mut self, now: Timestamp, ticket: Ticket) -> Result<bool, Self::Error>;

    /// Gives a job back, to be claimed from `not_before` on; whether the ticket was good.
    ///
    /// # Errors
    ///
    /// If the store fails; the job comes back when its lease ends.
    fn release(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        not_before: Timestamp,
    ) -> Result<bool, Self::Error>;

    /// Lets a lease end only `lease` from now; whether the ticket was good.
    ///
    /// # Errors
    ///
    /// If the store fails; the lease is the old one or the new one.
    fn renew(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        lease: Duration,
    ) -> Result<bool, Self::Error>;

    /// When a claim finds something next, `now` at the earliest; `None` if there is
    /// nothing.
    ///
    /// # Errors
    ///
    /// If the store fails.
    fn next_at(&mut self, now: Timestamp) -> Result<Option<Timestamp>, Self::Error>;
}

// `JobStore` stays usable as `dyn JobStore`.
const _: Option<&dyn JobStore<(), Error = ()>> = None;

/// A job that was lent.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a store of one's own makes them")]
pub struct Claim<T> {
    /// To end it with, or to give it back.
    pub ticket: Ticket,
    /// What it is about.
    pub payload: T,
    /// 1 for the first claim of this job.
    pub attempt: u32,
}

/// Names one claim of one job.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_structs, reason = "a store of one's own makes them")]
pub struct Ticket {
    /// Which job.
    pub job: u64,
    /// Which of its claims; no other claim of the job has the same.
    pub claim: u64,
}

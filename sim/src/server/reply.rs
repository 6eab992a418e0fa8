//! An answer on its way to a client.

use std::time::Duration;

use forbear_core::{Cost, Observation, Outcome, Quota, Quotas, RateSignal, Throttle};

use super::wait::LONGEST;
use super::wire::has_fields;
use crate::scenario::nanos;

/// Windows that a reply tells of, at most one of each dimension that has fields.
pub(crate) type Told = [Option<Quota>; 5];

/// What a client gets: the status and the headers that matter, already as they
/// would be read off the wire.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after_ns: Option<u64>,
    usage: Option<Cost>,
    /// Not beside the rest, since most servers tell of none and every event moves a reply.
    windows: Option<Box<Told>>,
}

impl Reply {
    /// The status that a client sees which stopped waiting.
    pub(crate) const TIMED_OUT: u16 = 0;

    pub(crate) const fn new(status: u16) -> Self {
        Self { status, retry_after_ns: None, usage: None, windows: None }
    }

    /// One that was taken apart on its way.
    pub(crate) const fn taken(
        status: u16,
        retry_after_ns: Option<u64>,
        usage: Option<Cost>,
        windows: Option<Box<Told>>,
    ) -> Self {
        Self { status, retry_after_ns, usage, windows }
    }

    /// The windows that it tells of.
    pub(crate) fn take_windows(self) -> Option<Box<Told>> {
        self.windows
    }

    /// With this wait, in ns.
    pub(crate) const fn asking_for(mut self, retry_after_ns: Option<u64>) -> Self {
        self.retry_after_ns = retry_after_ns;
        self
    }

    /// With what the request used.
    pub(crate) const fn using(mut self, usage: Cost) -> Self {
        self.usage = Some(usage);
        self
    }

    /// The same reply with the waits and windows that a client read.
    pub(super) fn as_read(&self, seen: &Observation) -> Self {
        let mut windows = None;
        let read = seen.quotas.as_slice();
        if !read.is_empty() {
            let mut told = Told::default();
            told.iter_mut().zip(read).for_each(|(place, quota)| *place = Some(*quota));
            windows = Some(Box::new(told));
        }
        let retry_after_ns = seen.retry_after.map(nanos);
        Self { status: self.status, retry_after_ns, usage: self.usage, windows }
    }

    /// What the request used, where the reply says so.
    pub(crate) const fn used(&self) -> Option<Cost> {
        self.usage
    }

    /// What the client hands to its engine, written over what it handed before.
    ///
    /// An observation is half a kilobyte, nearly all of it windows that most servers
    /// do not send.
    pub(crate) fn observe_into(&self, seen: &mut Observation) {
        seen.outcome = self.outcome();
        seen.retry_after = self.retry_after();
        seen.usage = self.usage;
        seen.code = self.code();
        seen.timed_out_after = None;
        if self.windows.is_some() || !seen.quotas.is_empty() {
            seen.quotas = self.quotas();
        }
    }

    /// Adds a window, if there are fields for its dimension; of several of one dimension
    /// the one that has the least left is told, since the fields have one name.
    pub(crate) fn advertise(&mut self, quota: Quota) {
        if !quota.dimension().is_some_and(has_fields) {
            return;
        }
        // To whole milliseconds, as `6m0.5s` and its like are read.
        let to_reset = quota.resets_in().unwrap_or_default().min(Duration::from_nanos(LONGEST));
        let to_reset = to_reset.as_nanos().div_ceil(1_000_000);
        let resets_in = Duration::from_millis(u64::try_from(to_reset).unwrap_or(u64::MAX));
        let windows = self.windows.get_or_insert_default();
        let is_its = |place: &&mut Option<Quota>| {
            place.as_ref().is_none_or(|told| told.dimension() == quota.dimension())
        };
        let Some(place) = windows.iter_mut().find(is_its) else { return };
        if place.is_none_or(|told| quota.remaining() < told.remaining()) {
            *place = Some(quota.with_resets_in(resets_in));
        }
    }
}

impl RateSignal for Reply {
    fn outcome(&self) -> Outcome {
        match self.status {
            200..=299 => Outcome::Success,
            429 => Outcome::Throttled(Throttle::RateLimit),
            // As http-adapter has it: who says when to come back has too much to do;
            // who does not may be a proxy without a server behind it.
            503 if self.retry_after_ns.is_some() => Outcome::Throttled(Throttle::Overload),
            400..=499 => Outcome::Permanent,
            _ => Outcome::Transient,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after_ns.map(Duration::from_nanos)
    }

    fn quotas(&self) -> Quotas {
        self.windows.iter().flat_map(|windows| windows.iter().flatten().copied()).collect()
    }

    fn usage(&self) -> Option<Cost> {
        self.usage
    }

    /// The status; a client that stopped waiting saw none.
    fn code(&self) -> Option<u16> {
        (self.status != Self::TIMED_OUT).then_some(self.status)
    }
}

//! The sheet: counters gathered field by field, then settled into limit readings.
//!
//! Fields arrive in any order and any number. A slot is a window under collection, told
//! apart by its family, its name and the window in the field's name. Of duplicates, the
//! tightest counter and the latest reset stand: whichever line the server meant, the
//! caller is not early.

use std::borrow::Cow;
use std::mem;
use std::time::Duration;

use forbear_core::Dimension;

use crate::amount::Amount;
use crate::dialect::{CounterRole, Family};
use crate::list::{LIMIT, List};
use crate::merge;
use crate::reading::{INLINE_LIMITS, LimitReading, Limits};
use crate::value::counter::Member;

/// All counters of one response.
#[derive(Debug)]
pub(crate) struct Sheet<'a> {
    slots: List<Slot<'a>, INLINE_LIMITS>,
    policies: Vec<Policy<'a>>,
    /// Windows that a vendor's field gave as a whole.
    whole: Vec<LimitReading<'a>>,
}

/// A window under collection.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    family: Family,
    name: Cow<'a, str>,
    /// The window in the field's name, part of the identity.
    named_window: Option<Duration>,
    limit: Option<Amount>,
    remaining: Option<Amount>,
    used: Option<Amount>,
    reset: Option<(ResetRank, Duration)>,
    /// The window in a field of its own.
    window: Option<Duration>,
    /// The window behind a counter, believed if nothing better names one.
    hinted_window: Option<Duration>,
    /// The policy counts something else than requests.
    has_other_unit: bool,
}

/// How much a reset is worth: a delta needs no clock, a twin in another form is a spare.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum ResetRank {
    Twin,
    Plain,
    Delta,
}

/// A quota with its window, listed beside the counters: `5000;w=3600`.
#[derive(Debug)]
struct Policy<'a> {
    family: Family,
    name: Cow<'a, str>,
    quota: Amount,
    window: Option<Duration>,
    is_taken: bool,
}

impl<'a> Sheet<'a> {
    #[expect(clippy::inline_always, reason = "a call would make it elsewhere and copy it")]
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { slots: List::new(), policies: Vec::new(), whole: Vec::new() }
    }

    /// The slot of a window, made if need be; `None` if there are too many.
    pub(crate) fn slot(
        &mut self,
        family: Family,
        name: Cow<'a, str>,
        named_window: Option<Duration>,
    ) -> Option<&mut Slot<'a>> {
        let known = self.slots.position(|slot| slot.is(family, &name, named_window));
        let at = match known {
            Some(at) => at,
            None => self.slots.push(Slot::new(family, name, named_window))?,
        };
        self.slots.get_mut(at)
    }

    /// The slot of a window whose name is a constant and whose field names no length.
    #[inline]
    pub(crate) fn common_slot(
        &mut self,
        family: Family,
        name: &'static str,
    ) -> Option<&mut Slot<'a>> {
        let known = self.slots.position(|slot| slot.is(family, name, None));
        let at = match known {
            Some(at) => at,
            None => self.slots.push(Slot::new(family, Cow::Borrowed(name), None))?,
        };
        self.slots.get_mut(at)
    }

    /// Adds a window that needs no settling.
    pub(crate) fn push_whole(&mut self, reading: LimitReading<'a>) {
        if reading.says_something() && self.whole.len() < LIMIT {
            self.whole.push(reading);
        }
    }

    /// The windows given as a whole so far.
    pub(crate) fn whole_mut(&mut self) -> impl Iterator<Item = &mut LimitReading<'a>> {
        self.whole.iter_mut()
    }

    /// Adds a policy.
    pub(crate) fn push_policy(&mut self, family: Family, name: Cow<'a, str>, member: Member) {
        let Member { quota, window } = member;
        if self.policies.len() < LIMIT {
            self.policies.push(Policy { family, name, quota, window, is_taken: false });
        }
    }

    /// Forgets the plain counters of `family` that have `name`.
    pub(crate) fn withdraw_limit(&mut self, family: Family, name: &str) {
        for slot in self.slots.iter_mut().filter(|slot| slot.family == family && slot.name == name)
        {
            slot.limit = None;
        }
    }

    /// Adds the readings: families merged, policies joined to the counters they explain.
    ///
    /// Written where they stay, because the list is worth several fields of copying.
    pub(crate) fn settle_into(&mut self, settled: &mut Limits<'a>) {
        if !(self.slots.is_empty() && self.policies.is_empty()) {
            self.settle_families(settled);
        }
        for reading in self.whole.drain(..) {
            settled.push(reading);
        }
    }

    fn settle_families(&mut self, settled: &mut Limits<'a>) {
        let mut families = self.slots.iter().map(|slot| slot.family);
        let first = families.next();
        let is_one_family = families.all(|family| Some(family) == first);
        drop(families);
        if self.policies.is_empty() && is_one_family {
            // One family: there is nothing to merge.
            for slot in self.slots.iter_mut() {
                let reading = slot.settle(&mut []);
                if reading.says_something() {
                    settled.push(reading);
                }
            }
            return;
        }
        for family in Family::BEST_FIRST {
            let higher = if family == Family::Vendor { 0 } else { settled.len() };
            for slot in self.slots.iter_mut().filter(|slot| slot.family == family) {
                let reading = slot.settle(&mut self.policies);
                merge::add(settled, higher, reading);
            }
            for policy in self.policies.iter_mut().filter(|policy| policy.family == family) {
                // The same policy may be listed twice (Lokalise).
                let reading = policy.settle();
                let is_new =
                    |reading: &LimitReading<'_>| settled.iter().all(|known| known != reading);
                if let Some(reading) = reading.filter(is_new) {
                    merge::add(settled, higher, reading);
                }
            }
        }
    }
}

impl<'a> Slot<'a> {
    const fn new(family: Family, name: Cow<'a, str>, named_window: Option<Duration>) -> Self {
        Self {
            family,
            name,
            named_window,
            limit: None,
            remaining: None,
            used: None,
            reset: None,
            window: None,
            hinted_window: None,
            has_other_unit: false,
        }
    }

    fn is(&self, family: Family, name: &str, named_window: Option<Duration>) -> bool {
        let mine = self.name.as_ref();
        // A common name is one constant, and nearly always found where it was before.
        let is_same_name = || std::ptr::eq(mine, name) || mine == name;
        self.family == family
            && mine.len() == name.len()
            && self.named_window == named_window
            && is_same_name()
    }

    /// Notes a amount; the tightest stands.
    pub(crate) fn note(&mut self, role: CounterRole, amount: Amount) {
        match role {
            CounterRole::Limit => tighten(&mut self.limit, amount, Amount::min),
            CounterRole::Remaining => tighten(&mut self.remaining, amount, Amount::min),
            CounterRole::Used => tighten(&mut self.used, amount, Amount::max),
            _ => {}
        }
    }

    /// Notes the time until the window starts again; the most precise kind stands, and
    /// of one kind the latest.
    pub(crate) fn note_reset(&mut self, role: CounterRole, left: Duration) {
        let rank = match role {
            CounterRole::ResetAfter => ResetRank::Delta,
            CounterRole::ResetTime => ResetRank::Twin,
            _ => ResetRank::Plain,
        };
        tighten(&mut self.reset, (rank, left), Ord::max);
    }

    /// Notes the length of the window.
    pub(crate) fn note_window(&mut self, window: Duration) {
        if !window.is_zero() {
            tighten(&mut self.window, window, Duration::max);
        }
    }

    /// Notes that a policy counts something else than requests.
    pub(crate) const fn note_other_unit(&mut self) {
        self.has_other_unit = true;
    }

    /// Notes a window that a policy may name better.
    pub(crate) fn note_hinted_window(&mut self, window: Option<Duration>) {
        self.hinted_window = self.hinted_window.or(window);
    }

    fn settle(&mut self, policies: &mut [Policy<'a>]) -> LimitReading<'a> {
        let reset_after = self.reset.map(|(_, left)| left);
        let limit = self.limit.or_else(|| {
            // Reddit sends what is used and what remains, and no limit.
            Some(self.used?.saturating_add(self.remaining?))
        });
        let remaining = self.remaining.or_else(|| Some(limit?.saturating_sub(self.used?)));
        let mut window = self.named_window.or(self.window);
        if window.is_none() && !policies.is_empty() {
            window = self.explain(limit, reset_after, policies);
        }
        let window = window.or(self.hinted_window);
        let mut reading = LimitReading {
            limit,
            remaining,
            reset_after,
            window,
            ..LimitReading::new(mem::take(&mut self.name))
        };
        if self.family == Family::Structured && !self.has_other_unit {
            // The draft: without `qu`, a policy counts requests, whatever it is called.
            reading.dimension = reading.dimension.or(Some(Dimension::Requests));
        }
        reading
    }

    /// The window of the policy that the counters belong to: it has the same quota, and
    /// a window starts again within its length.
    fn explain(
        &self,
        limit: Option<Amount>,
        reset_after: Option<Duration>,
        policies: &mut [Policy<'a>],
    ) -> Option<Duration> {
        let mine = policies
            .iter_mut()
            .filter(|policy| policy.family == self.family && policy.name == self.name)
            .filter(|policy| {
                Some(policy.quota) == limit
                    && policy
                        .window
                        .is_none_or(|window| reset_after.is_none_or(|left| left <= window))
            })
            .min_by_key(|policy| policy.window.unwrap_or(Duration::MAX))?;
        mine.is_taken = true;
        let (window, quota) = (mine.window, mine.quota);
        for twin in policies.iter_mut() {
            let is_same = twin.quota == quota && twin.window == window;
            twin.is_taken |= is_same && twin.family == self.family && twin.name == self.name;
        }
        window
    }
}

impl<'a> Policy<'a> {
    fn settle(&mut self) -> Option<LimitReading<'a>> {
        (!self.is_taken).then(|| LimitReading {
            limit: Some(self.quota),
            window: self.window,
            ..LimitReading::new(mem::take(&mut self.name))
        })
    }
}

fn tighten<T: Copy>(place: &mut Option<T>, value: T, choose: impl FnOnce(T, T) -> T) {
    *place = Some(place.map_or(value, |known| choose(known, value)));
}

//! Fields that carry counters, by the dialect that they belong to.

use std::borrow::Cow;
use std::time::Duration;

use crate::amount::Amount;
use crate::dialect::field::Pair;
use crate::dialect::{
    CounterRole, Dialect, Family, Naming, REQUESTS, Resolved, Shape, interval, reading_name,
};
use crate::gather::Pass;
use crate::head::Head;
use crate::reading::LimitReading;
use crate::scope::ScopeSource;
use crate::shape::paired::{self, PAIRS};
use crate::shape::tagged;
use crate::value::counter;
use crate::value::duration::{self, MILLISECOND_NS, SECOND_NS};
use crate::value::reset::{self, ResetForm};
use crate::value::retry_after;
use crate::value::text::trim;

/// What tells a window from others: family, name, and the window in the field's name.
pub(super) type Identity<'a> = (Family, Cow<'a, str>, Option<Duration>);

impl<'a> Pass<'a, '_, '_> {
    /// Reads a field that a dialect's prefix introduces.
    pub(super) fn dialect_field(
        &mut self,
        dialect: &Dialect,
        name: &'a str,
        lower: &str,
        value: &'a [u8],
    ) {
        let at = dialect.prefix().len();
        if self.clock.is_cached && dialect.shape != Shape::NamedWait {
            return;
        }
        let sheet = self.to.sheet();
        let is_usable = match dialect.shape {
            Shape::Counters => {
                let Some(resolved) = dialect.resolve(&lower[at..]) else { return };
                let identity = identity(dialect, &resolved, name, lower);
                let form = match dialect.reset {
                    ResetForm::BySize => self.reader.reset,
                    known => known,
                };
                self.counter(identity, resolved.role, form, value)
            }
            Shape::Endpoint => {
                tagged::endpoint(value, reading_name(dialect.naming, &name[at..]), sheet)
            }
            Shape::RemainingOf if &lower[at..] == "resource" => tagged::resources(value, sheet),
            Shape::RemainingOf => {
                let name = reading_name(dialect.naming, &name[at..]);
                let identity = (dialect.family, name, None);
                self.counter(identity, CounterRole::Remaining, ResetForm::BySize, value)
            }
            Shape::UsedIn => {
                let is_usable = Amount::parse(value).is_some();
                if is_usable {
                    let window = interval(&lower[at..]);
                    let name = Cow::Borrowed(dialect.dimension);
                    sheet.push_whole(LimitReading { window, ..LimitReading::new(name) });
                }
                is_usable
            }
            Shape::NamedWait => self.named_wait(reading_name(dialect.naming, &name[at..]), value),
        };
        if !is_usable {
            self.to.failures.note(name);
        }
    }

    /// Reads a plain number, or a reset, of a window with a common name; says whether it
    /// was one.
    pub(super) fn common_counter(
        &mut self,
        family: Family,
        role: CounterRole,
        counted: &'static str,
        value: &[u8],
    ) -> bool {
        // Both first, so that the slot is looked for in one place.
        let (amount, left) = if role == CounterRole::Reset {
            (None, reset::parse(value, self.reader.reset, self.clock.base))
        } else {
            (Amount::parse(value), None)
        };
        if amount.is_none() && left.is_none() {
            return false;
        }
        let Some(slot) = self.to.sheet().common_slot(family, counted) else { return true };
        if let Some(amount) = amount {
            slot.note(role, amount);
        }
        if let Some(left) = left {
            slot.note_reset(role, left);
        }
        true
    }

    /// Reads a counter of the window `identity`; says whether it was usable.
    pub(super) fn counter(
        &mut self,
        identity: Identity<'a>,
        role: CounterRole,
        form: ResetForm,
        value: &[u8],
    ) -> bool {
        match role {
            CounterRole::Limit | CounterRole::Remaining | CounterRole::Used => {
                match Amount::parse(value) {
                    Some(amount) => self.note(identity, role, amount),
                    None => return self.counter_list(identity, role, value),
                }
            }
            CounterRole::Reset | CounterRole::ResetTime | CounterRole::ResetAfter => {
                let form =
                    if role == CounterRole::ResetAfter { ResetForm::DeltaSeconds } else { form };
                let Some(left) = reset::parse(value, form, self.clock.base) else { return false };
                if let Some(slot) = self.slot(identity) {
                    slot.note_reset(role, left);
                }
            }
            CounterRole::WindowSeconds | CounterRole::WindowMillis => {
                let window = if role == CounterRole::WindowMillis {
                    duration::decimal(value, MILLISECOND_NS)
                } else {
                    duration::decimal(value, SECOND_NS).or_else(|| duration::go(value))
                };
                let Some(window) = window else { return false };
                if let Some(slot) = self.slot(identity) {
                    slot.note_window(window);
                }
            }
        }
        true
    }

    /// Reads `10, 10;w=1, 5000;w=3600`: plain numbers count, those with a window are
    /// policies. Without a plain number the first policy is the one in force.
    fn counter_list(&mut self, identity: Identity<'a>, role: CounterRole, value: &[u8]) -> bool {
        let is_plain = |member: &counter::Member| member.window.is_none();
        let plain = counter::members(value).filter(is_plain).map(|member| member.quota);
        let first = counter::members(value).next().map(|member| member.quota);
        let amount = match role {
            CounterRole::Used => plain.max(),
            _ => plain.min(),
        };
        let Some(amount) = amount.or(first) else { return false };
        for member in counter::members(value).filter(|member| !is_plain(member)) {
            let (family, name, _) = identity.clone();
            if role == CounterRole::Limit {
                self.to.sheet().push_policy(family, name, member);
            } else if let Some(slot) = self.slot(identity.clone()) {
                // Docker Hub repeats the window behind `remaining`.
                slot.note_hinted_window(member.window);
            }
        }
        self.note(identity, role, amount);
        true
    }

    fn note(&mut self, identity: Identity<'a>, role: CounterRole, amount: Amount) {
        if let Some(slot) = self.slot(identity) {
            slot.note(role, amount);
        }
    }

    fn slot(
        &mut self,
        (family, name, window): Identity<'a>,
    ) -> Option<&mut crate::sheet::Slot<'a>> {
        self.to.sheet().slot(family, name, window)
    }

    /// Amazon's selling-partner API: requests a second, often fewer than one.
    pub(super) fn rate_per_second(&mut self, value: &[u8]) -> bool {
        let Some(limit) = Amount::parse(value) else { return false };
        self.to.sheet().push_whole(LimitReading {
            limit: Some(limit),
            window: Some(Duration::from_secs(1)),
            ..LimitReading::new(Cow::Borrowed(REQUESTS))
        });
        true
    }

    /// `Retry-After-<name>`: the longest stands, and its throttler is the scope.
    fn named_wait(&mut self, name: Cow<'a, str>, value: &[u8]) -> bool {
        let Some(wait) = retry_after::parse(value, self.clock.base) else { return false };
        if self.to.waits.add_named(wait) {
            self.to.scope.withdraw(ScopeSource::RetryAfterSuffix);
            self.to.scope.offer(ScopeSource::RetryAfterSuffix, name);
        }
        true
    }

    /// Joins the fields that are only understood together.
    pub(super) fn join_pairs(&mut self, head: &Head<'a>) {
        for (pair, names) in PAIRS {
            let Some(mut pairing) = self.pairs.of(pair) else { continue };
            if pair == Pair::Strava {
                pairing.limit = first_value(head, names[0]);
                if !pairing.limit.is_some_and(|limit| limit.contains(&b',')) {
                    // Not Strava: an ordinary limit of which the use is told.
                    let identity = (Family::XRateLimit, Cow::Borrowed(REQUESTS), None);
                    let used = pairing.used.unwrap_or_default();
                    if !self.counter(identity, CounterRole::Used, ResetForm::BySize, used) {
                        self.to.failures.note_all(names[1]);
                    }
                    continue;
                }
                self.to.sheet().withdraw_limit(Family::XRateLimit, REQUESTS);
                self.to.failures.forgive(names[0]);
            }
            let usable = paired::join(pair, pairing, self.to.sheet());
            if pairing.limit.is_some() && !usable.limit {
                self.to.failures.note_all(names[0]);
            }
            if pairing.used.is_some() && !usable.used {
                self.to.failures.note_all(names[1]);
            }
        }
    }
}

/// The window that a field belongs to, its name borrowed from the field's name.
fn identity<'a>(
    dialect: &Dialect,
    resolved: &Resolved<'_>,
    name: &'a str,
    lower: &str,
) -> Identity<'a> {
    let kept = match dialect.naming {
        Naming::Snake { kept } | Naming::Verbatim { kept } => kept,
        Naming::CountedWindows => 0,
    };
    let dimension = resolved.dimension;
    let spelled = if dimension.is_empty() {
        Cow::Borrowed(dialect.dimension)
    } else {
        // `dimension` is a part of `lower`, which has the same places as `name`.
        let at = dimension.as_ptr().addr() - lower.as_ptr().addr();
        reading_name(dialect.naming, &name[at - kept..at + dimension.len()])
    };
    (dialect.family, spelled, resolved.window)
}

fn first_value<'a>(head: &Head<'a>, lower: &str) -> Option<&'a [u8]> {
    let mut found = None;
    head.fields.for_each(&mut |name, value| {
        if found.is_none() && name.eq_ignore_ascii_case(lower) {
            found = Some(trim(value));
        }
    });
    found
}

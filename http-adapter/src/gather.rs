//! The pass over the fields: each is looked up once and put where it belongs.

mod counters;

use std::borrow::Cow;

use crate::body::signature::is_aws_code;
use crate::clock::ServerClock;
use crate::dialect::field::{self, Means, WaitForm};
use crate::dialect::table::{DIALECTS, may_have_dialect};
use crate::dialect::{Dialect, REQUESTS};
use crate::failure::Failures;
use crate::grpc::{Grpc, Pushback};
use crate::head::Head;
use crate::reader::Reader;
use crate::reading::Limits;
use crate::scope::{Scope, ScopeSource};
use crate::shape::paired::Pairings;
use crate::shape::{ratio, sentry, tagged, usage};
use crate::sheet::Sheet;
use crate::structured::StructuredField;
use crate::value::duration::{self, MILLISECOND_NS};
use crate::value::reset::{self, ResetForm};
use crate::value::retry_after;
use crate::value::text::{split, trim};
use crate::wait::{WaitSource, Waits};

/// All that the fields of a response say.
#[derive(Debug)]
pub(crate) struct Gathered<'a> {
    /// Made when the first counter comes: most responses have none.
    sheet: Option<Sheet<'a>>,
    pub(crate) waits: Waits,
    pub(crate) scope: Scope<'a>,
    pub(crate) failures: Failures<'a>,
    pub(crate) advice: Option<bool>,
    pub(crate) grpc: Grpc,
    pub(crate) signs: Signs,
}

/// Signs of throttling in single fields.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each from its own field")]
pub(crate) struct Signs {
    /// `x-envoy-overloaded`.
    pub(crate) is_shedding: bool,
    /// A throttling code in `x-amzn-errortype`.
    pub(crate) has_aws_code: bool,
    /// Groups in `X-Sentry-Rate-Limits`.
    pub(crate) has_sentry_groups: bool,
    /// `Stripe-Rate-Limited-Reason` is there.
    pub(crate) has_stripe_reason: bool,
}

impl Signs {
    const NONE: Self = Self {
        is_shedding: false,
        has_aws_code: false,
        has_sentry_groups: false,
        has_stripe_reason: false,
    };
}

impl<'a> Gathered<'a> {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            sheet: None,
            waits: Waits::new(),
            scope: Scope::new(),
            failures: Failures::new(),
            advice: None,
            grpc: Grpc::new(),
            signs: Signs::NONE,
        }
    }

    /// The counters, to add to.
    pub(crate) fn sheet(&mut self) -> &mut Sheet<'a> {
        // Not `get_or_insert_with`, which makes it elsewhere and copies a kilobyte.
        if self.sheet.is_none() {
            self.sheet = Some(Sheet::new());
        }
        self.sheet.as_mut().expect("there is a sheet, because it was just made")
    }

    /// Puts the windows where they stay.
    pub(crate) fn settle_into(&mut self, limits: &mut Limits<'a>) {
        if let Some(sheet) = &mut self.sheet {
            sheet.settle_into(limits);
        }
    }

    /// Reads the fields of `head`.
    ///
    /// In place, because moving the sheet costs as much as reading a field.
    pub(crate) fn read(&mut self, head: &Head<'a>, reader: &Reader, clock: &ServerClock) {
        let mut pass = Pass {
            reader,
            clock,
            pairs: Pairings::default(),
            counters: StructuredField::default(),
            policies: StructuredField::default(),
            to: self,
        };
        head.fields.for_each(&mut |name, value| pass.visit(name, value));
        pass.finish(head);
    }
}

/// The pass under way.
struct Pass<'a, 'r, 't> {
    reader: &'r Reader,
    clock: &'r ServerClock,
    pairs: Pairings<'a>,
    counters: StructuredField<'a>,
    policies: StructuredField<'a>,
    to: &'t mut Gathered<'a>,
}

/// Longer names are not looked at: the longest that means something has 45 octets, and
/// the rest is room for a dimension.
const MAX_NAME: usize = 128;

impl<'a, 'r> Pass<'a, 'r, '_> {
    fn visit(&mut self, name: &'a str, value: &'a [u8]) {
        if field::may_be_known(name) || !self.reader.dialects.is_empty() {
            self.look_up(name, value);
        }
    }

    // Apart, so that a field that says nothing does not pay for saving registers.
    #[inline(never)]
    fn look_up(&mut self, name: &'a str, value: &'a [u8]) {
        match field::find(name) {
            // Somebody's own dialect may say something else of these.
            Some(Means::Common(..)) if !self.reader.dialects.is_empty() => {}
            Some(means) => return self.known_field(*means, name, trim(value)),
            None => {}
        }
        if !self.reader.dialects.is_empty() || may_have_dialect(name) {
            self.look_up_prefix(name, value);
        }
    }

    #[inline(never)]
    fn look_up_prefix(&mut self, name: &'a str, value: &'a [u8]) {
        let mut buffer = [0; MAX_NAME];
        let Some(lower) = lower_case(name, &mut buffer) else { return };
        if let Some(dialect) = self.dialect_of(lower) {
            self.dialect_field(dialect, name, lower, trim(value));
        }
    }

    fn dialect_of(&self, lower: &str) -> Option<&'r Dialect> {
        let is_meant = |dialect: &&Dialect| lower.starts_with(dialect.prefix());
        let own = self.reader.dialects.iter().find(is_meant);
        own.or_else(|| DIALECTS.iter().find(is_meant))
    }

    fn known_field(&mut self, means: Means, name: &'a str, value: &'a [u8]) {
        if let Means::Common(family, role, counted) = means
            && !self.clock.is_cached
            && self.common_counter(family, role, counted, value)
        {
            return;
        }
        let is_stale = self.clock.is_cached && means.is_counter();
        if !is_stale && !self.single_field(means, value) {
            self.to.failures.note(name);
        }
    }

    /// Reads a field that has a row of its own; says whether it was usable.
    #[inline(never)]
    fn single_field(&mut self, means: Means, value: &'a [u8]) -> bool {
        let to = &mut *self.to;
        match means {
            Means::Wait(source, form) => return self.explicit_wait(source, form, value),
            Means::Advice => return self.advice(value),
            Means::Scope(source) => {
                to.signs.has_stripe_reason |= source == ScopeSource::StripeReason;
                to.scope.offer(source, String::from_utf8_lossy(value));
            }
            Means::GlobalScope => {
                if value.eq_ignore_ascii_case(b"true") {
                    to.scope.offer(ScopeSource::Global, Cow::Borrowed("global"));
                }
            }
            Means::Overloaded => to.signs.is_shedding |= !value.eq_ignore_ascii_case(b"false"),
            Means::AwsErrorType => {
                let code = std::str::from_utf8(value).unwrap_or_default();
                to.signs.has_aws_code |= is_aws_code(code);
            }
            Means::ContentType => to.grpc.note_content_type(value),
            Means::GrpcStatus => return to.grpc.note_status(value),
            Means::GrpcPushback => to.grpc.note_pushback(value),
            // Failures of these are noted when all lines are known.
            Means::RateLimit => self.counters.read_counters(value),
            Means::RateLimitPolicy => self.policies.read_policies(value),
            Means::Paired(pair, side) => self.pairs.note(pair, side, value),
            Means::Counter(family, role) => {
                let identity = (family, Cow::Borrowed(REQUESTS), None);
                return self.counter(identity, role, self.reader.reset, value);
            }
            Means::Common(family, role, counted) => {
                let identity = (family, Cow::Borrowed(counted), None);
                return self.counter(identity, role, self.reader.reset, value);
            }
            Means::RatePerSecond => return self.rate_per_second(value),
            Means::Ratio => return ratio::single(value, to.sheet()),
            Means::NamedRatios => return ratio::named(value, to.sheet()),
            Means::Buckets(kind) => return tagged::buckets(value, kind, to.sheet()),
            Means::SentryGroups => {
                // Not a counter but a refusal, which a cache does not make stale.
                let any = sentry::groups(value, to.sheet());
                to.signs.has_sentry_groups |= any;
                return any;
            }
            Means::UsageJson => return self.usage(value),
        }
        true
    }

    fn explicit_wait(&mut self, source: WaitSource, form: WaitForm, value: &[u8]) -> bool {
        let base = self.clock.base;
        let wait = match form {
            WaitForm::Millis => retry_after::members(value)
                .filter_map(|member| duration::decimal(member, MILLISECOND_NS))
                .max()
                .filter(|_| !crate::value::text::has_thousands_separators(value)),
            WaitForm::RetryAfter => retry_after::parse(value, base),
            WaitForm::GoDuration => duration::go(value),
            WaitForm::Instant => reset::parse(value, ResetForm::BySize, base),
        };
        wait.map(|wait| self.to.waits.add(source, wait)).is_some()
    }

    /// `true` or `false` in any case; a refusal beats any encouragement.
    ///
    /// A list is what a proxy makes of repeated lines (RFC 9110, section 5.3).
    fn advice(&mut self, value: &[u8]) -> bool {
        let mut any = false;
        for member in split(value, b',') {
            let advice = match member {
                _ if member.eq_ignore_ascii_case(b"true") => true,
                _ if member.eq_ignore_ascii_case(b"false") => false,
                _ => continue,
            };
            self.to.advice = Some(self.to.advice.unwrap_or(true) && advice);
            any = true;
        }
        any
    }

    fn usage(&mut self, value: &[u8]) -> bool {
        let sheet = (!self.clock.is_cached).then(|| self.to.sheet());
        let Some(usage) = usage::read(value, sheet) else { return false };
        if let Some(wait) = usage.regain_access {
            self.to.waits.add(WaitSource::RegainAccess, wait);
        }
        if let Some(kind) = usage.kind {
            self.to.scope.offer(ScopeSource::MetaType, Cow::Owned(kind));
        }
        true
    }

    fn finish(&mut self, head: &Head<'a>) {
        if self.clock.is_date_malformed {
            self.to.failures.note_all("date");
        }
        if self.clock.is_age_malformed {
            self.to.failures.note_all("age");
        }
        if !self.counters.is_absent() && !self.counters.settle(self.to.sheet()) {
            self.to.failures.note_all("ratelimit");
        }
        if !self.policies.is_absent() && !self.policies.settle(self.to.sheet()) {
            self.to.failures.note_all("ratelimit-policy");
        }
        if !self.pairs.is_empty() {
            self.join_pairs(head);
        }
        if let Some(Pushback::Wait(wait)) = self.to.grpc.pushback() {
            self.to.waits.add(WaitSource::GrpcPushback, wait);
        }
    }
}

/// The name in lower case, borrowed if it is so already; `None` if it is too long.
fn lower_case<'b>(name: &'b str, buffer: &'b mut [u8; MAX_NAME]) -> Option<&'b str> {
    // A fold and not `any`: without the early exit the compiler compares sixteen octets at
    // once, and names in a map are in lower case anyway.
    let has_upper = name.bytes().fold(false, |upper, byte| upper | byte.is_ascii_uppercase());
    if !has_upper {
        return (name.len() <= MAX_NAME).then_some(name);
    }
    let buffer = buffer.get_mut(..name.len())?;
    buffer.copy_from_slice(name.as_bytes());
    buffer.make_ascii_lowercase();
    std::str::from_utf8(buffer).ok()
}

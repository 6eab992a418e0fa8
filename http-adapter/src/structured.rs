//! `RateLimit` and `RateLimit-Policy` as structured fields (RFC 9651).
//!
//! draft-ietf-httpapi-ratelimit-headers: a dictionary in draft 07
//! (`limit=100, remaining=50, reset=5`), a list from draft 08 on (`"default";r=50;t=30`),
//! policies as integers in drafts 05 and 06 (`100;w=60`) and as strings later
//! (`"burst";q=100;w=60`). "Malformed `RateLimit` header fields MUST be ignored": a syntax or
//! type error drops the field, unlike everywhere else in this crate.
//!
//! Three things that real traffic sends are let through: a Token for the String key, in
//! the draft's own examples; a missing `r`, which Jira leaves out far from the limit; and
//! the two strings of a Hugging Face policy, `"fixed window";"api";q=500;w=300`.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use sfv::visitor::{
    DictionaryVisitor, EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ListVisitor, Never,
    ParameterVisitor,
};
use sfv::{BareItemFromInput, KeyRef, Parser};

use crate::amount::Amount;
use crate::dialect::{CounterRole, Family, REQUESTS};
use crate::list::LIMIT;
use crate::sheet::Sheet;
use crate::value::counter;
use crate::value::duration::MAX;
use crate::value::text::{segments, trim};

/// One of the two fields, whose lines stand or fall together.
#[derive(Debug, Default)]
pub(crate) struct StructuredField<'a> {
    members: Members<'a>,
    has_failed: bool,
}

impl<'a> StructuredField<'a> {
    /// Reads a line of `RateLimit`.
    pub(crate) fn read_counters(&mut self, line: &'a [u8]) {
        self.has_failed |= counters(line, &mut self.members).is_none();
    }

    /// Reads a line of `RateLimit-Policy`.
    pub(crate) fn read_policies(&mut self, line: &'a [u8]) {
        self.has_failed |= policies(line, &mut self.members).is_none();
    }

    /// Whether no line came.
    pub(crate) const fn is_absent(&self) -> bool {
        self.members.is_empty() && !self.has_failed
    }

    /// Puts the members into the sheet, unless a line was malformed; says whether none was.
    pub(crate) fn settle(&mut self, sheet: &mut Sheet<'a>) -> bool {
        if !self.has_failed {
            self.members.iter_mut().for_each(|member| member.settle(sheet));
        }
        !self.has_failed
    }
}

type Members<'a> = Vec<Member<'a>>;

/// One member of either field.
#[derive(Debug, Default)]
struct Member<'a> {
    /// The policy's name; `None` in the forms of drafts 05 to 07.
    name: Option<Cow<'a, str>>,
    /// `q`, or the integer that is the policy, or `limit`.
    quota: Option<Amount>,
    /// `r` or `remaining`.
    remaining: Option<Amount>,
    /// `t` or `reset`.
    reset_after: Option<Duration>,
    /// `w`.
    window: Option<Duration>,
    /// `qu` is there and is not `requests`.
    has_other_unit: bool,
}

impl<'a> Member<'a> {
    fn settle(&mut self, sheet: &mut Sheet<'a>) {
        let is_policy_of_draft_06 =
            self.name.is_none() && self.remaining.is_none() && self.window.is_some();
        if let (true, Some(quota)) = (is_policy_of_draft_06, self.quota) {
            let member = counter::Member { quota, window: self.window };
            return sheet.push_policy(Family::RateLimit, Cow::Borrowed(REQUESTS), member);
        }
        let (family, name) = match self.name.take() {
            Some(name) => (Family::Structured, name),
            None => (Family::RateLimit, Cow::Borrowed(REQUESTS)),
        };
        let Some(slot) = sheet.slot(family, name, None) else { return };
        if let Some(quota) = self.quota {
            slot.note(CounterRole::Limit, quota);
        }
        if let Some(remaining) = self.remaining {
            slot.note(CounterRole::Remaining, remaining);
        }
        if let Some(left) = self.reset_after {
            slot.note_reset(CounterRole::Reset, left);
        }
        if let Some(window) = self.window {
            slot.note_window(window);
        }
        if self.has_other_unit {
            slot.note_other_unit();
        }
    }

    fn into_owned<'b>(self) -> Member<'b> {
        let Self { name, quota, remaining, reset_after, window, has_other_unit } = self;
        let name = name.map(|name| Cow::Owned(name.into_owned()));
        Member { name, quota, remaining, reset_after, window, has_other_unit }
    }
}

/// Reads one line of `RateLimit`. `None` if it is malformed or says nothing.
fn counters<'a>(line: &'a [u8], into: &mut Members<'a>) -> Option<()> {
    let mut list = Lines { members: Vec::new(), of: Of::Counters };
    let members = if Parser::new(line).parse_list_with_visitor(&mut list).is_ok() {
        list.members
    } else {
        let mut dictionary = Draft07::default();
        Parser::new(line).parse_dictionary_with_visitor(&mut dictionary).ok()?;
        vec![dictionary.0]
    };
    let useful = |member: &Member<'_>| {
        member.quota.is_some() || member.remaining.is_some() || member.reset_after.is_some()
    };
    push_useful(members, useful, into)
}

/// Reads one line of `RateLimit-Policy`. `None` if it is malformed or says nothing.
fn policies<'a>(line: &'a [u8], into: &mut Members<'a>) -> Option<()> {
    let members = match policy_list(line) {
        Some(members) => members,
        None => policy_list(&without_kinds(line)?)?.into_iter().map(Member::into_owned).collect(),
    };
    push_useful(members, |member| member.quota.is_some(), into)
}

fn policy_list(line: &[u8]) -> Option<Vec<Member<'_>>> {
    let mut list = Lines { members: Vec::new(), of: Of::Policies };
    Parser::new(line).parse_list_with_visitor(&mut list).ok()?;
    Some(list.members)
}

fn push_useful<'a>(
    members: Vec<Member<'a>>,
    is_useful: impl Fn(&Member<'_>) -> bool,
    into: &mut Members<'a>,
) -> Option<()> {
    let mut useful = members.into_iter().filter(is_useful).peekable();
    useful.peek()?;
    into.extend(useful.take(LIMIT));
    Some(())
}

/// Cuts the kind of the limiter out of Hugging Face's `"fixed window";"api";q=500;w=300`.
///
/// `None` if there is none to cut: then the line is as malformed as it looks.
fn without_kinds(line: &[u8]) -> Option<Vec<u8>> {
    let members: Vec<&[u8]> =
        segments(line, b',').map(|member| after_kind(member).unwrap_or(member)).collect();
    let cut = members.join(&b", "[..]);
    let has_kind = segments(line, b',').any(|member| after_kind(member).is_some());
    has_kind.then_some(cut)
}

/// What follows the first of two strings at the start of a member.
fn after_kind(member: &[u8]) -> Option<&[u8]> {
    let kind = segments(member, b';').next().filter(|kind| kind.starts_with(b"\""))?;
    let rest = trim(member.get(kind.len()..)?.strip_prefix(b";")?);
    rest.starts_with(b"\"").then_some(rest)
}

/// Something that the draft's grammar does not have.
#[derive(Debug)]
struct NotInTheDraft;

impl fmt::Display for NotInTheDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not in the grammar of the ratelimit-headers draft")
    }
}

impl std::error::Error for NotInTheDraft {}

/// Which field a list is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Of {
    Counters,
    Policies,
}

struct Lines<'de> {
    members: Vec<Member<'de>>,
    of: Of,
}

impl<'de> ListVisitor<'de> for Lines<'de> {
    type Error = Infallible;

    fn entry(&mut self) -> Result<impl EntryVisitor<'de>, Self::Error> {
        Ok(Entry { members: &mut self.members, of: self.of })
    }
}

struct Entry<'m, 'de> {
    members: &'m mut Vec<Member<'de>>,
    of: Of,
}

impl<'de> ItemVisitor<'de> for Entry<'_, 'de> {
    type Error = NotInTheDraft;

    fn bare_item(
        self,
        item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de>, Self::Error> {
        let mut member = Member::default();
        match item {
            BareItemFromInput::String(Cow::Borrowed(name)) => {
                member.name = Some(Cow::Borrowed(name.as_str()));
            }
            BareItemFromInput::String(Cow::Owned(name)) => {
                member.name = Some(Cow::Owned(name.into()));
            }
            BareItemFromInput::Token(name) => member.name = Some(Cow::Borrowed(name.as_str())),
            BareItemFromInput::Integer(quota) if self.of == Of::Policies => {
                member.quota = Some(non_negative(quota)?);
            }
            _ => return Err(NotInTheDraft),
        }
        Ok(Parameters { member, members: self.members, of: self.of })
    }
}

impl<'de> EntryVisitor<'de> for Entry<'_, 'de> {
    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Self::Error> {
        Err::<Never, _>(NotInTheDraft)
    }
}

struct Parameters<'m, 'de> {
    member: Member<'de>,
    members: &'m mut Vec<Member<'de>>,
    of: Of,
}

impl<'de> ParameterVisitor<'de> for Parameters<'_, 'de> {
    type Error = NotInTheDraft;

    fn parameter(
        &mut self,
        key: &'de KeyRef,
        value: BareItemFromInput<'de>,
    ) -> Result<(), Self::Error> {
        match (key.as_str(), self.of) {
            ("q", Of::Policies) if self.member.name.is_some() => {
                self.member.quota = Some(integer(&value)?);
            }
            ("w", Of::Policies) => {
                let window = seconds(integer(&value)?);
                // "The value MUST NOT be zero."
                if window.is_zero() {
                    return Err(NotInTheDraft);
                }
                self.member.window = Some(window);
            }
            ("r", Of::Counters) => self.member.remaining = Some(integer(&value)?),
            ("t", Of::Counters) => self.member.reset_after = Some(seconds(integer(&value)?)),
            ("pk", _) if !matches!(value, BareItemFromInput::ByteSequence(_)) => {
                return Err(NotInTheDraft);
            }
            ("qu", _) => match value {
                BareItemFromInput::String(unit) => {
                    self.member.has_other_unit = unit.as_str() != REQUESTS;
                }
                _ => return Err(NotInTheDraft),
            },
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Self::Error> {
        // "q" is the one parameter that the draft requires.
        if self.of == Of::Policies && self.member.quota.is_none() {
            return Err(NotInTheDraft);
        }
        self.members.push(self.member);
        Ok(())
    }
}

/// The dictionary of draft 07.
#[derive(Default)]
struct Draft07<'de>(Member<'de>);

impl<'de> DictionaryVisitor<'de> for Draft07<'de> {
    type Error = Infallible;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Self::Error> {
        Ok(match key.as_str() {
            "limit" => Some(Value(&mut self.0, |member, value| member.quota = Some(value))),
            "remaining" => Some(Value(&mut self.0, |member, value| member.remaining = Some(value))),
            "reset" => Some(Value(&mut self.0, |member, value| {
                member.reset_after = Some(seconds(value));
            })),
            _ => None,
        })
    }
}

struct Value<'m, 'de>(&'m mut Member<'de>, fn(&mut Member<'de>, Amount));

impl<'de> ItemVisitor<'de> for Value<'_, 'de> {
    type Error = NotInTheDraft;

    fn bare_item(
        self,
        item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de>, Self::Error> {
        self.1(self.0, integer(&item)?);
        Ok(Ignored)
    }
}

impl<'de> EntryVisitor<'de> for Value<'_, 'de> {
    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Self::Error> {
        Err::<Never, _>(NotInTheDraft)
    }
}

fn integer(value: &BareItemFromInput<'_>) -> Result<Amount, NotInTheDraft> {
    match value {
        BareItemFromInput::Integer(number) => non_negative(*number),
        _ => Err(NotInTheDraft),
    }
}

fn non_negative(number: sfv::Integer) -> Result<Amount, NotInTheDraft> {
    u64::try_from(i64::from(number)).map(Amount::new).map_err(|_| NotInTheDraft)
}

fn seconds(count: Amount) -> Duration {
    Duration::from_secs(count.whole()).min(MAX)
}

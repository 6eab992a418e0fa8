//! What Redis keeps of a quota that is in use.

use std::collections::{BTreeMap, BTreeSet};

use super::record::Record;
use super::rule::Rule;

/// A quota that is in use.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) epoch: String,
    pub(super) seq: u64,
    /// The time of the last call, in us.
    pub(super) at: i64,
    /// How far that is ahead of the server's clock, in us.
    pub(super) skew: i64,
    /// Nothing is given before, in us.
    pub(super) frozen: i64,
    /// What those who wait were served, at least.
    pub(super) served: i64,
    /// Whether its memory was lost once.
    pub(super) is_cold: bool,
    /// When all of it is forgotten, by the server's clock, in us.
    pub(super) expires_at: i64,
    pub(super) rules: Vec<Rule>,
    pub(super) members: BTreeMap<String, Record>,
    /// Members by when their lease grows too old.
    pub(super) leases: BTreeSet<(i64, String)>,
    /// Members that wait, by what they were served.
    pub(super) waiting: BTreeSet<(i64, String)>,
}

impl State {
    /// Forgets the members.
    pub(super) fn drop_members(&mut self) {
        self.members.clear();
        self.leases.clear();
        self.waiting.clear();
    }

    /// Forgets a member, and says what was known of it.
    pub(super) fn remove(&mut self, member: &str) -> Option<Record> {
        let record = self.members.remove(member)?;
        self.leases.remove(&(record.lease_until, member.to_owned()));
        self.waiting.remove(&(record.served, member.to_owned()));
        Some(record)
    }

    /// Permits of a member that was not heard of are not usable any more; they count as
    /// used.
    pub(super) fn count_as_used(&mut self, record: &Record, now: i64) {
        for (rule, part) in self.rules.iter_mut().zip(&record.parts) {
            let units = part.held();
            rule.out = (rule.out - units).max(0);
            rule.sent(now, units);
        }
    }

    /// Keeps what is known of a member now, and whether it waits.
    pub(super) fn put(&mut self, member: &str, record: Record, waits: bool) {
        self.remove(member);
        self.leases.insert((record.lease_until, member.to_owned()));
        if waits {
            self.waiting.insert((record.served, member.to_owned()));
        }
        self.members.insert(member.to_owned(), record);
    }

    /// Every bucket earns what it earns until `till`, where it had until `refilled`.
    pub(super) fn refill(&mut self, refilled: &mut i64, till: i64) {
        let since = till - (*refilled).max(self.frozen);
        *refilled = (*refilled).max(till);
        for rule in &mut self.rules {
            rule.refill(since);
        }
    }
}

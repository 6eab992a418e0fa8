//! One call of one member, in the order of the script.

use super::record::{Held, Record, int};
use super::rule::{Rule, When, ceil};
use super::state::State;
use super::{Reply, Request, Store};

/// What is served is counted in these parts of a capacity, so that limits of any size
/// compare.
const WHOLE: i64 = 1_000_000;
/// Leases that are too old, looked at in a call.
const OVERDUE: usize = 32;
/// Members that wait, looked at in a call.
const CROWD: usize = 16;

impl Store {
    /// Answers the request of `member` at `now_us` by the server's clock.
    pub fn call(&mut self, now_us: u64, member: &str, request: &Request) -> Reply {
        let raw = int(now_us);
        self.expire(raw);
        let mut state = self.state.take().unwrap_or_default();
        let mut call = Call::open(&mut state, raw, member, request);
        call.forget_overdue(&mut state);
        let (mut record, is_stale) = call.hear(&mut state);
        let holding_ms = self.hold(&mut state, &call);
        let (retry_us, unmet) = call.give(&mut state, &mut record, is_stale);
        let ttl_ms = call.ttl_ms(&state);
        let granted = record.parts.iter().map(|part| part.granted.unsigned_abs()).collect();
        let presence_until = call.when.now + int(request.presence_us);
        if request.leaves {
            state.count_as_used(&record, call.when.now);
            state.remove(member);
            self.present.remove(member);
        } else if !is_stale {
            record.till = call.when.now + retry_us + int(request.grace_us);
            record.lease_until = call.when.now + int(request.validity_us);
            state.put(member, record, unmet);
            self.present.insert(member.to_owned(), presence_until);
        }
        self.present.retain(|_, until| *until >= call.when.now);
        state.seq += 1;
        state.at = call.when.now;
        state.expires_at = raw + ttl_ms * 1000;
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let reply = Reply {
            epoch: state.epoch.clone(),
            seq: state.seq,
            members: small(self.present.len()),
            waiting: small(state.waiting.len()),
            hold_ms: holding_ms.unsigned_abs(),
            retry_us: retry_us.unsigned_abs(),
            ttl_ms: ttl_ms.unsigned_abs(),
            lost: call.lost,
            differs: call.differs,
            granted,
        };
        self.state = Some(state);
        reply
    }

    fn expire(&mut self, raw: i64) {
        self.state.take_if(|state| state.expires_at <= raw);
        self.hold_until.take_if(|until| *until <= raw);
    }

    /// A wait that the API asked one member for; the longest holds, and none is shortened.
    /// What is left of it, in ms.
    fn hold(&mut self, state: &mut State, call: &Call<'_>) -> i64 {
        let left = self.hold_until.map_or(0, |until| ceil(until - call.when.raw, 1000));
        let asked = int(call.request.hold_ms);
        if asked <= left {
            return left;
        }
        self.hold_until = Some(call.when.raw.saturating_add(asked.saturating_mul(1000)));
        state.frozen = state.frozen.max(call.when.now.saturating_add(asked.saturating_mul(1000)));
        // The API knows better what is left: nothing. So nobody bursts when it is over.
        state.rules.iter_mut().for_each(Rule::empty);
        asked
    }
}

/// A call under way.
struct Call<'a> {
    member: &'a str,
    request: &'a Request,
    when: When,
    lost: bool,
    differs: bool,
    /// Until when the buckets have earned.
    refilled: i64,
}

impl<'a> Call<'a> {
    /// Looks whether what the member knows is still there, and makes what is missing.
    fn open(state: &mut State, raw: i64, member: &'a str, request: &'a Request) -> Self {
        let is_known = !state.epoch.is_empty();
        // Time never goes back here, whatever the server's clock does.
        if is_known && raw + state.skew < state.at {
            state.skew = state.at - raw;
        }
        let now = raw + state.skew;
        let shapes = || request.parts.iter().map(|part| part.shape);
        let differs = is_known && !shapes().eq(state.rules.iter().map(|rule| rule.shape));
        let kinds = |rule: &Rule| rule.shape.kind.name();
        let are_others =
            differs && !shapes().map(|shape| shape.kind.name()).eq(state.rules.iter().map(kinds));
        // If not, or if it went back, some permits are out that nobody counts any more.
        let is_gone = if state.epoch == request.epoch {
            state.seq < request.seq
        } else {
            !is_known || !state.is_cold
        };
        let lost = (request.expects_state && is_gone) || are_others;
        let refilled = if lost || !is_known { now } else { state.at };
        if lost {
            state.drop_members();
            state.frozen = now + int(request.validity_us);
            state.is_cold = true;
        }
        if lost || !is_known {
            (state.epoch, state.seq) = (format!("{now}:{member}"), 0);
            state.rules = shapes().map(|shape| Rule::new(shape, lost, now, raw)).collect();
        }
        for (rule, shape) in state.rules.iter_mut().zip(shapes()) {
            rule.reshape(shape);
            rule.pass(now, raw);
        }
        let validity = int(request.validity_us);
        let when = When { now, raw, frozen: state.frozen, validity };
        Self { member, request, when, lost, differs, refilled }
    }

    /// Takes back what members hold that were not heard of for too long.
    fn forget_overdue(&mut self, state: &mut State) {
        let now = self.when.now;
        let is_old = |&&(until, _): &&(i64, String)| until < now;
        let old: Vec<_> = state.leases.iter().take_while(is_old).take(OVERDUE).cloned().collect();
        for (until, member) in old {
            state.refill(&mut self.refilled, now.min(until));
            if let Some(record) = state.remove(&member) {
                state.count_as_used(&record, now);
            }
        }
        state.refill(&mut self.refilled, now);
    }

    /// What this member did since its last call; and whether a later call was heard before.
    fn hear(&self, state: &mut State) -> (Record, bool) {
        let parts = &self.request.parts;
        let known = state.members.get(self.member).cloned();
        let is_stale = known.as_ref().is_some_and(|known| self.request.call <= known.call);
        let mut record = known.unwrap_or_else(|| Record {
            parts: parts.iter().map(Held::unknown).collect(),
            ..Record::default()
        });
        if !is_stale {
            record.call = self.request.call;
            for ((rule, held), part) in state.rules.iter_mut().zip(&mut record.parts).zip(parts) {
                rule.settle(self.when.now, held, part);
            }
        }
        (record, is_stale)
    }

    /// Gives what there is to give. When there may be more, from now in us; and whether the
    /// member still waits for some.
    fn give(&mut self, state: &mut State, record: &mut Record, is_stale: bool) -> (i64, bool) {
        let (now, parts) = (self.when.now, &self.request.parts);
        self.when.frozen = state.frozen;
        // Who was away begins with the others; who came back in time keeps what it was
        // behind, up to a quarter of a capacity.
        let behind = if record.till >= now { WHOLE / 4 } else { 0 };
        record.served = record.served.max(state.served - behind);
        let wants = parts.iter().any(|part| part.want > 0 || part.need > 0);
        let kept = if wants { self.claims(state, record.served) } else { vec![0; parts.len()] };
        let (mut retry, mut is_ready) = (0, true);
        for ((rule, part), kept) in state.rules.iter().zip(parts).zip(&kept) {
            let need = int(part.need);
            let short = need + kept - self.available(rule);
            if need > 0 && short > 0 {
                is_ready = false;
                retry = retry.max(rule.wait(&self.when, need + kept, short));
            }
        }
        let (mut served, mut unmet) = (0, false);
        let may_give = is_ready && !is_stale && !self.request.leaves;
        for (((rule, held), part), kept) in
            state.rules.iter_mut().zip(&mut record.parts).zip(parts).zip(&kept)
        {
            let (need, want) = (int(part.need), int(part.want.max(part.need)));
            let mut given = 0;
            if may_give {
                given = want.min(self.available(rule) - kept).max(0);
                held.granted += given;
                rule.give(given);
                served = served.max(ceil(given * WHOLE, rule.capacity()));
            }
            held.need = (need - given).max(0);
            held.want = (want - given).max(0);
            unmet |= held.want > 0;
        }
        if served > 0 {
            state.served = state.served.max(record.served);
            record.served += served;
        }
        (retry, wants && unmet)
    }

    /// What is kept of each limit for those who wait and were served less than `served`:
    /// they come first, however seldom they ask (start-time fair queueing).
    fn claims(&self, state: &mut State, served: i64) -> Vec<i64> {
        let parts = &self.request.parts;
        let mut kept = vec![0; parts.len()];
        let mut gone = Vec::new();
        let before = state.waiting.iter().take_while(|(other, _)| *other < served).take(CROWD);
        for place in before.filter(|(_, other)| other != self.member) {
            let Some(other) = state.members.get(&place.1) else { continue };
            if other.till < self.when.now {
                gone.push(place.clone());
                continue;
            }
            for (((kept, rule), held), part) in
                kept.iter_mut().zip(&state.rules).zip(&other.parts).zip(parts)
            {
                let due = (served - other.served).saturating_mul(rule.capacity());
                let claim = held.need.max(held.want.min(ceil(due, WHOLE)));
                *kept = (rule.capacity() - int(part.need)).min(*kept + claim);
            }
        }
        for place in gone {
            state.waiting.remove(&place);
        }
        kept
    }

    fn available(&self, rule: &Rule) -> i64 {
        if self.when.now < self.when.frozen { 0 } else { rule.available() }
    }

    /// How long any of this matters; and a minute, so that who was answered in that time
    /// knows that it was lost and not merely old.
    fn ttl_ms(&self, state: &State) -> i64 {
        let thaw = (self.when.frozen - self.when.now).max(0);
        let least = (60 * 1_000_000).max(self.when.validity + thaw);
        let longest = state.rules.iter().map(|rule| rule.matters_for(&self.when));
        ceil(longest.fold(least, i64::max), 1000) + 1000
    }
}

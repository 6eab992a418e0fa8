//! What must hold after every event of a run, whatever the policy and the server.
//!
//! A checker hears of the facts of a run and keeps books of its own: it shares no state
//! with the event loop, the engine or the server, and no code with the limits that it
//! holds the server to. So a mistake of one of them shows, with the event at which it was
//! made, and not as a metric that looks odd.

mod account;
mod envelope;
mod quota;
mod violation;

use forbear_core::{Cost, Dimension, HintRule, Policy, Timestamp, WaitReason};
use forbear_redis::WithoutRedis;

use self::account::{Account, Promise, State};
use self::envelope::Envelope;
use self::quota::Quota;
pub use self::violation::{Rule, Violation};
use crate::fact::{Fact, Instant};
use crate::metrics::Tally;
use crate::scenario::{Scenario, nanos};
use crate::server::Cause;
use crate::storm::Storm;

/// The books of a run.
#[derive(Debug)]
pub(crate) struct Checker {
    calls: Vec<Account>,
    clients: Vec<Promise>,
    /// What each call takes from the limits, and what it uses of that.
    costs: Vec<(Cost, Cost)>,
    envelopes: Vec<Envelope>,
    quota: Option<Quota>,
    horizon: u64,
    latest: u64,
    begun: u64,
    succeeded: u64,
    failed: u64,
    sends: u64,
    answers: u64,
    /// Sends whose answer nobody waits for any more: the client restarted, or time was up.
    dropped: u64,
    broken: Option<Violation>,
}

impl Checker {
    /// The books of a run of `policy`, in which nothing has happened yet.
    ///
    /// `rule` says what clients without a policy of their own do without Redis, where they
    /// draw from a lease.
    pub(crate) fn new(
        scenario: &Scenario,
        storm: &Storm,
        policy: &Policy,
        rule: Option<WithoutRedis>,
    ) -> Self {
        let promise = |group| {
            let own = scenario.policy_of(group);
            let is_fed = rule.is_some() && scenario.redis().is_some() && own.is_none();
            Promise::new(own.unwrap_or(policy).hint_rule(), is_fed)
        };
        Self {
            calls: (0..storm.calls())
                .map(|call| Account::new(scenario.gate(storm.client_of(call))))
                .collect(),
            clients: (0..storm.clients())
                .map(|client| promise(storm.group_of(client).number))
                .collect(),
            costs: (0..storm.calls()).map(|call| *storm.costs(call)).collect(),
            envelopes: scenario.server().limits().iter().map(Envelope::new).collect(),
            quota: Quota::new(scenario, rule),
            horizon: nanos(scenario.horizon()),
            latest: 0,
            begun: 0,
            succeeded: 0,
            failed: 0,
            sends: 0,
            answers: 0,
            dropped: 0,
            broken: None,
        }
    }

    pub(crate) const fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// The first rule that was broken.
    pub(crate) fn into_violation(self) -> Option<Violation> {
        self.broken
    }

    /// An event is over.
    pub(crate) fn step(&mut self, when: Instant) {
        if when.at < self.latest {
            let (at, latest) = (text(when.at), text(self.latest));
            self.report(when, Rule::Time, format!("it is {at}, and was {latest} before"));
        } else if when.at > self.horizon {
            let (at, horizon) = (text(when.at), text(self.horizon));
            self.report(when, Rule::Time, format!("it is {at}, and the run ends at {horizon}"));
        }
        self.latest = self.latest.max(when.at);
    }

    /// Something happens.
    pub(crate) fn note(&mut self, when: Instant, fact: &Fact) {
        if self.is_broken() {
            return;
        }
        match *fact {
            Fact::Wanted { call } => {
                self.begun += 1;
                self.moves(when, call, &[State::Unborn], State::Wanted, "is wanted");
            }
            Fact::Begun { call } => self.begin(when, call),
            Fact::Waits { call, until, reason, .. } => self.wait(when, call, until, reason),
            Fact::Permitted { call } => {
                self.moves(when, call, &[State::Waiting], State::Permitted, "is permitted");
            }
            Fact::Sent { call, attempt } => self.send(when, call, attempt),
            Fact::Decided { call, cause, status, .. } => self.decide(when, call, cause, status),
            Fact::Written { .. } => {}
            Fact::Left { call } => self.leave(when, call),
            Fact::Answered { call, attempt, outcome, asked_ns, .. } => {
                self.answers += 1;
                self.answer(when, call, attempt);
                let account = &mut self.calls[call as usize];
                account.succeeds = outcome == forbear_core::Outcome::Success;
                let promise = &mut self.clients[account.client as usize];
                promise.completed();
                if let Some(asked) = asked_ns {
                    let until = when.at.saturating_add(asked);
                    promise.asked(until, outcome.is_throttled());
                    account.asked_until = promise.own(until, outcome);
                }
            }
            Fact::Ended { call, end } => self.end(when, call, end.is_ok()),
            Fact::CutOff { call } => {
                let account = &mut self.calls[call as usize];
                self.dropped += u64::from(matches!(account.state, State::InFlight));
                account.state = State::Over;
                self.failed += 1;
            }
            Fact::Leased { client } => self.clients[client as usize].fed(),
            Fact::Restarted { client } => self.clients[client as usize].forget(),
        }
    }

    /// The run is over, and `tally` is what it reports.
    pub(crate) fn finish(&mut self, when: Instant, tally: &Tally) {
        let open = self.calls.iter().position(Account::is_open);
        if let Some(call) = open {
            self.report(when, Rule::Conservation, format!("call {} never ended", call + 1));
        }
        let pairs = [
            ("calls", tally.calls, self.begun),
            ("successes", tally.succeeded, self.succeeded),
            ("failures", tally.failed, self.failed),
            ("sends", tally.sends, self.sends),
            ("answers", tally.answers, self.answers),
            ("answers and dropped sends", tally.sends, self.answers + self.dropped),
            ("ended calls", tally.succeeded + tally.failed, self.begun),
        ];
        for (what, reported, counted) in pairs {
            if reported != counted {
                let what = format!("{reported} {what} are reported, and {counted} were seen");
                self.report(when, Rule::Conservation, what);
            }
        }
    }

    fn begin(&mut self, when: Instant, call: u32) {
        let account = &mut self.calls[call as usize];
        if !account.is_open() {
            let what = format!("call {} begins, and it was {}", call + 1, account.state);
            self.report(when, Rule::Conservation, what);
            return;
        }
        // Taken up once more after a restart: nobody waits for the last answer.
        self.dropped += u64::from(account.state == State::InFlight);
        account.state = State::Waiting;
        account.not_before = 0;
        account.asked_until = 0;
    }

    fn wait(&mut self, when: Instant, call: u32, until: Option<Timestamp>, reason: WaitReason) {
        let account = &mut self.calls[call as usize];
        if account.state != State::Waiting {
            let what = format!("call {} waits, and it was {}", call + 1, account.state);
            self.report(when, Rule::Conservation, what);
            return;
        }
        let until = until.map(Timestamp::as_nanos);
        match reason {
            WaitReason::Backoff | WaitReason::ServerHint => {
                account.not_before = until.unwrap_or(u64::MAX);
            }
            WaitReason::Cooldown | WaitReason::Limiter(_) => {
                let cost = self.costs[call as usize].0;
                let promise = &mut self.clients[account.client as usize];
                if until.is_none() && promise.in_flight == 0 && !promise.is_fed {
                    let what = format!(
                        "call {} waits for the end of another by {reason}, and none is under way",
                        call + 1
                    );
                    self.report(when, Rule::Permit, what);
                    return;
                }
                promise.refused(until, cost, reason);
            }
            _ => {}
        }
    }

    fn send(&mut self, when: Instant, call: u32, attempt: u32) {
        self.sends += 1;
        let account = &mut self.calls[call as usize];
        let number = call + 1;
        if account.state != State::Permitted {
            let what = format!("call {number} was sent, and it was {}", account.state);
            self.report(when, Rule::Permit, what);
            return;
        }
        account.state = State::InFlight;
        account.attempts += 1;
        if account.attempts != attempt {
            let what = format!("attempt {attempt} of call {number} is its {}", account.attempts);
            self.report(when, Rule::Conservation, what);
            return;
        }
        let (client, not_before) = (account.client, account.not_before);
        let own_hint = account.asked_until;
        let promise = &mut self.clients[client as usize];
        promise.in_flight += 1;
        if when.at < not_before {
            let early = text(not_before - when.at);
            let what = format!("call {number} was sent {early} before its delay was over");
            self.report(when, Rule::Permit, what);
            return;
        }
        if let Some((until, reason)) = promise.breaks(when.at, &self.costs[call as usize].0) {
            let until = until.map_or("another call ends".to_owned(), text);
            let what = format!(
                "call {number} was sent, and {reason} had said not before {until}; \
                 nothing happened in between"
            );
            self.report(when, Rule::Permit, what);
            return;
        }
        let (reserved, actual) = &self.costs[call as usize];
        if let Some(quota) = self.quota.as_mut().filter(|_| promise.is_fed)
            && let Err(what) = quota.send(when.at, reserved, actual)
        {
            self.report(when, Rule::Quota, format!("with call {number}, {what}"));
            return;
        }
        let asked_until = promise.asked_until.max(own_hint);
        if when.at < asked_until {
            let early = text(asked_until - when.at);
            let what = format!(
                "call {number} of client {} was sent {early} before the wait was over that the \
                 server had asked for",
                client + 1
            );
            self.report(when, Rule::Hint, what);
        }
    }

    fn decide(&mut self, when: Instant, call: u32, cause: Cause, status: u16) {
        match cause {
            Cause::Limit { .. } => return self.begin_windows(when.at, true),
            // What was recorded may be more than the model of a limit lets in.
            Cause::Recorded => return self.begin_windows(when.at, matches!(status, 429 | 503)),
            Cause::Served | Cause::Fault | Cause::QueueFull => {}
        }
        let (reserved, _) = self.costs[call as usize];
        for index in 0..self.envelopes.len() {
            if let Err(what) = self.envelopes[index].let_in(when.at, &reserved) {
                let what = format!("with call {}, {what}", call + 1);
                self.report(when, Rule::Envelope, what);
                return;
            }
        }
    }

    /// A request that the books do not count may begin a window all the same.
    fn begin_windows(&mut self, at: u64, is_refused: bool) {
        for envelope in &mut self.envelopes {
            envelope.begin(at, is_refused);
        }
    }

    fn leave(&mut self, when: Instant, call: u32) {
        let (reserved, actual) = self.costs[call as usize];
        let unused =
            |dimension: Dimension| reserved.get(dimension).saturating_sub(actual.get(dimension));
        for envelope in &mut self.envelopes {
            envelope.leave(when.at, unused);
        }
    }

    fn answer(&mut self, when: Instant, call: u32, attempt: u32) {
        let account = &mut self.calls[call as usize];
        if account.state != State::InFlight {
            let what = format!("call {} got an answer, and it was {}", call + 1, account.state);
            self.report(when, Rule::Conservation, what);
            return;
        }
        account.state = State::Waiting;
        if account.attempts != attempt {
            let (number, sent) = (call + 1, account.attempts);
            let what = format!("call {number} got answer {attempt}, and sent attempt {sent} last");
            self.report(when, Rule::Conservation, what);
        }
    }

    fn end(&mut self, when: Instant, call: u32, is_success: bool) {
        let succeeds = self.calls[call as usize].succeeds;
        self.moves(when, call, &[State::Waiting], State::Over, "ends");
        self.succeeded += u64::from(is_success);
        self.failed += u64::from(!is_success);
        if is_success && !succeeds {
            let what = format!("call {} succeeded without an answer that says so", call + 1);
            self.report(when, Rule::Conservation, what);
        }
    }

    /// A call goes from one of these states to another.
    fn moves(&mut self, when: Instant, call: u32, from: &[State], to: State, does: &str) {
        let account = &mut self.calls[call as usize];
        let was = std::mem::replace(&mut account.state, to);
        if !from.contains(&was) {
            let rule = if to == State::Permitted { Rule::Permit } else { Rule::Conservation };
            self.report(when, rule, format!("call {} {does}, and it was {was}", call + 1));
        }
    }

    /// Keeps the first violation: what follows from it is no news.
    fn report(&mut self, when: Instant, rule: Rule, what: String) {
        let at = Timestamp::from_nanos(when.at);
        self.broken.get_or_insert(Violation { event: when.event, at, rule, what });
    }
}

/// A time or a span, in seconds.
fn text(nanos: u64) -> String {
    format!("{:?}", std::time::Duration::from_nanos(nanos))
}

/// What a policy promises about the waits that a server asks for.
const fn promises(rule: HintRule) -> (bool, bool) {
    (rule.is_heard(), rule.is_shared())
}

#[cfg(test)]
mod tests;

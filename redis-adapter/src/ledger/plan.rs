//! When Redis is asked, and for how much.

use std::time::Duration;

use forbear_core::Timestamp;

use super::{Lease, Ledger, Pending, Settings};
use crate::message::Request;

/// What the feeder does next.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Carry this to Redis now.
    Call(Request),
    /// Ask again at this time, or when something happens.
    Wait(Option<Timestamp>),
}

impl Ledger {
    /// What to do at `now`.
    pub fn plan(&mut self, now: Timestamp) -> Plan {
        self.expire(now);
        if self.pending.is_some() || self.closed {
            return Plan::Wait(None);
        }
        let due = self.due(now);
        if due <= now { Plan::Call(self.request(now, false)) } else { Plan::Wait(Some(due)) }
    }

    /// Whether a call is due at `now`, for whoever has to make a connection first.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.pending.is_none() && !self.closed && self.due(now) <= now
    }

    /// The last request: all goes back, and the member leaves.
    pub fn farewell(&mut self, now: Timestamp) -> Request {
        self.closed = true;
        self.drop_lease(now);
        self.request(now, true)
    }

    /// When a call is due; the earliest of all reasons.
    fn due(&self, now: Timestamp) -> Timestamp {
        let Some(called_at) = self.tally.called_at else { return now };
        if let Some(outage) = self.outage {
            return outage.next_attempt;
        }
        if self.hold.until > self.hold.said_until && self.hold.until > now {
            return now;
        }
        let after = |time: Timestamp, ns: u64| time.after(Duration::from_nanos(ns));
        let pace = self.settings.pace_ns(self.known.waiting);
        let (paced, touched_at) = (after(called_at, pace), self.demand.touched_at());
        let mut due = after(called_at, Settings::PRESENCE_NS / 3);
        let rapid = self.demand.is_rapid(now, self.horizon_ns());
        let needs = self.accounts.iter().any(|account| account.need > 0);
        for account in &self.accounts {
            let held = account.held();
            // Half of what is held ready is used: more is fetched before all is.
            let runs_low = rapid && account.target > 1 && held < account.target / 2;
            if needs || runs_low {
                due = due.min(paced.max(self.known.blocked_until));
            }
            if held > 0 {
                let idle = after(touched_at.max(self.lease.granted_at), self.settings.idle_ns());
                let old = self.lease.valid_until.since(Timestamp::ZERO);
                let half = Duration::from_nanos(self.settings.validity_ns() / 2);
                due = due.min(idle).min(Timestamp::ZERO.after(old.saturating_sub(half)));
            }
            if account.unsaid() > 0 && self.takes_up_room(account.unsaid(), account.shape.capacity)
            {
                due = due.min(paced.max(after(touched_at, pace)));
            }
            if !account.is_settled() || (account.unsaid() > 0 && account.shape.kind.is_window()) {
                due = due.min(after(called_at.max(touched_at), self.settings.idle_ns()));
            }
        }
        due
    }

    /// Whether what Redis takes for held, if every member has as much, keeps it from
    /// filling up: a quarter of the capacity.
    fn takes_up_room(&self, unsaid: u64, capacity: u32) -> bool {
        let all = unsaid.saturating_mul(u64::from(self.known.members.max(1)));
        all.saturating_mul(4) > u64::from(capacity)
    }

    fn request(&mut self, now: Timestamp, leaves: bool) -> Request {
        let horizon = self.horizon_ns();
        let idle = Duration::from_nanos(self.settings.idle_ns());
        let holds = self.accounts.iter().any(|account| account.held() > 0);
        if holds && now.since(self.demand.touched_at().max(self.lease.granted_at)) >= idle {
            // Whoever waits asks anew for all it needs. To hold a part and wait for the
            // rest is how two members come to wait for each other.
            self.drop_lease(now);
            for account in &mut self.accounts {
                account.need = 0;
            }
        }
        self.demand.measure(now, horizon, &mut self.accounts);
        self.tally.calls += 1;
        self.tally.called_at = Some(now);
        let says_hold = self.hold.until > self.hold.said_until;
        self.hold.said_until = self.hold.until;
        self.pending = Some(Pending { sent_at: now, hold_until: self.hold.until });
        let parts = self.accounts.iter_mut().map(|account| {
            let want = if leaves { 0 } else { account.target.saturating_sub(account.held()) };
            account.say(want.max(account.need))
        });
        let parts = parts.collect();
        // Long enough for a member that is slow to ask again, short enough for one that
        // is dead.
        let grace_ns = 3 * self.settings.pace_ns(self.known.waiting) + 4 * self.known.rtt_ns;
        // What Redis told is not told back: a little longer each time, it had no end.
        let hold = if says_hold { self.hold.until.since(now) } else { Duration::ZERO };
        let hold = hold.as_micros().div_ceil(1000);
        Request {
            call: self.tally.calls,
            validity_us: self.settings.validity_at_redis_us(),
            presence_us: Settings::PRESENCE_NS / 1000,
            grace_us: grace_ns.div_ceil(1000).max(20_000),
            epoch: self.known.epoch.clone(),
            seq: self.known.seq,
            expects_state: now < self.known.state_until,
            hold_ms: u64::try_from(hold).unwrap_or(u64::MAX),
            leaves,
            parts,
        }
    }

    /// What is used in that time is held ready.
    fn horizon_ns(&self) -> u64 {
        4 * self.settings.pace_ns(self.known.waiting) + 2 * self.known.rtt_ns
    }

    /// Drops what grew too old. Redis counts it as sent, unless it hears otherwise before.
    fn expire(&mut self, now: Timestamp) {
        let holds = self.accounts.iter().any(|account| account.held() > 0);
        if holds && now >= self.lease.valid_until {
            self.drop_lease(now);
        }
    }

    fn drop_lease(&mut self, now: Timestamp) {
        for account in &mut self.accounts {
            account.give_back();
            account.target = 0;
        }
        let generation = self.lease.generation + 1;
        self.lease = Lease { generation, began_at: now, ..self.lease };
    }
}

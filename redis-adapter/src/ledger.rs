//! What one member holds of a quota, as a state machine.
//!
//! It decides which calls go, when Redis is asked and for how much, and what an answer
//! means. It reads no clock and does no I/O: the feeder carries its requests to Redis
//! and the answers back, a test carries them where it likes.
//!
//! Permits may be used until a time that is measured from *before* the request was
//! sent that brought or renewed them, by this member's monotonic clock. Redis holds them
//! for as long, from when it answered, and a thousandth and ten milliseconds more, for two
//! clocks that run unevenly. So when Redis forgets them, they are unusable here.

mod account;
mod answer;
mod demand;
mod notice;
mod plan;
mod settings;

use std::time::Duration;

use forbear_core::{Completion, Cost, Decision, Outcome, Refusal, Timestamp};

use self::account::Account;
use self::demand::Demand;
pub use self::plan::Plan;
pub use self::settings::Settings;
use crate::{Event, Mode, Status, WithoutRedis};

/// Up to this many limits in one quota.
pub(crate) const MAX_LIMITS: usize = 8;

/// What one member holds, and knows.
#[derive(Debug)]
pub struct Ledger {
    settings: Settings,
    accounts: Vec<Account>,
    demand: Demand,
    lease: Lease,
    known: Known,
    /// A request is under way; when it was sent.
    pending: Option<Pending>,
    outage: Option<Outage>,
    hold: Hold,
    /// Nothing comes any more.
    closed: bool,
    events: Vec<Event>,
    tally: Tally,
}

/// How long permits may be used.
#[derive(Clone, Copy, Debug, Default)]
struct Lease {
    valid_until: Timestamp,
    /// Counts leases that grew too old, or were given back whole.
    generation: u64,
    /// When the generation began.
    began_at: Timestamp,
    /// When permits came last.
    granted_at: Timestamp,
}

/// What the last answer said.
#[derive(Clone, Debug, Default)]
struct Known {
    epoch: String,
    seq: u64,
    /// Until when the state cannot have expired.
    state_until: Timestamp,
    members: u32,
    waiting: u32,
    /// Nothing to be had before.
    blocked_until: Timestamp,
    rtt_ns: u64,
    differs: bool,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    sent_at: Timestamp,
    hold_until: Timestamp,
}

/// A time without Redis.
#[derive(Clone, Copy, Debug)]
struct Outage {
    since: Timestamp,
    failures: u32,
    next_attempt: Timestamp,
}

/// A wait that the API asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Hold {
    until: Timestamp,
    /// Up to when Redis knows of it.
    said_until: Timestamp,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    calls: u64,
    round_trips: u64,
    failures: u64,
    called_at: Option<Timestamp>,
    last_error: Option<String>,
}

/// Permits that a limiter was told it may take, and did not take yet.
///
/// Several limiters may draw from one ledger, each under a lock of its own driver: what
/// one was promised, no other is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reservation {
    generation: u64,
    units: [u64; MAX_LIMITS],
}

impl Ledger {
    /// One that holds nothing and was never answered.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let accounts = settings.limits.iter().map(|&shape| Account::new(shape)).collect();
        Self {
            settings,
            accounts,
            demand: Demand::default(),
            lease: Lease::default(),
            known: Known::default(),
            pending: None,
            outage: None,
            hold: Hold::default(),
            closed: false,
            events: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Would a request of this cost be admitted at `now`? What is admitted is kept for
    /// `own` until it is taken.
    pub fn check(&mut self, now: Timestamp, cost: &Cost, own: &mut Reservation) -> Decision {
        self.renew(own);
        if let Some(refusal) = self.too_large(cost) {
            return Decision::Refuse(refusal);
        }
        let has = self.has(now, cost, own);
        if now < self.hold.until {
            // Nothing is fetched for it yet: it would grow old.
            return match if has { Decision::Admit } else { self.without_lease(now, cost) } {
                Decision::WaitUntil(time) => Decision::WaitUntil(time.max(self.hold.until)),
                Decision::Refuse(refusal) => Decision::Refuse(refusal),
                Decision::Admit | Decision::WaitForCompletion => {
                    Decision::WaitUntil(self.hold.until)
                }
            };
        }
        if has {
            self.reserve(cost, own);
            self.demand.touch(now);
            return Decision::Admit;
        }
        self.note_need(now, cost, own);
        self.without_lease(now, cost)
    }

    /// Takes what [`check`](Self::check) promised.
    pub fn commit(&mut self, now: Timestamp, cost: &Cost, own: &mut Reservation) {
        self.renew(own);
        self.demand.used(now);
        if self.has(now, cost, own) || self.outage.is_none() {
            for (account, own) in self.accounts.iter_mut().zip(&mut own.units) {
                let units = u64::from(cost.get(account.shape.dimension));
                let kept = units.min(*own);
                *own -= kept;
                account.reserved = account.reserved.saturating_sub(kept);
                account.spent += units;
            }
            return;
        }
        for account in &mut self.accounts {
            let units = cost.get(account.shape.dimension);
            account.fallen += u64::from(units);
            if let Some(share) = &mut account.share {
                share.commit(now, units);
            }
        }
    }

    /// Learns how a request ended: what it really cost, and a wait that the API asks for.
    pub fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        let fell = self.outage.is_some_and(|outage| completion.sent_at >= outage.since);
        let in_lease = completion.sent_at >= self.lease.began_at;
        for account in &mut self.accounts {
            let charged = i64::from(completion.cost.get(account.shape.dimension));
            let actual = i64::from(completion.actual.get(account.shape.dimension));
            account.settle(actual - charged, fell, in_lease);
        }
        let seen = completion.observation;
        if let (Outcome::Throttled(_), Some(wait)) = (seen.outcome, seen.wait())
            && self.settings.shares_cooldown
        {
            self.hold.until =
                self.hold.until.max(now.after(wait.min(self.settings.longest_cooldown)));
        }
    }

    /// Gives back what was promised to a limiter that is gone.
    pub fn release(&mut self, own: &mut Reservation) {
        self.renew(own);
        for (account, own) in self.accounts.iter_mut().zip(&mut own.units) {
            account.reserved = account.reserved.saturating_sub(std::mem::take(own));
        }
    }

    /// Says that nothing comes any more.
    pub const fn close(&mut self) {
        self.closed = true;
    }

    /// Whether nothing comes any more.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Until when the API asked to wait.
    #[must_use]
    pub const fn hold_until(&self) -> Timestamp {
        self.hold.until
    }

    /// Whether Redis knows what each send really cost.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.accounts.iter().all(Account::is_settled)
    }

    /// Whether so little is held that the feeder should look: cheap, and may be wrong.
    #[must_use]
    pub fn runs_low(&self) -> bool {
        let low = |account: &Account| account.held() <= account.target / 2;
        self.accounts.iter().any(low)
    }

    /// What happened since this was asked last.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// What it has and knows.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        let list = |number: fn(&Account) -> u64| self.accounts.iter().map(number).collect();
        let is_valid = now < self.lease.valid_until;
        let cooldown = self.hold.until.since(now);
        Status {
            mode: match (self.closed, self.outage) {
                (true, _) => Mode::Closed,
                (false, Some(_)) => Mode::WithoutRedis,
                (false, None) => Mode::Leased,
            },
            members: self.known.members,
            held: if is_valid { list(Account::held) } else { vec![0; self.accounts.len()] },
            sent: list(|account| account.spent),
            sent_without_redis: list(|account| account.fallen),
            round_trips: self.tally.round_trips,
            failures: self.tally.failures,
            cooldown: (cooldown > Duration::ZERO).then_some(cooldown),
            last_error: self.tally.last_error.clone(),
        }
    }

    /// Forgets promises of a lease that is over.
    fn renew(&self, own: &mut Reservation) {
        if own.generation != self.lease.generation {
            *own = Reservation { generation: self.lease.generation, ..Reservation::default() };
        }
    }

    /// Of several limits the one that refuses most.
    fn too_large(&self, cost: &Cost) -> Option<Refusal> {
        let refusals = self.accounts.iter().filter_map(|account| {
            let (cost, capacity) = (cost.get(account.shape.dimension), account.shape.capacity);
            (cost > capacity).then_some(Refusal::ExceedsCapacity { cost, capacity })
        });
        refusals.max()
    }

    /// Whether there is a permit for all of it.
    fn has(&self, now: Timestamp, cost: &Cost, own: &Reservation) -> bool {
        let is_valid = now < self.lease.valid_until;
        self.accounts.iter().zip(&own.units).all(|(account, own)| {
            let units = u64::from(cost.get(account.shape.dimension));
            units == 0 || (is_valid && units <= account.free() + own)
        })
    }

    fn reserve(&mut self, cost: &Cost, own: &mut Reservation) {
        for (account, own) in self.accounts.iter_mut().zip(&mut own.units) {
            let more = u64::from(cost.get(account.shape.dimension)).saturating_sub(*own);
            account.reserved += more;
            *own += more;
        }
    }

    /// What is missing, all or nothing.
    fn note_need(&mut self, now: Timestamp, cost: &Cost, own: &Reservation) {
        let is_valid = now < self.lease.valid_until;
        for (account, own) in self.accounts.iter_mut().zip(&own.units) {
            let units = u64::from(cost.get(account.shape.dimension));
            let has = if is_valid { account.free() + own } else { 0 };
            account.need = account.need.max(units.saturating_sub(has));
        }
        self.demand.dry();
    }

    fn without_lease(&self, now: Timestamp, cost: &Cost) -> Decision {
        if self.closed {
            return Decision::WaitForCompletion;
        }
        if self.outage.is_none() {
            if now < self.known.blocked_until {
                return Decision::WaitUntil(self.known.blocked_until);
            }
            return Decision::WaitForCompletion;
        }
        match self.settings.without_redis {
            WithoutRedis::Open => Decision::Admit,
            WithoutRedis::Closed => Decision::WaitForCompletion,
            WithoutRedis::LocalShare => {
                self.accounts.iter().fold(Decision::Admit, |strictest, account| {
                    let units = cost.get(account.shape.dimension);
                    let share = account.share.as_ref();
                    strictest.and(share.map_or(Decision::Admit, |share| share.check(now, units)))
                })
            }
        }
    }
}

//! What an answer means, or that there is none.

use std::time::Duration;

use forbear_core::backoff::{BackoffStrategy, Exponential};
use forbear_core::{Entropy, Retry, Timestamp};

use super::{Ledger, Outage};
use crate::Event;
use crate::message::Reply;
use crate::share::Share;

/// The first delay between attempts to reach a Redis that fails: a few round trips.
const FIRST_DELAY: Duration = Duration::from_millis(50);

impl Ledger {
    /// Takes in the answer to the request under way.
    pub fn answered(&mut self, now: Timestamp, reply: &Reply) {
        let Some(pending) = self.pending.take() else { return };
        let sent_at = pending.sent_at;
        let is_first = self.tally.round_trips == 0;
        self.tally.round_trips += 1;
        let mut is_new = false;
        for (account, &granted) in self.accounts.iter_mut().zip(&reply.granted) {
            is_new |= account.heard(granted);
            account.need = 0;
        }
        if is_new {
            self.lease.granted_at = now;
        }
        self.lease.valid_until = sent_at.after(self.settings.validity);
        let rtt = u64::try_from(now.since(sent_at).as_nanos()).unwrap_or(u64::MAX);
        let known = &mut self.known;
        known.rtt_ns = if is_first { rtt } else { known.rtt_ns / 4 * 3 + rtt / 4 };
        known.epoch.clone_from(&reply.epoch);
        known.seq = reply.seq;
        // Redis keeps it a second longer, for a request that is slow.
        let kept = Duration::from_millis(reply.ttl_ms.saturating_sub(1000));
        known.state_until = sent_at.after(kept);
        known.members = reply.members.max(1);
        known.waiting = reply.waiting;
        known.blocked_until = match reply.retry_us {
            0 => Timestamp::ZERO,
            retry_us => sent_at.after(Duration::from_micros(retry_us)),
        };
        self.tell(now, sent_at, is_first, reply);
    }

    /// The request under way failed, or was not answered in time; it may have been
    /// carried out. The next one is made after `delay`.
    pub fn failed(&mut self, now: Timestamp, error: &str, delay: Duration) {
        if let Some(pending) = self.pending.take() {
            // It may not have been heard.
            if pending.hold_until > now {
                self.hold.said_until = Timestamp::ZERO;
            }
        }
        self.tally.failures += 1;
        self.tally.last_error = Some(error.to_owned());
        let next_attempt = now.after(delay);
        for account in &mut self.accounts {
            account.need = 0;
        }
        match &mut self.outage {
            Some(outage) => {
                outage.failures = outage.failures.saturating_add(1);
                outage.next_attempt = next_attempt;
            }
            none => {
                *none = Some(Outage { since: now, failures: 1, next_attempt });
                for account in &mut self.accounts {
                    account.share = Some(Share::new(&account.shape, self.known.members, now));
                }
                self.events.push(Event::Lost { error: error.to_owned() });
            }
        }
    }

    /// How long to wait after one more failure before Redis is asked again.
    #[must_use]
    pub fn delay_after_failure(&self, entropy: &mut dyn Entropy) -> Duration {
        let failures = self.outage.map_or(0, |outage| outage.failures).saturating_add(1);
        let longest = self.settings.longest_delay(self.known.members);
        let backoff = Exponential::new(FIRST_DELAY).capped_at(longest).equal_jitter();
        backoff.delay(&Retry::nth(failures), entropy)
    }

    fn tell(&mut self, now: Timestamp, sent_at: Timestamp, is_first: bool, reply: &Reply) {
        if is_first {
            self.events.push(Event::Connected { members: self.known.members });
        }
        if let Some(outage) = self.outage.take()
            && !is_first
        {
            self.events.push(Event::Recovered { outage: now.since(outage.since) });
        }
        if reply.lost {
            self.events.push(Event::StateLost);
            // The wait is lost too.
            self.hold.said_until = Timestamp::ZERO;
        }
        if reply.differs && !self.known.differs {
            self.events.push(Event::Differs);
        }
        self.known.differs = reply.differs;
        if reply.hold_ms > 0 {
            // From now, not from when it was sent: rather later than too early.
            let until = now.after(Duration::from_millis(reply.hold_ms));
            if sent_at >= self.hold.until {
                self.events.push(Event::Cooldown { wait: until.since(now) });
            }
            if until >= self.hold.until {
                (self.hold.until, self.hold.said_until) = (until, until);
            }
        }
    }
}

//! A limiter that also waits as long as the server asked to.

use crate::limiter::Cooldown;
use crate::{Completion, Cost, Decision, Limiter, Timestamp};

/// A limiter, and the cooldown of its scope where hints are shared.
#[derive(Debug)]
pub(super) struct Guarded<L> {
    pub(super) limiter: L,
    pub(super) cooldown: Option<Cooldown>,
}

impl<L: Limiter> Guarded<L> {
    fn cooldown(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.cooldown.as_ref().map_or(Decision::Admit, |cooldown| cooldown.check(now, cost))
    }
}

impl<L: Limiter> Limiter for Guarded<L> {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.cooldown(now, cost).and(self.limiter.check(now, cost))
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        self.limiter.commit(now, cost);
        if let Some(cooldown) = &mut self.cooldown {
            cooldown.commit(now, cost);
        }
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.limiter.observe(now, completion);
        if let Some(cooldown) = &mut self.cooldown {
            cooldown.observe(now, completion);
        }
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.limiter.is_idle(now) && self.cooldown.as_ref().is_none_or(|it| it.is_idle(now))
    }

    fn name(&self) -> &'static str {
        self.limiter.name()
    }

    fn verdicts(&self, now: Timestamp, cost: &Cost, tell: &mut dyn FnMut(&'static str, Decision)) {
        if let Some(cooldown) = &self.cooldown {
            cooldown.verdicts(now, cost, tell);
        }
        self.limiter.verdicts(now, cost, tell);
    }

    fn culprit(&self, now: Timestamp, cost: &Cost) -> &'static str {
        if self.cooldown(now, cost) > self.limiter.check(now, cost) {
            "cooldown"
        } else {
            self.limiter.culprit(now, cost)
        }
    }
}

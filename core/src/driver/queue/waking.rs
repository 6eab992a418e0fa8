//! Who is woken, and by what.

use core::task::Waker;

use super::state::State;
use super::waiters::{Gift, Key};
use crate::{Limiter, Timestamp};

impl<T, L: Limiter> State<T, L> {
    pub(super) fn tell(&mut self, key: Key, gift: Gift<T>) {
        let waker = self.waiters.give(key, gift);
        self.wake(key, waker);
    }

    fn wake(&mut self, key: Key, waker: Option<Waker>) {
        if self.polled != Some(key) {
            self.effects.wakers.extend(waker);
        }
    }

    /// Sees to it that somebody who waits has the timer, for the right time.
    pub(super) fn wind(&mut self) {
        let time = [self.due.filter(|_| !self.waiters.is_empty()), self.watch.due(&self.queue)];
        let time = time.into_iter().flatten().min();
        let owner = self.timer.filter(|&(key, _)| self.waiters.keeps_time(key));
        // One that rings too early costs a wake, as setting it anew would.
        let is_early = |set: Option<Timestamp>| match (set, time) {
            (_, None) => true,
            (Some(set), Some(time)) => set <= time,
            (None, Some(_)) => false,
        };
        self.timer = match owner {
            Some((key, _)) if self.polled == Some(key) => Some((key, time)),
            Some((key, set)) if is_early(set) => Some((key, set)),
            Some((key, _)) => {
                self.effects.wakers.extend(self.waiters.waker(key));
                Some((key, time))
            }
            None => time.and_then(|_| {
                let key = self.waiters.last_waiting()?;
                let waker = self.waiters.waker(key);
                self.wake(key, waker);
                Some((key, time))
            }),
        };
    }

    /// Opens the scopes whose limiters have news; if there are none, sees to it that
    /// somebody who waits hears of the next.
    pub(super) fn hears_news(&mut self) -> bool {
        if !self.is_fed {
            return false;
        }
        let listener = self.timer.map(|(key, _)| key).filter(|&key| self.waiters.keeps_time(key));
        let listener = listener.or_else(|| self.waiters.last_waiting());
        let rung = self.bell.listen(listener.and_then(|key| self.waiters.waker(key)));
        for &scope in &rung {
            // A scope is for good.
            let _ = self.queue.look_again(scope);
        }
        !rung.is_empty()
    }
}

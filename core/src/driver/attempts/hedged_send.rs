//! A second send of a call beside its first; see [`Engine::hedge`](crate::Engine::hedge).

use alloc::sync::Arc;

use super::super::observer::Moment;
use super::super::shared::Shared;
use super::Attempts;
use crate::{Hedge, RateSignal};

/// A further send of a call, made by [`Attempts::hedge`].
///
/// Dropped, it gives its place back: the loser of two is dropped with its request.
#[derive(Debug)]
#[must_use = "dropped, it gives its place back"]
pub struct HedgedSend {
    shared: Arc<Shared>,
    /// `None` once it was fallen back on.
    hedge: Option<Hedge>,
}

impl Drop for HedgedSend {
    fn drop(&mut self) {
        if let Some(hedge) = self.hedge.take() {
            self.shared.end_hedge(hedge);
        }
    }
}

impl Attempts {
    /// Asks for a further send while the answer to the last one is outstanding: a hedge
    /// against a slow server, for requests that may be done twice.
    ///
    /// `None` if none may go at once: see [`Engine::hedge`](crate::Engine::hedge). Nor is
    /// there one while other calls stand in line.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_core::driver::Verdict;
    /// use forbear_core::{Observation, Outcome, Policy};
    ///
    /// let policy = Policy::recommended();
    /// let mut attempts = policy.attempts();
    /// attempts.permit_blocking()?;
    /// // Send here; and again, because it takes long.
    /// let mut hedge = attempts.hedge().expect("the budget is full");
    /// // The answer to the second comes first.
    /// attempts.exchange(&mut hedge);
    /// assert_eq!(attempts.record(&Observation::new(Outcome::Success)), Verdict::Success);
    /// drop(hedge);
    /// let statistics = policy.statistics();
    /// assert_eq!((statistics.calls, statistics.sends, statistics.hedges_won), (1, 2, 1));
    /// # Ok::<(), forbear_core::GiveUp>(())
    /// ```
    pub fn hedge(&mut self) -> Option<HedgedSend> {
        let hedge = self.shared.hedge(&mut self.call)?;
        self.tell(&(), Moment::BeforeHedge);
        Some(HedgedSend { shared: Arc::clone(&self.shared), hedge: Some(hedge) })
    }

    /// Makes the answer to `hedge` the one that is recorded next; `hedge` becomes the
    /// send that it overtook.
    pub fn exchange(&mut self, hedge: &mut HedgedSend) {
        if let Some(hedge) = &mut hedge.hedge {
            self.call.exchange(hedge);
            self.last_sent_at = self.call.sent_at().unwrap_or(self.last_sent_at);
        }
    }

    /// Takes in the answer to the last send, a failure, and goes on with `hedge`, of
    /// which the answer is outstanding.
    ///
    /// # Panics
    ///
    /// If there was no permit since the last answer.
    pub fn fall_back(&mut self, mut hedge: HedgedSend, signal: &dyn RateSignal) {
        let in_flight = self.call.in_flight();
        let (number, _) = in_flight.expect("an answer was recorded without a permit to send");
        let Some(hedge) = hedge.hedge.take() else { return };
        let (seen, sent_at) = (signal.observe(), self.last_sent_at);
        let now = self.shared.fall_back(&mut self.call, hedge, &seen);
        self.keep(number, [sent_at, now], &seen, None);
        self.tell(&(), Moment::After(&seen));
        self.last_sent_at = self.call.sent_at().unwrap_or(sent_at);
    }
}

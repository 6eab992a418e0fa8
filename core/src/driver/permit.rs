//! Permission to send once, for who needs the limiters of a policy and no retries.

use core::fmt;

use super::{Attempts, CallOptions, Verdict};
use crate::{Cost, GiveUp, Observation, Outcome, Policy, RateSignal};

/// Permission to send one request, with what the limiters charged for it.
///
/// Say that the request leaves with [`sent`](Self::sent). Dropped before that, it gives
/// everything back as if it had never been asked for: charge, place and all.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::TokenBucket;
/// use forbear_core::{Cost, Dimension, Policy};
///
/// let tokens = TokenBucket::new("1000/min".parse()?, 1000)?.counting(Dimension::Tokens);
/// let policy = Policy::builder().limit(tokens).build()?;
/// let estimate = Cost::REQUEST.with(Dimension::Tokens, 800);
///
/// // Not sent after all: the next one finds all of it.
/// drop(policy.acquire_blocking(estimate).unwrap());
///
/// let permit = policy.acquire_blocking(estimate).unwrap();
/// let sent = permit.sent();
/// // Send here. The answer says what it cost; 300 tokens are given back.
/// sent.settle(Cost::REQUEST.with(Dimension::Tokens, 500));
/// let next = policy.acquire_blocking(Cost::REQUEST.with(Dimension::Tokens, 500));
/// assert!(next.is_ok());
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[must_use = "dropped, it gives back what it was charged"]
pub struct Permit {
    /// `None` once it was sent.
    attempts: Option<Attempts>,
}

/// A request that was sent by a [`Permit`], until its answer is there.
///
/// Dropped, it gives its place back and stays charged: the server may have counted it.
#[must_use = "dropped, it is settled at its estimate"]
pub struct SentPermit(Attempts);

impl Policy {
    /// Waits in this thread until a request of this cost may be sent, once.
    ///
    /// It stands in line with the calls of the policy, and waits no longer than the
    /// policy's deadline. The policy's retries have no part in it.
    ///
    /// # Errors
    ///
    /// Why it may not be sent: a cost that no limiter can ever admit is refused at
    /// once, and so is a wait beyond the deadline.
    pub fn acquire_blocking(&self, cost: Cost) -> Result<Permit, GiveUp> {
        let mut attempts = once(self, cost);
        attempts.permit_blocking()?;
        Ok(Permit { attempts: Some(attempts) })
    }

    /// Waits in this task until a request of this cost may be sent, once; see
    /// [`acquire_blocking`](Self::acquire_blocking).
    ///
    /// Cancel safe: dropped while it waits, it gives its place in the line back.
    ///
    /// # Errors
    ///
    /// Why it may not be sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use forbear_core::limiter::Concurrency;
    /// use forbear_core::{Cost, Observation, Outcome, Policy};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let policy = Policy::builder().limit(Concurrency::new(1).unwrap()).build().unwrap();
    /// let first = policy.acquire(Cost::REQUEST).await.unwrap().sent();
    /// // The second waits until the first has its answer.
    /// let second = policy.acquire(Cost::REQUEST);
    /// first.record(&Observation::new(Outcome::Success));
    /// second.await.unwrap().sent().settle(Cost::REQUEST);
    /// # }
    /// ```
    #[cfg(feature = "tokio")]
    pub async fn acquire(&self, cost: Cost) -> Result<Permit, GiveUp> {
        let mut attempts = once(self, cost);
        attempts.permit().await?;
        Ok(Permit { attempts: Some(attempts) })
    }
}

/// A call that is not tried again.
fn once(policy: &Policy, cost: Cost) -> Attempts {
    let mut attempts = policy.attempts_with(&CallOptions::new().cost(cost));
    attempts.forbid_repeat();
    attempts
}

impl Permit {
    /// What was charged for it.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.attempts.as_ref().map_or(Cost::ZERO, |attempts| *attempts.cost())
    }

    /// The request leaves now: it stays charged, whatever becomes of it.
    #[expect(clippy::missing_panics_doc, reason = "it is taken once, since `self` is")]
    pub fn sent(mut self) -> SentPermit {
        SentPermit(self.attempts.take().expect("nothing else takes it"))
    }
}

impl SentPermit {
    /// What was charged for it.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        *self.0.cost()
    }

    /// The request was done and cost `actual`: what was charged beyond that is given
    /// back, what it cost more is a debt, which later requests wait for.
    pub fn settle(self, actual: Cost) {
        let mut seen = Observation::new(Outcome::Success);
        seen.usage = Some(actual);
        let _ = self.record(&seen);
    }

    /// Takes in the answer, whatever it is; the wait that the server asks for holds
    /// back all who use the policy. Returns whether it was a success.
    ///
    /// Without a [usage](RateSignal::usage) it is settled at its estimate.
    pub fn record(mut self, signal: &dyn RateSignal) -> bool {
        self.0.record(signal) == Verdict::Success
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(attempts) = &mut self.attempts {
            attempts.retract();
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("cost", &self.cost()).finish_non_exhaustive()
    }
}

impl fmt::Debug for SentPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentPermit").field("cost", &self.cost()).finish_non_exhaustive()
    }
}

//! What one call has instead of its policy's.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::engine::Own;
use crate::policy::Bounds;
use crate::stop::Cancel;
use crate::{BackoffStrategy, Cost, Policy, StopCondition};

/// What one call has instead of its policy's; what is not set is the policy's.
///
/// The limiters, the budget and the server's waits are shared, so no call has its
/// own. Every value means something, so that none has to be refused in the middle
/// of a call.
///
/// # Examples
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use forbear_core::Policy;
/// use forbear_core::driver::CallOptions;
///
/// let policy = Policy::recommended();
/// let quick = CallOptions::new().max_attempts(2).deadline(Duration::from_millis(500));
/// let refused = || Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionRefused));
/// let gave_up = policy.retry(refused).with(quick).blocking().unwrap_err();
/// assert!(gave_up.attempts() <= 2);
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a call has them"]
pub struct CallOptions {
    cost: Cost,
    /// Boxed, since few calls have any: a call is moved before it is made.
    own: Option<Box<Differences>>,
}

#[derive(Clone, Debug, Default)]
struct Differences {
    max_attempts: Option<u32>,
    deadline: Option<Duration>,
    stop: Option<Arc<dyn StopCondition>>,
    backoff: Option<Arc<dyn BackoffStrategy>>,
    attempt_timeout: Option<Duration>,
}

impl CallOptions {
    /// All as the policy has it, at the cost of one request.
    #[inline]
    pub const fn new() -> Self {
        Self { cost: Cost::REQUEST, own: None }
    }

    /// What each attempt costs.
    pub const fn cost(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }

    /// At most `max` sends, the first included; 0 counts as 1.
    pub fn max_attempts(mut self, max: u32) -> Self {
        self.differences().max_attempts = Some(max);
        self
    }

    /// No attempt begins `deadline` after the start or later, and none under way is cut
    /// off by it; at 0 the call is over before it is sent, as where a caller passes on the time
    /// that it has left.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.differences().deadline = Some(deadline);
        self
    }

    /// Each attempt may take `timeout`; see
    /// [`PolicyBuilder::attempt_timeout`](crate::PolicyBuilder::attempt_timeout). At 0 it
    /// has to be done when it is first polled, and [`Duration::MAX`] lifts a bound of the
    /// policy.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.differences().attempt_timeout = Some(timeout);
        self
    }

    /// The call ends when `stop` says so, instead of by the policy's conditions;
    /// attempts and a deadline that are set here bound it all the same.
    pub fn stop(mut self, stop: impl StopCondition + 'static) -> Self {
        self.differences().stop = Some(Arc::new(stop));
        self
    }

    /// Picks the delays.
    pub fn backoff(mut self, backoff: impl BackoffStrategy + 'static) -> Self {
        self.differences().backoff = Some(Arc::new(backoff));
        self
    }

    pub(super) const fn each(&self) -> Cost {
        self.cost
    }

    /// Whether all but the cost is the policy's.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(super) const fn are_the_policys(&self) -> bool {
        self.own.is_none()
    }

    /// What a call under `policy` has of its own.
    #[inline]
    pub(super) fn own_under(&self, policy: &Policy) -> Option<Box<Own>> {
        match &self.own {
            Some(differences) => Some(Box::new(differences.under(policy))),
            // No condition but one of the user's own can have a flag.
            None if policy.bounds().may_start_late() => None,
            None => watched(policy),
        }
    }

    fn differences(&mut self) -> &mut Differences {
        self.own.get_or_insert_default()
    }
}

impl Differences {
    #[cold]
    fn under(&self, policy: &Policy) -> Own {
        let Self { max_attempts, deadline, stop, backoff, attempt_timeout } = self;
        let stop = (stop.is_some() || max_attempts.is_some() || deadline.is_some()).then(|| {
            let stop = stop.as_ref().map(|stop| Bounds::only(Arc::clone(stop)));
            let mut bounds = stop.unwrap_or_else(|| policy.bounds().clone());
            bounds.replace(*max_attempts, *deadline);
            Arc::new(bounds) as Arc<dyn StopCondition>
        });
        let cancels = cancels(stop.as_ref().unwrap_or_else(|| policy.stop()));
        let mut own = Own::new(backoff.clone(), stop, cancels);
        own.attempt_timeout = *attempt_timeout;
        own
    }
}

/// What a call has that differs in nothing and can be cancelled.
#[cold]
fn watched(policy: &Policy) -> Option<Box<Own>> {
    let cancels = cancels(policy.stop());
    (!cancels.is_empty()).then(|| Box::new(Own::new(None, None, cancels)))
}

fn cancels(stop: &dyn StopCondition) -> Vec<Cancel> {
    let mut cancels = Vec::new();
    stop.cancels(&mut |cancel| cancels.push(cancel.clone()));
    cancels
}

impl Default for CallOptions {
    fn default() -> Self {
        Self::new()
    }
}

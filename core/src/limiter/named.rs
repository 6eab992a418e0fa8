//! A limiter under another name.

use core::ops::{Deref, DerefMut};
use core::task::Waker;

use super::{Completion, Limiter};
use crate::{Cost, Decision, Timestamp};

/// The limiter that it wraps, under a name of its own where a wait is explained; made by
/// [`Limiter::named`].
///
/// Everything else is that limiter's, its methods included.
///
/// ```
/// use forbear_core::limiter::Gcra;
/// use forbear_core::{Cost, Limiter, Timestamp};
///
/// let mut limiter = Gcra::per("500/min".parse()?).named("rpm");
/// assert_eq!(limiter.culprit(Timestamp::ZERO, &Cost::REQUEST), "rpm");
/// limiter.set_rate(Timestamp::ZERO, "100/min".parse()?);
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug)]
pub struct Named<L> {
    limiter: L,
    name: &'static str,
}

impl<L> Named<L> {
    pub(super) const fn new(limiter: L, name: &'static str) -> Self {
        Self { limiter, name }
    }
}

impl<L> Deref for Named<L> {
    type Target = L;

    fn deref(&self) -> &L {
        &self.limiter
    }
}

impl<L> DerefMut for Named<L> {
    fn deref_mut(&mut self) -> &mut L {
        &mut self.limiter
    }
}

impl<L: Limiter> Limiter for Named<L> {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.limiter.check(now, cost)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        self.limiter.commit(now, cost);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.limiter.observe(now, completion);
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.limiter.is_idle(now)
    }

    fn attach(&mut self, now: Timestamp, waker: &Waker) -> bool {
        self.limiter.attach(now, waker)
    }

    fn name(&self) -> &'static str {
        self.name
    }
}

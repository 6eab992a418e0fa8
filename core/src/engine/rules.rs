//! What decides about retries and never changes.

use alloc::sync::Arc;

use super::HintRule;
use crate::{BackoffStrategy, StopCondition};

/// Backoff, stop condition and rule for hints: what all engines of a policy have in
/// common.
///
/// An [`Engine`](super::Engine) has rules of its own, or shares them: in an `Arc` if it
/// comes from a [`Policy`](crate::Policy), by reference if it
/// [borrows](crate::BorrowedEngine) from one.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::Constant;
/// use forbear_core::limiter::All;
/// use forbear_core::stop::MaxAttempts;
/// use forbear_core::{Action, Call, Cost, Engine, RetryRules, SplitMix64, Timestamp};
///
/// let rules = RetryRules::new(Constant::new(Duration::from_secs(1)), MaxAttempts::new(2)?);
/// let mut engines = [1, 2].map(|seed| {
///     Engine::with_rules(All::default(), &rules, SplitMix64::new(seed))
/// });
/// for engine in &mut engines {
///     let mut call = Call::new(Timestamp::ZERO, Cost::REQUEST);
///     assert_eq!(engine.poll(Timestamp::ZERO, &mut call), Action::Send);
/// }
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug)]
pub struct RetryRules<B = Arc<dyn BackoffStrategy>, S = Arc<dyn StopCondition>> {
    pub(crate) backoff: B,
    pub(crate) stop: S,
    pub(crate) hint: HintRule,
}

impl<B: BackoffStrategy, S: StopCondition> RetryRules<B, S> {
    /// These, with the default [`HintRule`].
    pub fn new(backoff: B, stop: S) -> Self {
        Self { backoff, stop, hint: HintRule::default() }
    }

    /// With this rule for waits that the server asks for.
    #[must_use]
    pub fn with_hint_rule(mut self, hint: HintRule) -> Self {
        self.hint = hint;
        self
    }
}

impl RetryRules {
    /// The same for an engine behind a queue, which obeys for it the waits that are
    /// shared.
    pub(crate) fn behind_queue(&self) -> Self {
        self.clone().with_hint_rule(self.hint.unshared())
    }
}

/// Where an engine has its [`RetryRules`]: in itself, or elsewhere.
///
/// Implemented for the rules, for references to them and for an `Arc` of them; there is
/// nothing to gain from implementing it for another type.
pub trait HasRetryRules {
    /// Their backoff.
    type Backoff: BackoffStrategy;
    /// Their stop condition.
    type Stop: StopCondition;

    /// The rules.
    fn retry_rules(&self) -> &RetryRules<Self::Backoff, Self::Stop>;
}

impl<B: BackoffStrategy, S: StopCondition> HasRetryRules for RetryRules<B, S> {
    type Backoff = B;
    type Stop = S;

    #[inline]
    fn retry_rules(&self) -> &Self {
        self
    }
}

impl<R: HasRetryRules> HasRetryRules for &R {
    type Backoff = R::Backoff;
    type Stop = R::Stop;

    #[inline]
    fn retry_rules(&self) -> &RetryRules<R::Backoff, R::Stop> {
        (**self).retry_rules()
    }
}

impl<R: HasRetryRules> HasRetryRules for Arc<R> {
    type Backoff = R::Backoff;
    type Stop = R::Stop;

    #[inline]
    fn retry_rules(&self) -> &RetryRules<R::Backoff, R::Stop> {
        (**self).retry_rules()
    }
}

//! Limiters and budgets that can be made anew.

use alloc::boxed::Box;
use core::fmt;

use crate::Limiter;
use crate::budget::Budget;

/// A limiter in its first state, from which fresh ones are made.
pub(super) trait Prototype: fmt::Debug + Send + Sync {
    /// A limiter in the first state.
    fn fresh(&self) -> Box<dyn Limiter>;
}

impl<L: Limiter + Clone + Sync + 'static> Prototype for L {
    fn fresh(&self) -> Box<dyn Limiter> {
        Box::new(self.clone())
    }
}

/// A budget in its first state, from which fresh ones are made.
pub(super) trait BudgetPrototype: fmt::Debug + Send + Sync {
    /// A budget in the first state.
    fn fresh(&self) -> Box<dyn Budget>;
}

impl<B: Budget + Clone + Sync + 'static> BudgetPrototype for B {
    fn fresh(&self) -> Box<dyn Budget> {
        Box::new(self.clone())
    }
}

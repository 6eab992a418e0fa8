//! Predicates made of predicates.

use core::error::Error;
use core::ops::{BitAnd, BitOr};

use super::{AnyError, Boxed, Cause, ErrorPredicate, Message, OfError, OfValue, Predicate};

/// Holds where either does; written `a | b`.
///
/// ```
/// use forbear_core::predicate::{Predicate, message, value};
///
/// let again = message("busy") | value(|n: &u32| *n == 0);
/// assert!(again.holds(&Ok::<_, std::io::Error>(0)));
/// assert!(again.holds(&Err::<u32, _>(std::io::Error::other("the server is busy"))));
/// assert!(!again.holds(&Ok::<_, std::io::Error>(1)));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Either<A, B>(A, B);

impl<T, E, A: Predicate<T, E>, B: Predicate<T, E>> Predicate<T, E> for Either<A, B> {
    fn holds(&self, result: &Result<T, E>) -> bool {
        self.0.holds(result) || self.1.holds(result)
    }
}

impl<A: ErrorPredicate, B: ErrorPredicate> ErrorPredicate for Either<A, B> {
    fn holds_for(&self, error: &(dyn Error + 'static)) -> bool {
        self.0.holds_for(error) || self.1.holds_for(error)
    }
}

/// Holds where both do; written `a & b`.
///
/// ```
/// use forbear_core::predicate::{Predicate, any_error, message};
///
/// let again = any_error() & !message("fatal");
/// assert!(again.holds(&Err::<(), _>(std::io::Error::other("busy"))));
/// assert!(!again.holds(&Err::<(), _>(std::io::Error::other("a fatal one"))));
/// assert!(!again.holds(&Ok::<_, std::io::Error>(())));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct All<A, B>(A, B);

impl<T, E, A: Predicate<T, E>, B: Predicate<T, E>> Predicate<T, E> for All<A, B> {
    fn holds(&self, result: &Result<T, E>) -> bool {
        self.0.holds(result) && self.1.holds(result)
    }
}

impl<A: ErrorPredicate, B: ErrorPredicate> ErrorPredicate for All<A, B> {
    fn holds_for(&self, error: &(dyn Error + 'static)) -> bool {
        self.0.holds_for(error) && self.1.holds_for(error)
    }
}

/// Holds where the other does not; written `!a`.
///
/// It holds for answers too: `!error(..)` alone tries again after a success.
/// Write `any_error() & !error(..)` for all errors but some.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Not<P>(P);

impl<T, E, P: Predicate<T, E>> Predicate<T, E> for Not<P> {
    fn holds(&self, result: &Result<T, E>) -> bool {
        !self.0.holds(result)
    }
}

impl<P: ErrorPredicate> ErrorPredicate for Not<P> {
    fn holds_for(&self, error: &(dyn Error + 'static)) -> bool {
        !self.0.holds_for(error)
    }
}

// One by one, as for `+` of delays: a blanket impl breaks the orphan rule.
macro_rules! operators {
    ($($name:ident $(<$($param:ident),+>)?),* $(,)?) => {$(
        impl<R $(, $($param),+)?> BitOr<R> for $name $(<$($param),+>)? {
            type Output = Either<Self, R>;

            fn bitor(self, other: R) -> Self::Output {
                Either(self, other)
            }
        }

        impl<R $(, $($param),+)?> BitAnd<R> for $name $(<$($param),+>)? {
            type Output = All<Self, R>;

            fn bitand(self, other: R) -> Self::Output {
                All(self, other)
            }
        }

        impl$(<$($param),+>)? core::ops::Not for $name $(<$($param),+>)? {
            type Output = Not<Self>;

            fn not(self) -> Self::Output {
                Not(self)
            }
        }
    )*};
}

operators! {
    All<A, B>,
    AnyError,
    Boxed<P>,
    Cause<C, F>,
    Either<A, B>,
    Message,
    Not<P>,
    OfError<F>,
    OfValue<F>,
}

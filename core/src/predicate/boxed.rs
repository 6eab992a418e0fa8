//! Predicates over errors whose type is behind a pointer.

use core::error::Error;
use core::ops::Deref;

use super::Predicate;

/// Holds for errors whatever their type; what [`boxed`] looks into a box with.
pub trait ErrorPredicate {
    /// Whether `error` is one.
    fn holds_for(&self, error: &(dyn Error + 'static)) -> bool;
}

/// Holds for an error in a box that a predicate holds for; made by [`boxed`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Boxed<P>(pub(super) P);

/// Holds for errors of type `Box<dyn Error>`, `anyhow::Error` and their like, which are
/// no [`Error`] themselves, where `inner` holds for what is in the box.
///
/// ```
/// use std::error::Error;
/// use std::io;
/// use forbear_core::predicate::{Predicate, boxed, cause, message};
///
/// let reset = |e: &io::Error| e.kind() == io::ErrorKind::ConnectionReset;
/// let again = boxed(message("busy") | cause(reset));
/// let answer = |error: Box<dyn Error + Send + Sync>| Err::<(), _>(error);
/// assert!(again.holds(&answer("the server is busy".into())));
/// assert!(again.holds(&answer(io::Error::from(io::ErrorKind::ConnectionReset).into())));
/// assert!(!again.holds(&answer("no such user".into())));
/// ```
pub const fn boxed<P: ErrorPredicate>(inner: P) -> Boxed<P> {
    Boxed(inner)
}

impl<T, E, P> Predicate<T, E> for Boxed<P>
where
    E: Deref<Target: AsError>,
    P: ErrorPredicate,
{
    fn holds(&self, result: &Result<T, E>) -> bool {
        result.as_ref().is_err_and(|error| self.0.holds_for(error.as_error()))
    }
}

/// What is in a box of an error; implemented for all that can be.
pub trait AsError {
    /// The error.
    fn as_error(&self) -> &(dyn Error + 'static);
}

impl AsError for dyn Error {
    fn as_error(&self) -> &(dyn Error + 'static) {
        self
    }
}

impl AsError for dyn Error + Send {
    fn as_error(&self) -> &(dyn Error + 'static) {
        self
    }
}

impl AsError for dyn Error + Send + Sync {
    fn as_error(&self) -> &(dyn Error + 'static) {
        self
    }
}

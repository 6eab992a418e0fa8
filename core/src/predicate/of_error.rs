//! Predicates over errors: by type, by message, by cause.

use alloc::string::{String, ToString};
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;

use super::{ErrorPredicate, Predicate};

/// Holds for errors that a closure holds for; made by [`error`].
#[derive(Clone, Copy)]
pub struct OfError<F>(F);

/// Holds for the errors that `holds` returns true for.
pub const fn error<E, F: Fn(&E) -> bool>(holds: F) -> OfError<F> {
    OfError(holds)
}

impl<T, E, F: Fn(&E) -> bool> Predicate<T, E> for OfError<F> {
    fn holds(&self, result: &Result<T, E>) -> bool {
        result.as_ref().is_err_and(&self.0)
    }
}

impl<F> fmt::Debug for OfError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfError(..)")
    }
}

/// Holds for every error; made by [`any_error`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AnyError(());

/// Holds for every error.
#[must_use]
pub const fn any_error() -> AnyError {
    AnyError(())
}

impl<T, E> Predicate<T, E> for AnyError {
    fn holds(&self, result: &Result<T, E>) -> bool {
        result.is_err()
    }
}

impl ErrorPredicate for AnyError {
    fn holds_for(&self, _: &(dyn Error + 'static)) -> bool {
        true
    }
}

/// Holds for errors whose message has a text in it; made by [`message`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message(String);

/// Holds for errors whose message, or that of a cause, has `text` in it.
///
/// Messages change between releases: prefer a type or a code where there is one.
///
/// ```
/// use std::io;
/// use forbear_core::predicate::{Predicate, message};
///
/// let reset = message("reset by peer");
/// let result: Result<(), _> = Err(io::Error::other("connection reset by peer"));
/// assert!(reset.holds(&result));
/// assert!(!reset.holds(&Ok::<_, io::Error>(())));
/// ```
#[must_use]
pub fn message(text: &str) -> Message {
    Message(text.to_string())
}

impl<T, E: Error + 'static> Predicate<T, E> for Message {
    fn holds(&self, result: &Result<T, E>) -> bool {
        result.as_ref().is_err_and(|error| self.holds_for(error))
    }
}

impl ErrorPredicate for Message {
    fn holds_for(&self, error: &(dyn Error + 'static)) -> bool {
        chain(error).any(|error| error.to_string().contains(&self.0))
    }
}

/// Holds for errors with a cause of one type; made by [`cause`].
pub struct Cause<C, F> {
    holds: F,
    of: PhantomData<fn(&C)>,
}

/// Holds for errors of type `C`, or with a cause of that type at any depth, that
/// `holds` returns true for.
///
/// ```
/// use std::io;
/// use forbear_core::predicate::{Predicate, cause};
///
/// let timed_out = cause(|e: &io::Error| e.kind() == io::ErrorKind::TimedOut);
/// let inner = io::Error::from(io::ErrorKind::TimedOut);
/// let result: Result<(), _> = Err(io::Error::other(inner));
/// assert!(timed_out.holds(&result));
/// ```
pub const fn cause<C: Error + 'static, F: Fn(&C) -> bool>(holds: F) -> Cause<C, F> {
    Cause { holds, of: PhantomData }
}

impl<T, E, C, F> Predicate<T, E> for Cause<C, F>
where
    E: Error + 'static,
    C: Error + 'static,
    F: Fn(&C) -> bool,
{
    fn holds(&self, result: &Result<T, E>) -> bool {
        result.as_ref().is_err_and(|error| self.holds_for(error))
    }
}

impl<C: Error + 'static, F: Fn(&C) -> bool> ErrorPredicate for Cause<C, F> {
    fn holds_for(&self, error: &(dyn Error + 'static)) -> bool {
        chain(error).filter_map(|error| error.downcast_ref()).any(&self.holds)
    }
}

impl<C, F> fmt::Debug for Cause<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cause(of {}, ..)", core::any::type_name::<C>())
    }
}

/// How many causes are looked at; an error that is its own cause has no last.
const DEPTH: usize = 64;

/// The error and its causes.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    core::iter::successors(Some(error), |&error| next(error)).take(DEPTH)
}

/// The next cause.
fn next<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    // An `io::Error` that wraps another names the cause of what it wraps as its own
    // and leaves out what it wraps.
    #[cfg(feature = "std")]
    if let Some(wrapped) = error.downcast_ref().and_then(std::io::Error::get_ref) {
        return Some(wrapped);
    }
    error.source()
}

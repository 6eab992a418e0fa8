//! Which results are worth another attempt.
//!
//! A [`RateSignal`](crate::RateSignal) says it by itself. For results that do
//! not, a predicate looks at the error, at the value, at the message or at a
//! cause, and predicates combine as in logic: `a | b`, `a & b`, `!a`.
//!
//! ```
//! use std::io;
//! use forbear_core::Policy;
//! use forbear_core::predicate::{error, message, value};
//!
//! let pending = value(|answer: &&str| *answer == "pending");
//! let passing = error(|e: &io::Error| e.kind() == io::ErrorKind::TimedOut) | message("reset");
//!
//! let policy = Policy::builder().max_attempts(2).build().unwrap();
//! # let policy = Policy::builder().backoff(forbear_core::backoff::Constant::new(
//! #     std::time::Duration::ZERO)).build().unwrap();
//! let mut answers = ["pending", "done"].into_iter();
//! let answer = policy
//!     .retry(|| Ok::<_, io::Error>(answers.next().unwrap()))
//!     .retry_if(pending | passing)
//!     .blocking();
//! assert_eq!(answer.unwrap(), "done");
//! ```

mod boxed;
mod combine;
mod of_error;
mod of_value;

pub use self::{
    boxed::{AsError, Boxed, ErrorPredicate, boxed},
    combine::{All, Either, Not},
    of_error::{AnyError, Cause, Message, OfError, any_error, cause, error, message},
    of_value::{OfValue, value},
};

/// Holds for results that are worth another attempt.
///
/// # Contract
///
/// * The same result gives the same answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot tell whether `Result<{T}, {E}>` is to be retried",
    note = "for errors of type `Box<dyn Error>` and the like there is `predicate::boxed`"
)]
pub trait Predicate<T, E> {
    /// Whether `result` is one.
    fn holds(&self, result: &Result<T, E>) -> bool;
}

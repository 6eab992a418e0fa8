//! Predicates over answers that are no errors.

use core::fmt;

use super::Predicate;

/// Holds for values that a closure holds for; made by [`value`].
#[derive(Clone, Copy)]
pub struct OfValue<F>(F);

/// Holds for the values that `holds` returns true for: an answer that says
/// "not yet".
///
/// ```
/// use forbear_core::predicate::{Predicate, value};
///
/// let pending = value(|state: &&str| *state == "pending");
/// assert!(pending.holds(&Ok::<_, ()>("pending")));
/// assert!(!pending.holds(&Ok::<_, ()>("done")));
/// ```
pub const fn value<T, F: Fn(&T) -> bool>(holds: F) -> OfValue<F> {
    OfValue(holds)
}

impl<T, E, F: Fn(&T) -> bool> Predicate<T, E> for OfValue<F> {
    fn holds(&self, result: &Result<T, E>) -> bool {
        result.as_ref().is_ok_and(&self.0)
    }
}

impl<F> fmt::Debug for OfValue<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfValue(..)")
    }
}

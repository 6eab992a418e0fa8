//! A value for a call that is given up.

use core::fmt;

use super::{GaveUp, Judge, Observer, RetryCall};

/// A call that has a value in any case; made by [`RetryCall::fallback`].
///
/// End it as a [`RetryCall`]: with [`blocking`](Self::blocking) or `.await`.
#[must_use = "call `blocking` or `.await` it"]
pub struct Fallback<C, G> {
    pub(super) call: C,
    pub(super) instead: G,
}

impl<'a, F, J, O> RetryCall<'a, F, J, O> {
    /// Where the call is given up, its value is what `instead` makes of that.
    ///
    /// The other way, an error with its reason, is what a call has without it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use forbear_core::Policy;
    ///
    /// let policy = Policy::builder().max_attempts(1).build()?;
    /// let refused = || Err::<u32, _>(io::Error::from(io::ErrorKind::ConnectionRefused));
    /// let tries = policy.retry(refused).fallback(|gave_up| gave_up.attempts()).blocking();
    /// assert_eq!(tries, 1);
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    pub fn fallback<T, E, G>(self, instead: G) -> Fallback<Self, G>
    where
        G: FnOnce(GaveUp<T, E>) -> T,
    {
        Fallback { call: self, instead }
    }

    /// Where the call is given up, its value is `value`.
    ///
    /// ```
    /// use std::io;
    /// use forbear_core::Policy;
    ///
    /// let policy = Policy::builder().max_attempts(1).build()?;
    /// let refused = || Err(io::Error::from(io::ErrorKind::ConnectionRefused));
    /// assert_eq!(policy.retry(refused).fallback_to("from the cache").blocking(), "from the cache");
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    pub fn fallback_to<T, E>(
        self,
        value: T,
    ) -> Fallback<Self, impl FnOnce(GaveUp<T, E>) -> T + use<'a, F, J, O, T, E>> {
        self.fallback(move |_| value)
    }
}

impl<F, J, O: Observer, G> Fallback<RetryCall<'_, F, J, O>, G> {
    /// Calls in this thread; see [`RetryCall::blocking`].
    pub fn blocking<T, E>(self) -> T
    where
        F: FnMut() -> Result<T, E>,
        J: Judge<T, E>,
        G: FnOnce(GaveUp<T, E>) -> T,
    {
        self.call.blocking().unwrap_or_else(self.instead)
    }
}

impl<C, G> fmt::Debug for Fallback<C, G>
where
    C: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback").field("call", &self.call).finish_non_exhaustive()
    }
}

//! An end from outside.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use super::{StopCondition, StopReason};
use crate::Retry;

#[cfg(feature = "std")]
pub(crate) use self::waiting::Watch;

/// Stops once it is cancelled; clones share the flag.
///
/// A driver ends a call that waits, for its retry or for its turn, at once: in threads as
/// in tasks. An attempt under way is not cut off, and is the last one. A call that begins
/// later is not sent at all. In `a & cancel` it takes effect when an attempt ends, since
/// `a` has a say in it.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use forbear_core::backoff::Constant;
/// use forbear_core::stop::{Cancel, MaxAttempts};
/// use forbear_core::{GiveUp, Policy, StopReason};
///
/// let cancel = Cancel::new();
/// let policy = Policy::builder()
///     .backoff(Constant::new(Duration::from_secs(3600)))
///     .stop(MaxAttempts::new(5)? | cancel.clone())
///     .build()?;
/// let refused = || Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionRefused));
/// let gave_up = std::thread::scope(|threads| {
///     let call = threads.spawn(|| policy.retry(refused).blocking().unwrap_err());
///     cancel.cancel();
///     call.join().unwrap()
/// });
/// assert_eq!(gave_up.reason(), GiveUp::Stopped(StopReason::Cancelled));
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    is_cancelled: AtomicBool,
    #[cfg(feature = "std")]
    waiting: waiting::Waiting,
}

impl Cancel {
    /// Not cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all calls that this condition belongs to, for good.
    pub fn cancel(&self) {
        // The flag guards no other memory; it needs to arrive, not to order. Who begins
        // to wait looks at it under the lock that is taken next.
        self.0.is_cancelled.store(true, Ordering::Relaxed);
        #[cfg(feature = "std")]
        self.0.waiting.wake_all();
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Relaxed)
    }
}

impl StopCondition for Cancel {
    fn stop(&self, _: &Retry, _: Duration) -> Option<StopReason> {
        self.is_cancelled().then_some(StopReason::Cancelled)
    }

    fn cancels(&self, tell: &mut dyn FnMut(&Cancel)) {
        tell(self);
    }
}

/// Who is woken by it.
#[cfg(feature = "std")]
mod waiting {
    use alloc::collections::BTreeMap;
    use core::task::Waker;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::Cancel;

    #[derive(Debug, Default)]
    pub(super) struct Waiting(Mutex<Wakers>);

    #[derive(Debug, Default)]
    struct Wakers {
        next: u64,
        by_number: BTreeMap<u64, Waker>,
    }

    impl Waiting {
        /// Wakes outside the lock: a waker may run its task at once, in this thread.
        pub(super) fn wake_all(&self) {
            let woken = core::mem::take(&mut self.lock().by_number);
            woken.into_values().for_each(Waker::wake);
        }

        fn lock(&self) -> MutexGuard<'_, Wakers> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// Wakes its waker when the flag is set; dropped, it does not any more.
    #[derive(Debug)]
    pub(crate) struct Watch {
        cancel: Cancel,
        number: u64,
    }

    impl Watch {
        /// `None` if the flag is set already.
        pub(crate) fn new(cancel: &Cancel, waker: &Waker) -> Option<Self> {
            let mut wakers = cancel.0.waiting.lock();
            // Not before the lock, or it might be set in between and wake nobody.
            if cancel.is_cancelled() {
                return None;
            }
            let number = wakers.next;
            wakers.next += 1;
            wakers.by_number.insert(number, waker.clone());
            Some(Self { cancel: cancel.clone(), number })
        }
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            let waker = self.cancel.0.waiting.lock().by_number.remove(&self.number);
            // Outside the lock: it may be the last of its task, which may hold a call.
            drop(waker);
        }
    }
}

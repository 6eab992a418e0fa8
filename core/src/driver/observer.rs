//! Being told what becomes of calls.

mod hook;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::{Attempts, Wait};
use crate::{GiveUp, Observation};

pub use self::hook::{BeforeSend, BeforeWait, OnGiveUp, OnSuccess};

/// Is told what becomes of calls: of all calls of a policy, by
/// [`PolicyBuilder::observe`](crate::PolicyBuilder::observe), or of one, by
/// [`RetryCall::observe`](super::RetryCall::observe).
///
/// It is told outside the lock, in the thread or task of the call, and changes
/// nothing: what takes long delays that call alone.
///
/// # Contract
///
/// * A call is told of in this order: any number of waits, a send, the answer to
///   it; again while it is retried; then one success or one give-up, and nothing
///   after that.
/// * A [hedge](Attempts::hedge) comes between a send and its answer. Of the two, the
///   first success ends the call, and the other gets no answer.
/// * A call that was dropped is given up as [`Abandoned`](GiveUp::Abandoned), which
///   a policy's observers are told and those of the call itself are not. One that
///   was dropped before it began is not told of.
///
/// # Examples
///
/// ```
/// use std::io;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use forbear_core::Policy;
/// use forbear_core::driver::{Attempts, Observer};
///
/// #[derive(Default)]
/// struct Sends(AtomicU32);
///
/// impl Observer for Sends {
///     fn before_send(&self, _: &Attempts) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let sends = Arc::new(Sends::default());
/// let policy = Policy::builder().observe(Arc::clone(&sends)).build()?;
/// policy.retry(|| Ok::<_, io::Error>(())).blocking().unwrap();
/// assert_eq!(sends.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
pub trait Observer {
    /// The call is about to be sent; [`Attempts::sends`] counts this send.
    fn before_send(&self, call: &Attempts) {
        let _ = call;
    }

    /// The call is about to be sent once more although the answer to its last send is
    /// outstanding; [`Attempts::sends`] counts this send.
    ///
    /// Provided: it is a send.
    fn before_hedge(&self, call: &Attempts) {
        self.before_send(call);
    }

    /// An attempt ended so; one that was cut off has the time it had in
    /// [`timed_out_after`](Observation::timed_out_after).
    fn after(&self, call: &Attempts, seen: &Observation) {
        let _ = (call, seen);
    }

    /// The call is about to wait: for its retry, or for its turn to be sent.
    fn before_wait(&self, call: &Attempts, wait: &Wait) {
        let _ = (call, wait);
    }

    /// The call succeeded, after [`Attempts::sends`] attempts.
    fn on_success(&self, call: &Attempts) {
        let _ = call;
    }

    /// The call is given up; [`Attempts::history`] has what came before.
    fn on_give_up(&self, call: &Attempts, why: GiveUp) {
        let _ = (call, why);
    }

    /// Whether it wants to be told anything at all.
    ///
    /// Provided: it does. A call that nobody listens to may take a shorter way, on
    /// which there is nothing to tell of.
    fn is_listening(&self) -> bool {
        true
    }
}

// `Observer` stays usable as `dyn Observer`.
const _: Option<&dyn Observer> = None;

/// What observers are told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment<'a> {
    BeforeSend,
    BeforeHedge,
    After(&'a Observation),
    BeforeWait(&'a Wait),
    Success,
    GiveUp(GiveUp),
}

impl Moment<'_> {
    pub(super) fn tell<O: Observer + ?Sized>(self, observer: &O, call: &Attempts) {
        match self {
            Self::BeforeSend => observer.before_send(call),
            Self::BeforeHedge => observer.before_hedge(call),
            Self::After(seen) => observer.after(call, seen),
            Self::BeforeWait(wait) => observer.before_wait(call, wait),
            Self::Success => observer.on_success(call),
            Self::GiveUp(why) => observer.on_give_up(call, why),
        }
    }
}

/// The observers of a policy, in the order in which they are told.
#[derive(Clone, Default)]
pub(crate) struct Observers(Vec<Arc<dyn Observer + Send + Sync>>);

impl Observers {
    pub(crate) fn push(&mut self, observer: impl Observer + Send + Sync + 'static) {
        self.0.push(Arc::new(observer));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub(super) fn tell(&self, moment: Moment<'_>, call: &Attempts) {
        if !self.0.is_empty() {
            self.tell_each(moment, call);
        }
    }

    #[cold]
    fn tell_each(&self, moment: Moment<'_>, call: &Attempts) {
        for observer in &self.0 {
            moment.tell(&**observer, call);
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observers").field(&self.0.len()).finish()
    }
}

/// Nobody is told.
impl Observer for () {
    fn is_listening(&self) -> bool {
        false
    }
}

/// Both are told, the first one first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn before_send(&self, call: &Attempts) {
        self.0.before_send(call);
        self.1.before_send(call);
    }

    fn before_hedge(&self, call: &Attempts) {
        self.0.before_hedge(call);
        self.1.before_hedge(call);
    }

    fn after(&self, call: &Attempts, seen: &Observation) {
        self.0.after(call, seen);
        self.1.after(call, seen);
    }

    fn before_wait(&self, call: &Attempts, wait: &Wait) {
        self.0.before_wait(call, wait);
        self.1.before_wait(call, wait);
    }

    fn on_success(&self, call: &Attempts) {
        self.0.on_success(call);
        self.1.on_success(call);
    }

    fn on_give_up(&self, call: &Attempts, why: GiveUp) {
        self.0.on_give_up(call, why);
        self.1.on_give_up(call, why);
    }

    fn is_listening(&self) -> bool {
        self.0.is_listening() || self.1.is_listening()
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<O: Observer + ?Sized> Observer for $pointer {
            fn before_send(&self, call: &Attempts) {
                (**self).before_send(call);
            }

            fn before_hedge(&self, call: &Attempts) {
                (**self).before_hedge(call);
            }

            fn after(&self, call: &Attempts, seen: &Observation) {
                (**self).after(call, seen);
            }

            fn before_wait(&self, call: &Attempts, wait: &Wait) {
                (**self).before_wait(call, wait);
            }

            fn on_success(&self, call: &Attempts) {
                (**self).on_success(call);
            }

            fn on_give_up(&self, call: &Attempts, why: GiveUp) {
                (**self).on_give_up(call, why);
            }

            fn is_listening(&self) -> bool {
                (**self).is_listening()
            }
        }
    )*};
}

forward!(&O, Box<O>, Arc<O>);

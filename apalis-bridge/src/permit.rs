//! The permit that a task runs with.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use apalis_core::task::Task;
use apalis_core::task::from_request::FromRequest;
use forbear_core::driver::Attempts;
use forbear_core::{Observation, RateSignal};

/// The permit that a task runs with, to be asked for as an argument of its function.
///
/// What the function [saw](Self::saw) decides what becomes of the task. A function that
/// says nothing is judged by its result alone: a success, or a failure that may pass.
///
/// A task that no [`Paced`](crate::Paced) gave out has a permit that leads to nothing.
#[derive(Clone)]
pub struct Permit(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    attempts: Option<Attempts>,
    seen: Option<Observation>,
}

impl Permit {
    pub(crate) fn new(attempts: Option<Attempts>) -> Self {
        Self(Arc::new(Mutex::new(Inner { attempts, seen: None })))
    }

    /// Says what came back: from forbear-http's reader, or of a signal of one's own. The
    /// last word counts.
    pub fn saw(&self, signal: &dyn RateSignal) {
        let seen = signal.observe();
        self.with(|inner| inner.seen = Some(seen));
    }

    /// Takes out the call, and what was seen.
    pub(crate) fn take(&self) -> (Option<Attempts>, Option<Observation>) {
        self.with(|inner| (inner.attempts.take(), inner.seen.take()))
    }

    fn with<R>(&self, change: impl FnOnce(&mut Inner) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<Args: Sync> FromRequest<Task<Args>> for Permit {
    type Error = Infallible;

    async fn from_request(task: &Task<Args>) -> Result<Self, Infallible> {
        Ok(task.ctx().data().get::<Self>().cloned().unwrap_or_else(|| Self::new(None)))
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

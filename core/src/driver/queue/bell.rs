//! News from limiters that are fed from elsewhere.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::task::Waker;
use std::sync::PoisonError;
use std::task::Wake;

use crate::driver::sync::{Mutex, MutexGuard};
use crate::queue::ScopeId;

/// What limiters ring that have news, and who of those who wait hears it.
///
/// Apart from the state, since a limiter's waker must be `Send` and last for ever, and
/// jobs need not.
#[derive(Debug)]
pub(super) struct Bell(Mutex<Rung>);

#[derive(Debug)]
struct Rung {
    /// Whose limiters have rung since somebody listened last.
    scopes: Vec<ScopeId>,
    listener: Option<Waker>,
}

impl Bell {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Rung { scopes: Vec::new(), listener: None })))
    }

    /// What the limiter of `scope` rings.
    pub(super) fn rope(self: &Arc<Self>, scope: ScopeId) -> Waker {
        Waker::from(Arc::new(Rope { bell: Arc::clone(self), scope }))
    }

    /// Takes the scopes that were rung for; if there are none, the next wakes `listener`.
    pub(super) fn listen(&self, listener: Option<Waker>) -> Vec<ScopeId> {
        let mut rung = self.lock();
        if rung.scopes.is_empty() {
            rung.listener = listener;
        }
        mem::take(&mut rung.scopes)
    }

    fn ring(&self, scope: ScopeId) {
        let mut rung = self.lock();
        if !rung.scopes.contains(&scope) {
            rung.scopes.push(scope);
        }
        let listener = rung.listener.take();
        drop(rung);
        // Outside the lock: a waker may run its task at once.
        if let Some(listener) = listener {
            listener.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rung> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rings for one scope.
struct Rope {
    bell: Arc<Bell>,
    scope: ScopeId,
}

impl Wake for Rope {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bell.ring(self.scope);
    }
}

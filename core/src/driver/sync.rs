//! What threads share, of the standard library, or of loom in a model.

#[cfg(not(forbear_loom))]
pub(super) use core::sync::atomic::AtomicU64;
#[cfg(not(forbear_loom))]
pub(super) use std::sync::{Mutex, MutexGuard};

#[cfg(forbear_loom)]
pub(super) use loom::sync::atomic::AtomicU64;
#[cfg(forbear_loom)]
pub(super) use loom::sync::{Mutex, MutexGuard};

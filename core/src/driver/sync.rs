//! The lock of the standard library, or that of loom in a model.

#[cfg(not(forbear_loom))]
pub(super) use std::sync::{Mutex, MutexGuard};

#[cfg(forbear_loom)]
pub(super) use loom::sync::{Mutex, MutexGuard};

//! The primitives of the standard library, or those of loom in a model.

#[cfg(not(forbear_loom))]
pub(super) use core::sync::atomic::AtomicU64;
#[cfg(all(feature = "std", not(forbear_loom)))]
pub(super) use std::sync::Mutex;

#[cfg(all(feature = "std", forbear_loom))]
pub(super) use loom::sync::Mutex;
#[cfg(forbear_loom)]
pub(super) use loom::sync::atomic::AtomicU64;

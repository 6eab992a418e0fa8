//! Models of forbear-core's atomics and waits, checked by loom; see `tests`.
//!
//! ```sh
//! RUSTFLAGS="--cfg forbear_loom" cargo test -p forbear-core-loom --release --target-dir target/loom
//! ```

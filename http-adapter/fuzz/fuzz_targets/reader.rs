//! Any octets as a response: `cargo +nightly fuzz run reader` in `http-adapter`.
//!
//! The same function runs under proptest in the tests, on a stable compiler.
#![no_main]

#[path = "../../tests/it/octets.rs"]
mod octets;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| octets::read(octets));

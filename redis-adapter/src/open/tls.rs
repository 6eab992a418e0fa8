//! The cryptography under `rediss://`.

use rustls::crypto::{CryptoProvider, ring};

/// Sees to it that there is one.
///
/// rustls panics where a program is built with two and chose none, as it happens when
/// another of its libraries brings aws-lc-rs. A choice that was made before is kept.
pub(super) fn choose_provider() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may have chosen in between.
        let _ = ring::default_provider().install_default();
    }
}

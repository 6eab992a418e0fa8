//! Keys by which a server knows a request that it has seen.
//!
//! The field is draft-ietf-httpapi-idempotency-key-header-07,
//! <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>.
//! The draft wants a quoted string; Stripe, whose field it was first, documents a
//! bare one (<https://docs.stripe.com/api/idempotent_requests>). The bare form is
//! what deployed servers take.

use forbear_core::{Entropy, SplitMix64};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// The name of the field.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Gives a request that is not idempotent by its method a key, unless it has one.
pub(super) fn add_to(method: &Method, headers: &mut HeaderMap) {
    let needs_one = matches!(*method, Method::POST | Method::PATCH);
    if needs_one
        && !headers.contains_key(IDEMPOTENCY_KEY)
        && let Ok(key) = HeaderValue::from_str(&random_uuid(&mut SplitMix64::from_os()))
    {
        headers.insert(IDEMPOTENCY_KEY, key);
    }
}

/// A UUID of version 4 (RFC 9562, section 5.4).
fn random_uuid(entropy: &mut dyn Entropy) -> String {
    let version = (entropy.next_u64() & !0xf000) | 0x4000;
    let variant = (entropy.next_u64() & !(0xc << 60)) | (0x8 << 60);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        version >> 32,
        (version >> 16) & 0xffff,
        version & 0xffff,
        variant >> 48,
        variant & 0xffff_ffff_ffff,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_uuid_of_version_4() {
        let key = random_uuid(&mut SplitMix64::new(7));
        assert_eq!(key.len(), 36);
        assert_eq!(key.as_bytes()[14], b'4', "{key}");
        assert!(b"89ab".contains(&key.as_bytes()[19]), "{key}");
        assert_ne!(key, random_uuid(&mut SplitMix64::new(8)));
    }

    #[test]
    fn only_a_request_that_needs_a_key_gets_one() {
        let mut headers = HeaderMap::new();
        add_to(&Method::PUT, &mut headers);
        assert!(headers.is_empty());
        add_to(&Method::POST, &mut headers);
        let first = headers[IDEMPOTENCY_KEY].clone();
        add_to(&Method::POST, &mut headers);
        assert_eq!(headers[IDEMPOTENCY_KEY], first);
    }
}

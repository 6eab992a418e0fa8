//! Whether a request may be sent once more after it failed.

use forbear_core::Outcome;
use http::{HeaderMap, Method, StatusCode};

use super::idempotency_key::IDEMPOTENCY_KEY;

/// Whether doing the request twice is the same as doing it once: by its method
/// (RFC 9110, section 9.2.2), or because the server knows its key.
///
/// The layer sends others again only if they [were not done](was_not_done).
///
/// ```
/// use http::{HeaderMap, Method};
///
/// let mut headers = HeaderMap::new();
/// assert!(forbear_http::is_idempotent(&Method::PUT, &headers));
/// assert!(!forbear_http::is_idempotent(&Method::POST, &headers));
/// headers.insert("idempotency-key", "b1946ac9".parse()?);
/// assert!(forbear_http::is_idempotent(&Method::POST, &headers));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[must_use]
pub fn is_idempotent(method: &Method, headers: &HeaderMap) -> bool {
    method.is_idempotent() || headers.contains_key(IDEMPOTENCY_KEY)
}

/// Whether a request may be under way twice: one that only reads (RFC 9110, section
/// 9.2.1), or one that the server knows by its key.
pub(super) fn may_be_hedged(method: &Method, headers: &HeaderMap) -> bool {
    method.is_safe() || headers.contains_key(IDEMPOTENCY_KEY)
}

/// Whether the answer says that the server did not do the work.
///
/// A 4xx does: 429, and what some servers send in its place. So does a success of
/// which the body says that the request was refused. A 5xx does not say.
///
/// ```
/// use forbear_core::Outcome;
/// use http::StatusCode;
///
/// assert!(forbear_http::was_not_done(StatusCode::TOO_MANY_REQUESTS, Outcome::Transient));
/// assert!(!forbear_http::was_not_done(StatusCode::BAD_GATEWAY, Outcome::Transient));
/// ```
#[must_use]
pub fn was_not_done(status: StatusCode, outcome: Outcome) -> bool {
    status.is_client_error() || (status.is_success() && outcome.is_throttled())
}

#[cfg(test)]
mod tests {
    use super::*;
    use forbear_core::Throttle;
    use http::HeaderValue;

    #[test]
    fn methods_are_idempotent_as_the_rfc_says() {
        let none = HeaderMap::new();
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"] {
            assert!(is_idempotent(&method.parse().unwrap(), &none), "{method}");
        }
        for method in ["POST", "PATCH", "CONNECT", "PROPFIND"] {
            assert!(!is_idempotent(&method.parse().unwrap(), &none), "{method}");
        }
        let key = HeaderMap::from_iter([(IDEMPOTENCY_KEY, HeaderValue::from_static("k"))]);
        assert!(is_idempotent(&Method::POST, &key));
    }

    #[test]
    fn reads_are_hedged_and_requests_with_a_key() {
        let none = HeaderMap::new();
        for (method, may) in [
            ("GET", true),
            ("HEAD", true),
            ("OPTIONS", true),
            ("TRACE", true),
            ("PUT", false),
            ("DELETE", false),
            ("POST", false),
        ] {
            assert_eq!(may_be_hedged(&method.parse().unwrap(), &none), may, "{method}");
        }
        let key = HeaderMap::from_iter([(IDEMPOTENCY_KEY, HeaderValue::from_static("k"))]);
        assert!(may_be_hedged(&Method::POST, &key));
    }

    #[test]
    fn a_4xx_says_that_nothing_was_done_and_so_does_a_refusal_in_a_success() {
        let throttled = Outcome::Throttled(Throttle::RateLimit);
        assert!(was_not_done(StatusCode::TOO_MANY_REQUESTS, throttled));
        assert!(was_not_done(StatusCode::OK, throttled));
        assert!(!was_not_done(StatusCode::OK, Outcome::Success));
        let overload = Outcome::Throttled(Throttle::Overload);
        assert!(!was_not_done(StatusCode::SERVICE_UNAVAILABLE, overload));
    }
}

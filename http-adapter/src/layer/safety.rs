//! Whether a request may be sent once more after it failed.

use http::{HeaderMap, Method, StatusCode};

use super::idempotency_key::IDEMPOTENCY_KEY;

/// Whether doing the request twice is the same as doing it once: by its method
/// (RFC 9110, section 9.2.2), or because the server knows its key.
pub(super) fn is_idempotent(method: &Method, headers: &HeaderMap) -> bool {
    method.is_idempotent() || headers.contains_key(IDEMPOTENCY_KEY)
}

/// Whether the answer says that the server did not do the work.
///
/// A 4xx does: 429, and what some servers send in its place. A 5xx does not say,
/// and a broken connection (`None`) even less.
pub(super) fn was_not_done(status: Option<StatusCode>) -> bool {
    status.is_some_and(|status| status.is_client_error())
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn only_a_4xx_says_that_nothing_was_done() {
        assert!(was_not_done(Some(StatusCode::TOO_MANY_REQUESTS)));
        assert!(!was_not_done(Some(StatusCode::SERVICE_UNAVAILABLE)));
        assert!(!was_not_done(Some(StatusCode::OK)));
        assert!(!was_not_done(None));
    }
}

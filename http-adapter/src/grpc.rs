//! gRPC over HTTP/2: the status and the push-back in the trailers.
//!
//! gRFC A6, <https://github.com/grpc/proposal/blob/master/A6-client-retries.md>: a
//! push-back that is negative or unreadable is not ignored, it forbids the retry.

use std::time::Duration;

/// What a response says in gRPC's fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grpc {
    has_content_type: bool,
    status: Option<u8>,
    pushback: Option<Pushback>,
}

/// `grpc-retry-pushback-ms`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pushback {
    /// Try again after this wait.
    Wait(Duration),
    /// Do not try again.
    Refused,
}

/// `RESOURCE_EXHAUSTED`.
const EXHAUSTED: u8 = 8;
/// `UNAVAILABLE`.
const UNAVAILABLE: u8 = 14;

impl Grpc {
    pub(crate) const fn new() -> Self {
        Self { has_content_type: false, status: None, pushback: None }
    }

    pub(crate) fn note_content_type(&mut self, value: &[u8]) {
        let is_grpc = |head: &[u8]| head.eq_ignore_ascii_case(b"application/grpc");
        self.has_content_type |= value.get(..16).is_some_and(is_grpc);
    }

    /// Notes the status; says whether it is one.
    pub(crate) fn note_status(&mut self, value: &[u8]) -> bool {
        self.status = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        self.status.is_some()
    }

    pub(crate) fn note_pushback(&mut self, value: &[u8]) {
        // "An ASCII-encoded signed 32-bit integer": Rust's parser also takes a plus.
        let text = std::str::from_utf8(value).ok().filter(|text| !text.starts_with('+'));
        let millis = text.and_then(|text| text.parse::<i32>().ok());
        self.pushback = Some(match millis.map(u64::try_from) {
            Some(Ok(millis)) => Pushback::Wait(Duration::from_millis(millis)),
            _ => Pushback::Refused,
        });
    }

    /// The push-back, if this is gRPC at all.
    pub(crate) fn pushback(self) -> Option<Pushback> {
        let is_grpc = self.has_content_type || self.status.is_some();
        self.pushback.filter(|_| is_grpc)
    }

    pub(crate) fn is_exhausted(self) -> bool {
        self.status == Some(EXHAUSTED)
    }

    pub(crate) fn is_unavailable(self) -> bool {
        self.status == Some(UNAVAILABLE)
    }
}

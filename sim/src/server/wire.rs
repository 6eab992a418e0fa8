//! A reply as HTTP, and what the production parser reads from it.
//!
//! A run does not need it: [`Reply`] holds what would be read, and is what the
//! engine gets. A debug build sends every reply this way too and compares, so that
//! the simulator cannot say to a policy what no server could.

use std::time::Duration;

use forbear_core::{Dimension, Observation, RateSignal};
use forbear_http::{Head, Reader};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::Reply;

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// The header fields of a reply.
fn headers(reply: &Reply) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(wait) = reply.retry_after_ns {
        // RFC 9110 knows whole seconds only; `Retry-After-Ms` is Azure's and OpenAI's.
        if wait.is_multiple_of(SECOND) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait / SECOND));
        } else {
            let milliseconds = HeaderValue::from(wait.div_ceil(MILLISECOND));
            headers.insert(HeaderName::from_static("retry-after-ms"), milliseconds);
        }
    }
    for quota in reply.quotas().as_slice() {
        let names = match quota.dimension() {
            Some(Dimension::Tokens) => [
                "x-ratelimit-limit-tokens",
                "x-ratelimit-remaining-tokens",
                "x-ratelimit-reset-tokens",
            ],
            _ => [
                "x-ratelimit-limit-requests",
                "x-ratelimit-remaining-requests",
                "x-ratelimit-reset-requests",
            ],
        };
        let amounts = [quota.limit(), quota.remaining()];
        for (name, amount) in names.iter().zip(amounts) {
            if let Some(amount) = amount {
                headers.insert(*name, HeaderValue::from(amount.whole()));
            }
        }
        if let Some(reset) = quota.resets_in() {
            let text = format!("{}ms", reset.as_nanos().div_ceil(u128::from(MILLISECOND)));
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(names[2], value);
            }
        }
    }
    headers
}

/// What the production parser makes of a reply.
pub(crate) fn read_off_the_wire(reply: &Reply) -> Observation {
    let headers = headers(reply);
    // Nothing in the reply is a date, so it does not matter what time it is.
    Reader::new().read(&Head::new(reply.status, &headers), Duration::ZERO).observe()
}

#[cfg(test)]
mod tests {
    use forbear_core::{Quantity, Quota};

    use super::*;

    #[test]
    fn the_parser_reads_what_the_reply_holds() {
        for status in [200, 400, 413, 429, 500, 502, 503, 504] {
            for wait in [None, Some(3 * SECOND), Some(1250 * MILLISECOND)] {
                let wait = wait.filter(|_| status == 429 || status == 503);
                let mut reply = Reply::new(status).asking_for(wait);
                let quota = Quota::new(Some(Dimension::Tokens))
                    .with_limit(Quantity::from_units(200_000))
                    .with_remaining(Quantity::from_units(7))
                    .with_resets_in(Duration::from_millis(1500));
                reply.advertise(quota);
                assert_eq!(read_off_the_wire(&reply), reply.observe(), "{status} {wait:?}");
            }
        }
    }
}

//! A reply as HTTP, and what the production parser reads from it.
//!
//! A run does not need it: [`Reply`] holds what would be read, and is what the
//! engine gets. A debug build sends every reply this way too and compares, so that
//! the simulator cannot say to a policy what no server could.

use std::time::{Duration, UNIX_EPOCH};

use forbear_core::{Dimension, Observation, RateSignal};
use forbear_http::{Head, Reader};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::Reply;
use crate::scenario::{Scenario, nanos};

/// What it is at time 0 by the server's clock, since 1970: a whole second, as any would be.
pub(crate) const EPOCH: Duration = Duration::from_secs(1_787_227_200);
const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// The fields that tell of a dimension's limit, of what is left, and of the end of the window.
///
/// What a user calls his own has no name that a client would know.
const fn fields(dimension: Dimension) -> Option<[&'static str; 3]> {
    Some(match dimension {
        Dimension::Requests => [
            "x-ratelimit-limit-requests",
            "x-ratelimit-remaining-requests",
            "x-ratelimit-reset-requests",
        ],
        Dimension::Tokens => {
            ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"]
        }
        Dimension::InputTokens => [
            "x-ratelimit-limit-input-tokens",
            "x-ratelimit-remaining-input-tokens",
            "x-ratelimit-reset-input-tokens",
        ],
        Dimension::OutputTokens => [
            "x-ratelimit-limit-output-tokens",
            "x-ratelimit-remaining-output-tokens",
            "x-ratelimit-reset-output-tokens",
        ],
        // As Linear names them.
        Dimension::Points => [
            "x-ratelimit-limit-complexity",
            "x-ratelimit-remaining-complexity",
            "x-ratelimit-reset-complexity",
        ],
        _ => return None,
    })
}

/// Whether header fields tell of limits of this dimension.
pub(super) const fn has_fields(dimension: Dimension) -> bool {
    fields(dimension).is_some()
}

/// The header fields of a reply.
pub(crate) fn headers(reply: &Reply) -> HeaderMap {
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
        let Some([limit, remaining, reset]) = quota.dimension().and_then(fields) else { continue };
        for (name, amount) in [(limit, quota.limit()), (remaining, quota.remaining())] {
            if let Some(amount) = amount {
                headers.insert(name, HeaderValue::from(amount.whole()));
            }
        }
        if let Some(resets_in) = quota.resets_in() {
            let text = format!("{}ms", resets_in.as_nanos().div_ceil(u128::from(MILLISECOND)));
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(reset, value);
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

/// When a reply is written, and what of it is a date.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenAt {
    /// The server's clock at time 0, since 1970.
    pub(crate) epoch: Duration,
    /// The time, in ns since time 0.
    pub(crate) now: u64,
    /// When the server looked at its limits, which its windows are counted from.
    pub(crate) decided_at: u64,
    /// Whether the field `Date` is sent.
    pub(crate) sends_date: bool,
    /// Whether waits are dates.
    pub(crate) waits: bool,
    /// Whether the ends of windows are.
    pub(crate) resets: bool,
}

impl WrittenAt {
    /// A reply of the server of `scenario` that is decided and written at these times; `None`
    /// where nothing of it is a date.
    pub(crate) fn of(scenario: &Scenario, decided_at: u64, now: u64) -> Option<Self> {
        let server = scenario.server();
        server.says_dates().then(|| Self {
            epoch: EPOCH,
            now,
            decided_at,
            sends_date: server.sends_date(),
            waits: server.says_waits_as_dates(),
            resets: server.says_resets_as_dates(),
        })
    }
}

/// What the production parser makes of a reply with dates where the clock of the client
/// shows `client_unix`, the time since 1970.
pub(crate) fn read_at(reply: &Reply, written: &WrittenAt, client_unix: Duration) -> Reply {
    let headers = headers_at(reply, written);
    let head = Head::new(reply.status, &headers);
    reply.as_read(&Reader::new().read(&head, client_unix).observe())
}

/// The header fields of a reply with dates.
pub(crate) fn headers_at(reply: &Reply, written: &WrittenAt) -> HeaderMap {
    let mut headers = headers(reply);
    let after = |time: u64, wait: u64| {
        let at = time.saturating_add(wait).div_ceil(SECOND);
        written.epoch + Duration::from_secs(at)
    };
    let date = |time: Duration| {
        let text = httpdate::fmt_http_date(UNIX_EPOCH + time);
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    };
    if written.sends_date {
        let now = written.epoch + Duration::from_secs(written.now / SECOND);
        headers.insert(header::DATE, date(now));
    }
    if let Some(wait) = reply.retry_after_ns.filter(|_| written.waits) {
        headers.remove("retry-after-ms");
        headers.insert(header::RETRY_AFTER, date(after(written.now, wait)));
    }
    if written.resets {
        for quota in reply.quotas().as_slice() {
            let Some([_, _, name]) = quota.dimension().and_then(fields) else { continue };
            let resets_in = nanos(quota.resets_in().unwrap_or_default());
            let reset = after(written.decided_at, resets_in);
            headers.insert(HeaderName::from_static(name), HeaderValue::from(reset.as_secs()));
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use forbear_core::{Quantity, Quota};

    use super::super::wait::render;
    use super::*;
    use crate::scenario::RetryAfterSpec;

    #[test]
    fn the_parser_reads_what_the_reply_holds() {
        for status in [200, 400, 413, 429, 500, 502, 503, 504] {
            let longest = render(RetryAfterSpec::Seconds, Some(u64::MAX), 0);
            for wait in [None, Some(3 * SECOND), Some(1250 * MILLISECOND), longest] {
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

    #[test]
    fn the_longest_window_is_read_as_it_is_told() {
        for reset in [1 << 31, (1 << 31) + 1, 18_446_659_200] {
            let mut reply = Reply::new(200);
            let quota = Quota::new(Some(Dimension::Requests))
                .with_limit(Quantity::from_units(u64::from(u32::MAX)))
                .with_remaining(Quantity::from_units(1))
                .with_resets_in(Duration::from_secs(reset));
            reply.advertise(quota);
            assert_eq!(read_off_the_wire(&reply), reply.observe(), "{reset}");
        }
    }

    #[test]
    fn windows_of_any_dimensions_are_read_as_they_are_told() {
        let quota = |dimension, units| {
            Quota::new(Some(dimension))
                .with_limit(Quantity::from_units(units))
                .with_remaining(Quantity::from_units(units / 2))
                .with_resets_in(Duration::from_millis(units))
        };
        for (count, first) in (1..=Dimension::ALL.len()).flat_map(|n| (0..8).map(move |f| (n, f))) {
            let mut reply = Reply::new(200);
            for place in 0..count {
                let dimension = Dimension::ALL[(first + place * 3) % 8];
                reply.advertise(quota(dimension, 100 + place as u64));
                // Of several of one dimension the one with the least left.
                reply.advertise(quota(dimension, 90 - place as u64));
            }
            assert_eq!(read_off_the_wire(&reply), reply.observe(), "{count} from {first}");
        }
    }
}

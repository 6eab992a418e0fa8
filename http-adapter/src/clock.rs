//! The server's clock: what absolute instants are subtracted from.
//!
//! `Date` says when the response was made and `Age` how long a cache kept it, so their
//! sum is the server's idea of now (RFC 9111, section 4.2.3). `Date` has whole seconds,
//! cut off: the error is below a second and on the long side.

use std::time::Duration;

use http::header::{AGE, DATE};

use crate::head::Head;
use crate::value::civil::UnixTime;
use crate::value::duration::{self, SECOND_NS};
use crate::value::http_date;
use crate::value::text::trim;

/// The clock that a response is read by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerClock {
    /// The server's now.
    pub(crate) base: UnixTime,
    /// The response comes out of a cache: its counters are someone else's past.
    pub(crate) is_cached: bool,
    pub(crate) is_date_malformed: bool,
    pub(crate) is_age_malformed: bool,
}

impl ServerClock {
    pub(crate) fn of(head: &Head<'_>, now_unix: Duration) -> Self {
        let date = head.fields.first(&DATE).map(trim);
        let age = head.fields.first(&AGE).map(trim);
        let now = UnixTime::since_epoch(now_unix);
        let instant = date.and_then(|value| http_date::parse(value, now));
        let elapsed = age.and_then(seconds);
        Self {
            base: instant.map_or(now, |date| date.later(elapsed.unwrap_or_default())),
            is_cached: elapsed.is_some_and(|age| !age.is_zero()),
            is_date_malformed: date.is_some() && instant.is_none(),
            is_age_malformed: age.is_some() && elapsed.is_none(),
        }
    }
}

/// Reads delta-seconds; of a list the first, as RFC 9111, section 5.1 asks.
fn seconds(value: &[u8]) -> Option<Duration> {
    let first = value.split(|&byte| byte == b',').next().map(trim)?;
    first.iter().all(u8::is_ascii_digit).then(|| duration::decimal(first, SECOND_NS))?
}

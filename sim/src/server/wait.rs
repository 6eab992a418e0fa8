//! What a refusal says about when to come back.

use crate::rng::scaled;
use crate::scenario::{RetryAfterSpec, nanos};

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;
/// The longest wait that is told: what is longer is read as this (RFC 9111 section 1.2.2).
pub(super) const LONGEST: u64 = (1 << 31) * SECOND;

/// What is on the wire for a wait of `wait`, in ns, which is `None` where the server
/// does not know.
///
/// Rounded up, as a server must that does not want to see the request again too
/// early.
pub(super) fn render(rule: RetryAfterSpec, wait: Option<u64>, word: u64) -> Option<u64> {
    let told = match rule {
        RetryAfterSpec::None => None,
        RetryAfterSpec::Seconds => wait.map(|wait| up_to(wait, SECOND)),
        RetryAfterSpec::Milliseconds => wait.map(|wait| up_to(wait, MILLISECOND)),
        // To the second of the date when it is written.
        RetryAfterSpec::Date => wait,
        RetryAfterSpec::Fixed(fixed) => Some(nanos(fixed.0)),
        RetryAfterSpec::Lies(most) => {
            wait.map(|wait| up_to(times(scaled(word, wait), most.get()), MILLISECOND))
        }
    };
    told.map(|wait| wait.min(LONGEST))
}

fn up_to(wait: u64, unit: u64) -> u64 {
    wait.div_ceil(unit).saturating_mul(unit)
}

#[expect(clippy::float_arithmetic, reason = "the factor of the file is a decimal")]
#[expect(clippy::cast_precision_loss, reason = "a lie need not be exact")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn times(wait: u64, factor: f64) -> u64 {
    (wait as f64 * factor) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_rounded_up_to_what_the_wire_can_say() {
        let wait = Some(1_000_000_001);
        assert_eq!(render(RetryAfterSpec::Seconds, wait, 0), Some(2 * SECOND));
        assert_eq!(render(RetryAfterSpec::Milliseconds, wait, 0), Some(1001 * MILLISECOND));
        assert_eq!(render(RetryAfterSpec::None, wait, 0), None);
        assert_eq!(render(RetryAfterSpec::Seconds, None, 0), None);
        assert_eq!(render(RetryAfterSpec::Seconds, Some(u64::MAX), 0), Some(LONGEST));
    }
}

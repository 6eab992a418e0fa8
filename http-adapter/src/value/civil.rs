//! Instants on the civil calendar, as seconds since the Unix epoch.
//!
//! Written here and not taken from a date library: `httpdate` refuses the second 60 that
//! RFC 9110 allows and `jiff` reads it as 59, where the contract wants the next second.

use std::time::Duration;

use crate::value::duration::MAX;

/// An instant: seconds since 1970-01-01T00:00:00Z (perhaps negative) and nanoseconds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct UnixTime {
    seconds: i64,
    nanos: u32,
}

impl UnixTime {
    /// An instant after the epoch; beyond the year 292 billion it saturates.
    pub(crate) fn since_epoch(elapsed: Duration) -> Self {
        let seconds = i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX);
        Self { seconds, nanos: elapsed.subsec_nanos() }
    }

    /// This instant `by` later, saturating.
    pub(crate) fn later(self, by: Duration) -> Self {
        let by = Self::since_epoch(by);
        let nanos = self.nanos + by.nanos;
        let seconds = self.seconds.saturating_add(by.seconds);
        Self {
            seconds: seconds.saturating_add(i64::from(nanos >= 1_000_000_000)),
            nanos: nanos % 1_000_000_000,
        }
    }

    /// How long after `base` this is: 0 if it is before, at most [`MAX`].
    pub(crate) fn after(self, base: Self) -> Duration {
        let seconds = self.seconds.saturating_sub(base.seconds);
        let Ok(seconds) = u64::try_from(seconds) else { return Duration::ZERO };
        let whole = Duration::from_secs(seconds) + Duration::from_nanos(u64::from(self.nanos));
        whole.saturating_sub(Duration::from_nanos(u64::from(base.nanos))).min(MAX)
    }

    /// The year of this instant in UTC.
    pub(crate) fn year(self) -> i64 {
        // The inverse of `days_before`, from the same source.
        let days = self.seconds.div_euclid(86_400).saturating_add(719_468);
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        era * 400 + year_of_era + i64::from(day_of_year >= 306)
    }
}

/// A date and a time of day, not yet known to exist.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// `1..=12`.
    pub(crate) month: u32,
    /// `1..=31`.
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
}

impl Civil {
    /// The instant, `nanos` later and `offset_seconds` east of Greenwich.
    ///
    /// A second of 60 is the next second, wherever a leap second is written: `None` for a
    /// month, day, hour, minute or second that does not exist.
    pub(crate) fn instant(self, nanos: u64, offset_seconds: i64) -> Option<UnixTime> {
        let exists = (1..=12).contains(&self.month)
            && (1..=days_in(self.year, self.month)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60;
        exists.then(|| self.instant_unchecked(offset_seconds).later(Duration::from_nanos(nanos)))
    }

    fn instant_unchecked(self, offset_seconds: i64) -> UnixTime {
        let of_day = i64::from(self.hour * 3_600 + self.minute * 60 + self.second);
        // A two-digit year is completed from the local clock, which may show any year.
        let midnight = self.days_before().saturating_mul(86_400);
        UnixTime { seconds: midnight.saturating_add(of_day - offset_seconds), nanos: 0 }
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar.
    ///
    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
    /// <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
    fn days_before(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        // Counted from an era before any clock's, so that divisions need no sign.
        let year = (year + 400 * FIRST_ERA).unsigned_abs();
        let (era, year_of_era) = (year / 400, year % 400);
        let month_from_march = u64::from((self.month + 9) % 12);
        let day_of_year = (153 * month_from_march + 2) / 5 + u64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = (era * 146_097 + day_of_era).cast_signed();
        days - FIRST_ERA * 146_097 - 719_468
    }
}

/// In eras of 400 years: 2^63 seconds are some 730 million of them.
const FIRST_ERA: i64 = 1 << 30;

const fn days_in(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i64, month: u32, day: u32) -> Option<UnixTime> {
        Civil { year, month, day, hour: 0, minute: 0, second: 0 }.instant(0, 0)
    }

    #[test]
    fn known_days_have_known_numbers() {
        for (year, month, day, days) in [
            (1970, 1, 1, 0),
            (1969, 12, 31, -1),
            (2000, 2, 29, 11_016),
            (2026, 8, 20, 20_685),
            (9999, 12, 31, 2_932_896),
            (0, 1, 1, -719_528),
        ] {
            let instant = at(year, month, day).expect("the day exists");
            assert_eq!(instant, UnixTime { seconds: days * 86_400, nanos: 0 });
            assert_eq!(instant.year(), year);
        }
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for (year, month, day) in [(2026, 2, 29), (1900, 2, 29), (2026, 4, 31), (2026, 13, 1)] {
            assert_eq!(at(year, month, day), None);
        }
        assert_eq!(at(2026, 1, 0), None);
    }
}

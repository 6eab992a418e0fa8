//! Times and counts in words.

/// Nanoseconds as seconds, to the millisecond, and finer where that is nothing: `1.25 s`.
pub(crate) fn seconds(ns: u64) -> String {
    if ns > 0 && ns < 1_000_000 {
        return match ns {
            0..1000 => format!("{ns} ns"),
            _ => format!("{} us", ns / 1000),
        };
    }
    if ns < 1_000_000_000 {
        return format!("{} ms", ns / 1_000_000);
    }
    let text = format!("{}.{:03}", ns / 1_000_000_000, ns / 1_000_000 % 1000);
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A moment of a run, in seconds with three decimals, so that columns line up.
pub(crate) fn moment(ns: u64) -> String {
    format!("{}.{:03} s", ns / 1_000_000_000, ns / 1_000_000 % 1000)
}

/// `1 call`, `2 calls`.
pub(crate) fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_that_matter() {
        let shown = [0, 7, 45_000, 81_000_000, 1_250_000_000, 90_000_000_000].map(seconds);
        assert_eq!(shown, ["0 ms", "7 ns", "45 us", "81 ms", "1.25 s", "90 s"]);
        assert_eq!(moment(1_250_000_000), "1.250 s");
        assert_eq!((count(1, "call"), count(0, "call")), ("1 call".into(), "0 calls".into()));
    }
}

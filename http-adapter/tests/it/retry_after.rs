use crate::support::{MAX_MS, read, retry_after_ms};

#[test]
fn seconds_are_digits_and_perhaps_a_fraction() {
    for (value, ms) in [
        ("0", 0),
        ("120", 120_000),
        (" \t120\t ", 120_000),
        ("007", 7_000),
        ("2.0", 2_000),
        ("0.0001", 1),
        ("1.0005", 1_001),
        ("2147483647", 2_147_483_647_000),
        ("2147483647.9991", MAX_MS),
        ("2147483648", MAX_MS),
        ("2147483649", MAX_MS),
        ("18446744073709551616", MAX_MS),
        // Never an epoch, however much it looks like one.
        ("1787227260", 1_787_227_260_000),
    ] {
        assert_eq!(retry_after_ms(value), Some(ms), "{value:?}");
    }
    assert_eq!(retry_after_ms(&"9".repeat(4_096)), Some(MAX_MS));
}

#[test]
fn what_has_two_readings_or_none_is_ignored_and_named() {
    for value in [
        "",
        " ",
        ",",
        ", ,",
        "-1",
        "-0",
        "+5",
        "1e3",
        "1e309",
        "0x10",
        "NaN",
        "inf",
        "Infinity",
        ".5",
        "5.",
        "1.2.3",
        "1_000",
        "1,000",
        "1,000,000",
        "12 000",
        "5;q=1",
        "\"120\"",
        "120 s",
        "30 seconds",
        "30S",
        "5min",
        "soon",
        "null",
        "{}",
        "١٢٠",
        "１２０",
        "\u{200b}120",
        "\u{a0}120",
    ] {
        let reading = read(429, &[("Retry-After", value)]);
        assert_eq!(reading["retry_after_ms"].as_u64(), None, "{value:?}");
        assert_eq!(reading["malformed"], serde_json::json!(["retry-after"]), "{value:?}");
        assert_eq!(reading["throttled"], true, "{value:?}");
    }
}

#[test]
fn all_three_forms_of_a_date_are_read() {
    for value in [
        "Thu, 20 Aug 2026 12:01:00 GMT",
        "Thursday, 20-Aug-26 12:01:00 GMT",
        "Thu Aug 20 12:01:00 2026",
        // The weekday is wrong, the instant is not in doubt.
        "Mon, 20 Aug 2026 12:01:00 GMT",
        // Unambiguous, if not in the grammar.
        "Thu, 20 Aug 2026 12:01:00 UTC",
        "Thu, 20 Aug 2026 12:01:00 +0000",
        "Thu, 20 Aug 2026 14:01:00 +0200",
        "Thu, 20 Aug 2026 14:01:00 +02:00",
        "Thu, 20 Aug 2026 06:31:00 -0530",
        "2026-08-20T12:01:00Z",
        "2026-08-20T14:01:00+02:00",
        "60s",
        "1m",
    ] {
        assert_eq!(retry_after_ms(value), Some(60_000), "{value:?}");
    }
    assert_eq!(retry_after_ms("Thu Sep  3 12:00:00 2026"), Some(14 * 86_400_000));
}

#[test]
fn dates_that_do_not_exist_are_ignored() {
    for value in [
        "Tue, 31 Feb 2026 12:00:00 GMT",
        "Sun, 29 Feb 2026 12:00:00 GMT",
        "Thu, 00 Aug 2026 12:00:00 GMT",
        "Thu, 20 Aug 2026 24:00:00 GMT",
        "Thu, 20 Aug 2026 12:60:00 GMT",
        "Thu, 20 Aug 2026 12:00:61 GMT",
        "Thu, 20 Aug 2026 12:01 GMT",
        "Thu, 20 Aug 26 12:01:00 GMT",
        "Sat, 01 Jan 10000 00:00:00 GMT",
        "Thu, 20 Aug 2026 12:01:00",
        "Thu, 20 Aug 2026 12:01:00 EST",
        "Thu, 20 Aug 2026 12:01:00 GMT+1",
        "thu, 20 aug 2026 12:01:00 gmt",
        "Thu, 20  Aug 2026 12:01:00 GMT",
        "Xxx, 20 Aug 2026 12:01:00 GMT",
        "20 Aug 2026 12:01:00 GMT",
        "Thursday, 20-Aug-2026 12:01:00 GMT",
        "Thu Aug 20 12:01:00 2026 GMT",
        "2026-08-20",
        "2026-08-20T12:01Z",
        "2026-13-20T12:01:00Z",
        "2026-08-20T12:01:00+24:00",
        "2026-08-20T12:01:00.Z",
    ] {
        assert_eq!(retry_after_ms(value), None, "{value:?}");
    }
}

#[test]
fn second_sixty_is_the_next_second() {
    assert_eq!(retry_after_ms("Thu, 20 Aug 2026 12:00:60 GMT"), Some(60_000));
    assert_eq!(retry_after_ms("2026-08-20T12:00:60Z"), Some(60_000));
}

#[test]
fn the_past_is_now() {
    assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
    assert_eq!(retry_after_ms("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
    assert_eq!(retry_after_ms("Mon, 01 Jan 0001 00:00:00 GMT"), Some(0));
    assert_eq!(retry_after_ms("Fri, 31 Dec 9999 23:59:59 GMT"), Some(MAX_MS));
}

#[test]
fn a_two_digit_year_is_at_most_fifty_years_ahead() {
    // Now is 2026-08-20T12:00:00Z; fifty years on, to the second, is still the future.
    assert_eq!(retry_after_ms("Thursday, 20-Aug-76 12:00:00 GMT"), Some(1_577_923_200_000));
    assert_eq!(retry_after_ms("Thursday, 20-Aug-76 12:00:01 GMT"), Some(0));
    assert_eq!(retry_after_ms("Sunday, 06-Nov-94 08:49:37 GMT"), Some(0));
    assert_eq!(retry_after_ms("Friday, 29-Feb-28 00:00:00 GMT"), Some(48_168_000_000));
}

#[test]
fn a_list_is_as_long_as_its_longest_valid_member() {
    for (value, ms) in [
        ("5, 10", 10_000),
        ("10, 5", 10_000),
        ("abc, 10", 10_000),
        (",,10,", 10_000),
        ("5, Thu, 20 Aug 2026 12:01:00 GMT", 60_000),
        ("Thu, 20 Aug 2026 12:01:00 GMT, 90", 90_000),
        ("Thursday, 20-Aug-26 12:01:00 GMT, Thu, 20 Aug 2026 12:02:00 GMT", 120_000),
        // Not of the form of thousands: a space, or too many digits.
        ("1, 000", 1_000),
        ("1,0000", 1_000),
    ] {
        assert_eq!(retry_after_ms(value), Some(ms), "{value:?}");
    }
}

#[test]
fn repeated_lines_are_a_list() {
    let lines = [("Retry-After", "5"), ("retry-after", "soon"), ("RETRY-AFTER", "10")];
    let reading = read(429, &lines);
    assert_eq!(reading["retry_after_ms"], 10_000);
    assert_eq!(reading["malformed"], serde_json::json!([]));
    let both_bad = read(429, &[("Retry-After", "1,000"), ("Retry-After", "soon")]);
    assert_eq!(both_bad["malformed"], serde_json::json!(["retry-after"]));
}

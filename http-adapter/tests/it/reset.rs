use forbear_http::{Dialect, Head, Reader, ResetForm};
use serde_json::json;

use crate::support::{MAX_MS, NOW, NOW_S, limits, read};

/// The time left that a generic reset is read as.
fn reset_ms(value: &str) -> Option<u64> {
    limits(&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", value)])[0]["reset_after_ms"]
        .as_u64()
}

#[test]
fn the_size_of_a_number_tells_its_meaning() {
    for (value, ms) in [
        // Below 1e8 a delta in seconds.
        ("0", Some(0)),
        ("60", Some(60_000)),
        ("60.0", Some(60_000)),
        ("0.0001", Some(1)),
        ("99999999", Some(99_999_999_000)),
        ("99999999.5", Some(99_999_999_500)),
        // Below 1e11 an epoch in seconds: 1973 is over, 5138 is far.
        ("100000000", Some(0)),
        ("1787227199", Some(0)),
        ("1787227200", Some(0)),
        ("1787227201", Some(1_000)),
        ("1787227200.423", Some(423)),
        ("1787227200.0000001", Some(1)),
        ("99999999999", Some(MAX_MS)),
        // Below 1e14 an epoch in milliseconds.
        ("100000000000", Some(0)),
        ("1787227200001", Some(1)),
        ("1787227200000.5", Some(1)),
        ("99999999999999", Some(MAX_MS)),
        // Nothing above: nobody counts in micro- or nanoseconds.
        ("100000000000000", None),
        ("1787227260000000", None),
        ("18446744073709551616", None),
    ] {
        assert_eq!(reset_ms(value), ms, "{value}");
    }
}

#[test]
fn dates_and_durations_are_read_too() {
    for value in [
        "2026-08-20T12:01:00Z",
        "2026-08-20t12:01:00z",
        "2026-08-20T12:01:00",
        "2026-08-20 12:01:00",
        "2026-08-20 12:01:00Z",
        "2026-08-20 12:01:00 UTC",
        "2026-08-20 12:01:00 +0000 UTC",
        "2026-08-20 14:01:00 +0200 CEST",
        "2026-08-20 12:01:00 +0000 UTC m=+0.000000001",
        "2026-08-20T14:01:00+02:00",
        "2026-08-20T14:01:00+0200",
        "2026-08-20T12:00:60Z",
        "Thu, 20 Aug 2026 12:01:00 GMT",
        "Thursday, 20-Aug-26 12:01:00 GMT",
        "Thu Aug 20 12:01:00 2026",
        "Thu Aug 20 2026 14:01:00 GMT+0200 (Central European Summer Time)",
        "Thu Aug 20 2026 12:01:00 GMT+0000 (UTC)",
        "60s",
        "1m",
        "1m0s",
        "0h1m0.000s",
        "60000ms",
    ] {
        assert_eq!(reset_ms(value), Some(60_000), "{value}");
    }
    assert_eq!(reset_ms("2026-08-20T12:00:00.1234567Z"), Some(124));
    assert_eq!(reset_ms("2026-08-20T12:00:00.0000000000000000001Z"), Some(1));
    // Atlassian, to the minute.
    assert_eq!(reset_ms("2026-08-20T12:01Z"), Some(60_000));
    assert_eq!(reset_ms("850\u{b5}s"), Some(1));
    assert_eq!(reset_ms("1d2h3m4.5s"), Some(93_784_500));
    assert_eq!(reset_ms("9999-12-31T23:59:59Z"), Some(MAX_MS));
}

#[test]
fn what_is_no_reset_leaves_the_counters_standing() {
    for value in [
        "",
        "-1",
        "-1s",
        "+1",
        "1e10",
        "NaN",
        "inf",
        "ms",
        "1s1",
        "1.5.5s",
        "1m 30s",
        "tomorrow",
        "1787227260,5",
        "0x10",
        "2026-08-20",
        "1:30",
        "１０",
    ] {
        let headers = [("x-ratelimit-limit", "9"), ("X-RateLimit-Reset", value)];
        let reading = read(200, &headers);
        assert_eq!(reading["limits"][0]["limit"], 9, "{value:?}");
        assert_eq!(reading["limits"][0]["reset_after_ms"].as_u64(), None, "{value:?}");
        assert_eq!(reading["malformed"], json!(["x-ratelimit-reset"]), "{value:?}");
    }
}

#[test]
fn of_several_resets_the_latest_stands() {
    assert_eq!(reset_ms("10, 600"), Some(600_000));
    assert_eq!(reset_ms("1787227260, 5"), Some(60_000));
    let lines = [("x-ratelimit-reset", "10"), ("x-ratelimit-reset", "1787227800")];
    assert_eq!(limits(&lines)[0]["reset_after_ms"], 600_000);
}

#[test]
fn a_delta_twin_is_believed_before_an_epoch() {
    let epoch = (NOW_S + 60).to_string();
    for headers in [
        [("x-ratelimit-reset", epoch.as_str()), ("x-ratelimit-reset-after", "59.5")],
        [("x-ratelimit-reset-after", "59.5"), ("x-ratelimit-reset", epoch.as_str())],
    ] {
        assert_eq!(limits(&headers)[0]["reset_after_ms"], 59_500);
    }
    let spare = [("ratelimit-reset", epoch.as_str()), ("ratelimit-resettime", "bad")];
    assert_eq!(limits(&spare)[0]["reset_after_ms"], 60_000);
}

#[test]
fn a_profile_or_a_dialect_says_what_the_size_cannot() {
    let headers = [("X-Rate-Limit-Limit", "9"), ("X-Rate-Limit-Reset", "600000")];
    let reset_after = |reader: &Reader| {
        let reading = reader.read(&Head::new(200, &headers), NOW);
        reading.limits().next().and_then(|limit| limit.reset_after).map(|left| left.as_secs())
    };
    assert_eq!(reset_after(&Reader::new()), Some(600_000));
    assert_eq!(reset_after(&Reader::for_provider("Prisjakt")), Some(600));
    assert_eq!(reset_after(&Reader::for_provider("nobody")), Some(600_000));
    let own = Dialect::counters("own", "x-rate-limit-").reset(ResetForm::DeltaMillis);
    assert_eq!(reset_after(&Reader::new().with_dialect(own)), Some(600));
}

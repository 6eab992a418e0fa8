//! Any octets as a response, and what must hold of its reading.
//!
//! Shared with the fuzz target (`fuzz/fuzz_targets/reader.rs`), which has neither the
//! other modules nor their crates.

use std::time::Duration;

use forbear_core::RateSignal;
use forbear_http::{Head, LimitReading, Reader, Reading, Record};

/// The longest wait that is believed: 2^31 s (RFC 9111, section 1.2.2).
const LONGEST: Duration = Duration::from_secs(1 << 31);

/// Fails unless `reading` is bounded in time and in size.
pub(crate) fn assert_bounded(reading: &Reading<'_>) {
    assert!(reading.retry_after() <= Some(LONGEST));
    assert!(reading.limits().count() <= 64);
    assert!(reading.malformed().count() <= 64);
    for limit in reading.limits() {
        assert!(limit.reset_after <= Some(LONGEST));
        assert!(limit.window <= Some(LONGEST));
    }
    let mut names: Vec<_> = reading.malformed().collect();
    assert!(names.iter().all(|name| name.to_ascii_lowercase() == *name));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name is listed once");
    let seen = reading.observe();
    assert!(seen.retry_after <= Some(LONGEST));
    for quota in seen.quotas.as_slice() {
        assert!(quota.resets_in() <= Some(LONGEST) && quota.window() <= Some(LONGEST));
    }
    // A wait is one that was told: explicitly, or as the reset of a window.
    if let Some(wait) = seen.wait() {
        let is_reset = |limit: &LimitReading<'_>| limit.reset_after == Some(wait);
        assert!(reading.retry_after() == Some(wait) || reading.limits().any(is_reset));
    }
    // It does not panic either.
    let _ = reading.to_json();
}

/// Reads `octets` in every way in which a response comes in, and fails unless each
/// reading is bounded.
///
/// The first two octets are the status, the next eight the clock [ms]; what follows is
/// the text of a response without its status line: fields, an empty line, a body.
pub(crate) fn read(octets: &[u8]) {
    let Some((status, rest)) = octets.split_first_chunk::<2>() else { return };
    let Some((now, text)) = rest.split_first_chunk::<8>() else { return };
    let status = u16::from_le_bytes(*status);
    let now = Duration::from_millis(u64::from_le_bytes(*now));

    let end = text.windows(2).position(|pair| pair == b"\n\n");
    let (fields, body) = end.map_or((text, &[][..]), |at| (&text[..at], &text[at + 2..]));
    let fields: Vec<(&str, &[u8])> = fields
        .split(|&octet| octet == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|&octet| octet == b':')?;
            Some((std::str::from_utf8(&line[..colon]).ok()?, line[colon + 1..].trim_ascii()))
        })
        .collect();
    let head = Head::new(status, &fields).with_body(body);
    for reader in [Reader::new().with_usage(), Reader::for_provider("slack")] {
        assert_bounded(&reader.read(&head, now));
        assert_bounded(&reader.read(&head, Duration::MAX));
    }

    let mut response = format!("HTTP/1.1 {status} x\n").into_bytes();
    response.extend_from_slice(text);
    if let Ok(records) = Record::each_from_curl(&response, now) {
        let kept: usize =
            records.iter().filter_map(|record| record.body.as_ref()).map(Vec::len).sum();
        assert!(kept < response.len(), "no octet is in two bodies");
        for record in &records {
            assert_bounded(&record.read(&record.reader()));
        }
        let last = Record::from_curl(&response, now).ok();
        assert_eq!(last.as_ref(), records.last());
    }
    if let Ok(record) = Record::from_json(&String::from_utf8_lossy(text)) {
        assert_bounded(&record.read(&record.reader()));
    }
}

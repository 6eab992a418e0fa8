//! Reading the fields of a response allocates nothing for the common dialects.
//!
//! A binary of its own: the counting allocator is one for the whole process.

use std::hint::black_box;
use std::time::Duration;

use forbear_core::RateSignal;
use forbear_http::{Head, Reader};
use http::{HeaderMap, HeaderName, HeaderValue};

const NOW: Duration = Duration::from_secs(1_787_227_200);

fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let lines = lines.iter();
    lines
        .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

/// Who sends it, the status and the fields.
type Sent = (&'static str, u16, &'static [(&'static str, &'static str)]);

/// What each of them sends with a 429, or with a success.
const DIALECTS: [Sent; 9] = [
    ("nothing about rates", 200, &[("date", "Thu, 20 Aug 2026 12:00:00 GMT"), ("server", "nginx")]),
    (
        "OpenAI",
        429,
        &[
            ("retry-after", "20"),
            ("retry-after-ms", "19500"),
            ("x-should-retry", "true"),
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-requests", "19.5s"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ],
    ),
    (
        "Anthropic",
        429,
        &[
            ("retry-after", "12"),
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2026-08-20T12:00:12Z"),
            ("anthropic-ratelimit-input-tokens-limit", "40000"),
            ("anthropic-ratelimit-input-tokens-remaining", "39000"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-08-20T12:00:01Z"),
            ("anthropic-ratelimit-output-tokens-limit", "8000"),
            ("anthropic-ratelimit-output-tokens-remaining", "8000"),
            ("anthropic-ratelimit-output-tokens-reset", "2026-08-20T12:00:00Z"),
        ],
    ),
    (
        "GitHub",
        403,
        &[
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1787227260"),
            ("x-ratelimit-used", "5000"),
            ("x-ratelimit-resource", "core"),
        ],
    ),
    (
        "GitLab",
        200,
        &[
            ("ratelimit-limit", "60"),
            ("ratelimit-remaining", "59"),
            ("ratelimit-reset", "1787227260"),
            ("ratelimit-resettime", "Thu, 20 Aug 2026 12:01:00 GMT"),
            ("ratelimit-name", "throttle_authenticated_api"),
        ],
    ),
    (
        "X",
        429,
        &[
            ("x-rate-limit-limit", "15"),
            ("x-rate-limit-remaining", "0"),
            ("x-rate-limit-reset", "1787227260"),
        ],
    ),
    ("Azure", 429, &[("retry-after-ms", "1500"), ("x-ms-retry-after-ms", "1500")]),
    (
        "Cerebras",
        200,
        &[
            ("x-ratelimit-limit-requests-day", "14400"),
            ("x-ratelimit-remaining-requests-day", "14399"),
            ("x-ratelimit-reset-requests-day", "33011.382867"),
            ("x-ratelimit-limit-tokens-minute", "60000"),
            ("x-ratelimit-remaining-tokens-minute", "59999"),
            ("x-ratelimit-reset-tokens-minute", "11.38"),
        ],
    ),
    ("AWS", 503, &[("x-amz-retry-after", "1500"), ("x-amzn-errortype", "SlowDown")]),
];

#[test]
fn the_common_dialects_are_read_without_the_heap() {
    let reader = Reader::new();
    for (vendor, status, lines) in DIALECTS {
        let headers = map(lines);
        let counted = allocation_counter::measure(|| {
            let head = Head::new(status, &headers);
            black_box(reader.read(black_box(&head), NOW).observe());
        });
        assert_eq!(counted.count_total, 0, "{vendor}: {counted:?}");
    }
}

#[test]
fn a_bomb_of_fields_takes_no_more_of_the_heap_than_a_hundred() {
    let bomb: Vec<_> = (0..100_000)
        .map(|number| (format!("x-ratelimit-limit-d{number}"), format!("{number}, x;w=1")))
        .collect();
    let reader = Reader::new();
    let peak_of = |fields: &[(String, String)]| {
        let fields = fields.to_vec();
        let counted = allocation_counter::measure(|| {
            black_box(reader.read(black_box(&Head::new(429, &fields)), NOW).observe());
        });
        counted.bytes_max
    };
    let (few, many) = (peak_of(&bomb[..100]), peak_of(&bomb));
    // Later names are longer: `d99999` beside `d99`.
    assert!(many <= 2 * few && many < 64 * 1024, "{few} bytes of 100, {many} of 100000");
}

#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| drop(black_box(Box::new(1))));
    assert_eq!(counted.count_total, 1);
}

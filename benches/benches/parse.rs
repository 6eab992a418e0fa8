//! Reading the rate fields of a response.
//!
//! Every success pays for it, so what matters most is the response that says
//! nothing. The hand-written baseline knows its dialect: it asks a `HeaderMap` for
//! seven names and turns their values into numbers, as an SDK of one vendor would.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use forbear_core::RateSignal;
use forbear_http::{Head, Reader};
use http::{HeaderMap, HeaderName, HeaderValue};

const NOW: Duration = Duration::from_secs(1_787_227_200);

/// What a server sends with any response.
const COMMON: [(&str, &str); 8] = [
    ("date", "Thu, 20 Aug 2026 12:00:00 GMT"),
    ("content-type", "application/json"),
    ("content-length", "337"),
    ("connection", "keep-alive"),
    ("vary", "Origin"),
    ("strict-transport-security", "max-age=15724800; includeSubDomains"),
    ("server", "nginx"),
    ("cache-control", "no-cache, must-revalidate"),
];

/// What `OpenAI` adds: <https://platform.openai.com/docs/guides/rate-limits>.
const OPENAI: [(&str, &str); 6] = [
    ("x-ratelimit-limit-requests", "60"),
    ("x-ratelimit-limit-tokens", "150000"),
    ("x-ratelimit-remaining-requests", "59"),
    ("x-ratelimit-remaining-tokens", "149984"),
    ("x-ratelimit-reset-requests", "1s"),
    ("x-ratelimit-reset-tokens", "6m0s"),
];

/// What GitHub adds.
const GITHUB: [(&str, &str); 5] = [
    ("x-ratelimit-limit", "5000"),
    ("x-ratelimit-remaining", "4999"),
    ("x-ratelimit-reset", "1787227260"),
    ("x-ratelimit-used", "1"),
    ("x-ratelimit-resource", "core"),
];

/// What a server of the current draft adds.
const DRAFT: [(&str, &str); 2] =
    [("ratelimit", "\"default\";r=50;t=30"), ("ratelimit-policy", "\"default\";q=100;w=60")];

fn map(lines: &[&[(&'static str, &'static str)]]) -> HeaderMap {
    let lines = lines.iter().copied().flatten();
    lines
        .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("one response");
    let reader = Reader::new();
    let retry_after: &[_] = &[("retry-after", "20")];
    for (name, status, headers) in [
        ("429, retry-after and openai's six, alone", 429, map(&[retry_after, &OPENAI])),
        ("429, retry-after and openai's six", 429, map(&[retry_after, &OPENAI, &COMMON])),
        ("200, openai's six", 200, map(&[&OPENAI, &COMMON])),
        ("200, github's five", 200, map(&[&GITHUB, &COMMON])),
        ("200, draft 08", 200, map(&[&DRAFT, &COMMON])),
        ("200, nothing about rates", 200, map(&[&COMMON])),
    ] {
        let head = Head::new(status, &headers);
        group.bench_function(name, |b| b.iter(|| reader.read(black_box(&head), NOW)));
        group.bench_function(format!("{name}, observed"), |b| {
            b.iter(|| reader.read(black_box(&head), NOW).observe());
        });
        group.bench_function(format!("{name}, by hand"), |b| {
            b.iter(|| by_hand(black_box(&headers)));
        });
    }
    group.finish();
}

/// The seven fields of one known dialect.
fn by_hand(headers: &HeaderMap) -> [Option<u64>; 7] {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let number = |name| text(name)?.parse().ok();
    let seconds = |name| {
        let text = text(name)?.strip_suffix('s')?;
        let (minutes, seconds) = text.split_once('m').unwrap_or(("0", text));
        Some(minutes.parse::<u64>().ok()? * 60 + seconds.parse::<u64>().ok()?)
    };
    [
        number("retry-after"),
        number("x-ratelimit-limit-requests"),
        number("x-ratelimit-limit-tokens"),
        number("x-ratelimit-remaining-requests"),
        number("x-ratelimit-remaining-tokens"),
        seconds("x-ratelimit-reset-requests"),
        seconds("x-ratelimit-reset-tokens"),
    ]
}

criterion_group!(benches, read);
criterion_main!(benches);

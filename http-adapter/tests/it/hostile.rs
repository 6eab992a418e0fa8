use std::time::Duration;

use forbear_http::{Head, Reader, Record, known_fields};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use crate::octets::{self, assert_bounded};
use crate::support::{NOW, retry_after_ms};

/// Names that mean something, and names that nearly do.
pub(crate) fn any_name() -> impl Strategy<Value = String> {
    let known: Vec<_> = known_fields().map(|field| field.name).collect();
    let suffix = prop::sample::select(vec![
        "",
        "limit",
        "remaining",
        "reset",
        "used",
        "limit-tokens",
        "tokens-reset",
        "5h-reset",
        "-limit",
        "1m",
        "day",
        "limit-minute",
        "resource",
        "x",
    ]);
    prop_oneof![
        4 => (prop::sample::select(known), suffix).prop_map(|(name, end)| format!("{name}{end}")),
        1 => prop::sample::select(vec!["date", "age", "DATE", "Age"]).prop_map(str::to_owned),
        1 => "\\PC{0,200}",
    ]
}

/// Values that mean something, mutated, and octets that do not.
pub(crate) fn any_value() -> impl Strategy<Value = Vec<u8>> {
    let seeds = prop::sample::select(vec![
        "5",
        "1,000",
        "5, 10",
        "99999999999999999999",
        "Thu, 20 Aug 2026 12:01:00 GMT",
        "Thursday, 20-Aug-26 12:01:00 GMT",
        "Thu Aug 20 12:01:00 2026",
        "2026-08-20T12:01:00.5Z",
        "6m0s",
        "1.5.5s",
        "10, 10;w=1, 5000;w=3600",
        "\"a\";r=5;t=30, \"b\";r=1",
        "limit=100, remaining=50, reset=5",
        "20:1,100:120",
        "60:transaction:key, 2700::org",
        "api-usage=1/2",
        "total=1; remaining=2; resets=3",
        "b=x;q=1;r=2;t=3",
        "{\"call_count\":28}",
        "{\"1\":[{\"type\":\"x\",\"estimated_time_to_regain_access\":1e9}]}",
        "true",
        "14",
        "-1",
        "1e309",
        "NaN",
    ]);
    prop_oneof![
        3 => (seeds, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(seed, at, byte)| {
            let mut bytes = seed.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
        1 => prop::collection::vec(any::<u8>(), 0..64),
        1 => "[0-9.,;:=\" TZGMT+-]{0,40}".prop_map(String::into_bytes),
    ]
}

/// What follows the fields of a response: events of a stream, or further responses.
fn any_more() -> impl Strategy<Value = Vec<u8>> {
    let parts = prop::sample::select(vec![
        "data: {\"error\":{\"code\":429}}\n",
        "data:[[[[\n",
        ": comment\n",
        "event: error\n",
        "\u{feff}{\"retry_after\":5}",
        "HTTP/2 429\n",
        "HTTP/1.1 200 OK\r\n",
        "content-length: 3\n",
        "content-length: 99999999999999999999\n",
        "\r\n",
        "\n",
        "abc",
        "<Error><Code>SlowDown</Code>",
    ]);
    prop::collection::vec(parts, 0..24).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #[test]
    fn no_octets_make_it_panic_or_wait_too_long(
        status in any::<u16>(),
        headers in prop::collection::vec((any_name(), any_value()), 0..24),
        body in prop::option::of(any_value()),
        now_ms in any::<u64>(),
        provider in prop::sample::select(vec!["prisjakt", "slack"]),
    ) {
        let mut head = Head::new(status, &headers);
        if let Some(body) = &body {
            head = head.with_body(body);
        }
        let reader = Reader::for_provider(provider);
        assert_bounded(&reader.read(&head, Duration::from_millis(now_ms)));
        assert_bounded(&reader.read(&head, Duration::MAX));
    }

    #[test]
    fn the_body_of_the_fuzz_target_holds(
        head in any::<[u8; 10]>(),
        status in 0..600_u16,
        lines in prop::collection::vec((any_name(), any_value()), 0..12),
        body in prop_oneof![any_value(), any_more()],
        noise in any::<Vec<u8>>(),
    ) {
        let mut octets = head.to_vec();
        octets[..2].copy_from_slice(&status.to_le_bytes());
        octets.extend(noise.clone());
        octets::read(&octets);
        octets.truncate(10);
        for (name, value) in &lines {
            octets.extend([name.as_bytes(), b": ", value, b"\n"].concat());
        }
        octets.extend([b"\n", &body[..], &noise].concat());
        octets::read(&octets);
    }

    #[test]
    fn a_map_and_a_list_read_the_same(
        status in 200_u16..530,
        headers in prop::collection::btree_map(any_name(), any_value(), 0..12),
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in &headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
                map.insert(name, value);
            }
        }
        let list: Vec<_> =
            map.iter().map(|(name, value)| (name.as_str().to_uppercase(), value.as_bytes())).collect();
        let reader = Reader::new();
        let by_map = reader.read(&Head::new(status, &map), NOW).to_json();
        let by_list = reader.read(&Head::new(status, &list), NOW).to_json();
        prop_assert_eq!(by_map, by_list);
    }

    #[test]
    fn json_bodies_of_any_shape_are_read(status in 200_u16..530, body in any_json()) {
        let headers = [("content-type", "application/json")];
        let head = Head::new(status, &headers).with_body(body.as_bytes());
        assert_bounded(&Reader::new().read(&head, NOW));
    }

    #[test]
    fn records_of_any_text_are_read_or_refused(text in any::<Vec<u8>>()) {
        let _ = Record::from_json(&String::from_utf8_lossy(&text));
        let mut response = b"HTTP/1.1 429 x\r\n".to_vec();
        response.extend(text);
        if let Ok(record) = Record::from_curl(&response, NOW) {
            assert_bounded(&record.read(&record.reader()));
        }
    }
}

/// JSON built from the keys that signatures and hints look for.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        prop::sample::select(vec!["ratelimited", "3.5s", "EService:Throttled: 9", "1e3", "-1"])
            .prop_map(Into::into),
    ];
    let keys = prop::sample::select(vec![
        "error",
        "errors",
        "code",
        "retry_after",
        "parameters",
        "details",
        "retryDelay",
        "extensions",
        "cost",
        "throttleStatus",
        "requestedQueryCost",
        "currentlyAvailable",
        "restoreRate",
        "maximumAvailable",
        "type",
        "message",
    ]);
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array),
            prop::collection::vec((keys.clone(), inner), 0..6).prop_map(|members| {
                let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
                serde_json::Value::Object(members.collect())
            }),
        ]
    })
    .prop_map(|value| value.to_string())
}

#[test]
fn a_thousand_windows_are_cut_to_sixty_four() {
    let headers: Vec<_> =
        (0..1_000).map(|number| (format!("x-ratelimit-limit-d{number}"), "5")).collect();
    assert_bounded(&Reader::new().read(&Head::new(200, &headers), NOW));
    let bad: Vec<_> =
        (0..1_000).map(|number| (format!("x-ratelimit-limit-d{number}"), "x")).collect();
    assert_bounded(&Reader::new().read(&Head::new(200, &bad), NOW));
    let policies = (1..1_000).map(|w| format!("{w};w={w}")).collect::<Vec<_>>().join(", ");
    for name in ["ratelimit-limit", "ratelimit-policy", "x-app-rate-limit", "x-sentry-rate-limits"]
    {
        let headers = [(name, &policies)];
        assert_bounded(&Reader::new().read(&Head::new(200, &headers), NOW));
    }
}

#[test]
fn long_values_take_linear_time() {
    let long = "9".repeat(1 << 17);
    let commas = ",".repeat(1 << 17);
    let quotes = "\"".repeat(1 << 17);
    for value in [&long, &commas, &quotes] {
        for field in known_fields() {
            let headers = [(field.name, value)];
            assert_bounded(&Reader::new().read(&Head::new(429, &headers), NOW));
        }
    }
}

#[test]
fn streams_of_many_events_take_linear_time() {
    for event in ["data:{}\n", "data:[[[[[[[[\n", "data:\n", ":\n"] {
        let body = event.repeat((1 << 20) / event.len());
        let head = Head::new(200, &[("a", "b"); 0]).with_body(body.as_bytes());
        assert_bounded(&Reader::new().read(&head, NOW));
    }
}

#[test]
fn a_wait_without_end_is_none_and_a_far_date_is_cut() {
    for value in ["1e309", "1e999999999", "inf", "NaN", "-1e309", "0x7fffffff"] {
        assert_eq!(retry_after_ms(value), None, "{value}");
    }
    let longest = Some(crate::support::MAX_MS);
    for value in [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "9999-12-31T23:59:59Z",
        "99999999999999999999999999999999999999999999999999",
    ] {
        assert_eq!(retry_after_ms(value), longest, "{value}");
    }
}

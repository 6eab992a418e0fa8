use std::time::Duration;

use forbear_http::Record;
use serde_json::{Value, json};

use crate::support::NOW;

#[test]
fn a_line_has_three_keys_and_may_have_three_more() {
    let least = r#"{"now_unix_ms":5,"status":200,"headers":[]}"#;
    let record = Record::from_json(least).expect("it is a record");
    assert_eq!((record.now_unix, record.status), (Duration::from_millis(5), 200));
    assert_eq!((record.id, record.provider, record.body), (Value::Null, None, None));

    let most = r#"{"id":{"a":1},"provider":"slack","now_unix_ms":0,"status":429,
        "headers":[["A","b"],["a","\u00e9"]],"body":"{}","note":"ignored"}"#;
    let record = Record::from_json(most).expect("it is a record");
    assert_eq!(record.id, json!({"a": 1}));
    assert_eq!(record.provider.as_deref(), Some("slack"));
    assert_eq!(record.headers[1], ("a".to_owned(), "\u{e9}".as_bytes().to_vec()));
    assert_eq!(record.body.as_deref(), Some(&b"{}"[..]));
}

#[test]
fn an_answer_has_seven_keys() {
    let line = r#"{"id":"x","now_unix_ms":0,"status":429,"headers":[["retry-after","1.0001"]]}"#;
    let record = Record::from_json(line).expect("it is a record");
    let expected = json!({
        "id": "x",
        "throttled": true,
        "retryable": true,
        "retry_after_ms": 1_001,
        "limits": [],
        "scope": null,
        "malformed": [],
    });
    assert_eq!(record.answer(&record.reader()), expected);
}

#[test]
fn an_error_names_the_key_the_value_and_what_it_must_be() {
    for (line, text) in [
        ("[]", "record is [], must be an object"),
        (r#"{"status":200,"headers":[]}"#, "record has no `now_unix_ms`"),
        (r#"{"now_unix_ms":0,"headers":[]}"#, "record has no `status`"),
        (r#"{"now_unix_ms":0,"status":200}"#, "record has no `headers`"),
        (
            r#"{"now_unix_ms":-1,"status":200,"headers":[]}"#,
            "now_unix_ms is -1, must be an integer of milliseconds since 1970",
        ),
        (
            r#"{"now_unix_ms":0,"status":1000,"headers":[]}"#,
            "status is 1000, must be an integer in 0..=999",
        ),
        (
            r#"{"now_unix_ms":0,"status":"429","headers":[]}"#,
            r#"status is "429", must be an integer in 0..=999"#,
        ),
        (r#"{"now_unix_ms":0,"status":200,"headers":{}}"#, "headers is {}, must be a list"),
        (
            r#"{"now_unix_ms":0,"status":200,"headers":[["a","b"],["c"]]}"#,
            r#"headers[1] is ["c"], must be [name, value], both strings"#,
        ),
        (
            r#"{"now_unix_ms":0,"status":200,"headers":[],"body":5}"#,
            "body is 5, must be a string or null",
        ),
    ] {
        let error = Record::from_json(line).expect_err(line);
        assert_eq!(error.to_string(), text);
    }
    let error = Record::from_json("{").expect_err("it is not JSON");
    assert!(error.to_string().starts_with("record is not JSON: EOF"), "{error}");
}

#[test]
fn what_curl_prints_is_read() {
    let output = b"HTTP/2 429 \r\nRetry-After: 30\r\nx-empty:\r\n\r\n{\"ok\":false}\n\nmore";
    let record = Record::from_curl(output, NOW).expect("it is a response");
    assert_eq!(record.status, 429);
    assert_eq!(record.headers[0], ("Retry-After".to_owned(), b"30".to_vec()));
    assert_eq!(record.headers[1], ("x-empty".to_owned(), Vec::new()));
    assert_eq!(record.body.as_deref(), Some(&b"{\"ok\":false}\n\nmore"[..]));
    let reading = record.read(&record.reader());
    assert_eq!(reading.retry_after(), Some(Duration::from_secs(30)));
}

#[test]
fn of_several_heads_the_last_one_counts() {
    let output = b"HTTP/1.1 200 Connection established\r\n\r\n\
        HTTP/1.1 100 Continue\r\n\r\n\
        HTTP/1.1 301 Moved Permanently\nLocation: /x\nRetry-After: 9\n\n\
        HTTP/1.1 503 Service Unavailable\nX-Folded: a\n  b\n\nHTTP is down";
    let record = Record::from_curl(output, NOW).expect("it is a response");
    assert_eq!(record.status, 503);
    assert_eq!(record.headers, [("X-Folded".to_owned(), b"a b".to_vec())]);
    assert_eq!(record.body.as_deref(), Some(&b"HTTP is down"[..]));
}

#[test]
fn a_response_ends_where_its_length_says_and_another_begins() {
    let output = b"HTTP/1.1 429 X\r\nContent-Length: 15\r\n\r\n.HTTP/1.1 200 \n\
        HTTP/1.1 301 X\r\nContent-Length: 9\r\n\r\n\
        HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n.\
        HTTP/1.1 503 X\r\nContent-Length: 3\r\n\r\n.HTTP/1.1 200 OK\r\n\r\n";
    let records = Record::each_from_curl(output, NOW).expect("they are responses");
    let parts: Vec<_> = records.iter().map(|r| (r.status, r.body.as_deref())).collect();
    // curl follows a redirect without its body. The length of the last is wrong: then
    // what follows is its body.
    let rest = &b".HTTP/1.1 200 OK\r\n\r\n"[..];
    let first = &b".HTTP/1.1 200 \n"[..];
    assert_eq!(parts, [(429, Some(first)), (200, Some(&b"."[..])), (503, Some(rest))]);
    let last = Record::from_curl(output, NOW).expect("they are responses");
    assert_eq!(Some(&last), records.last());

    let broken = b"HTTP/1.1 429 X\ncontent-length: 2\n\na\nHTTP/2 200\nbroken\n\n";
    let error = Record::each_from_curl(broken, NOW).expect_err("a line has no colon");
    assert_eq!(error.to_string(), r#"line 6 of the response is "broken", must have a colon"#);
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let record = Record::from_curl(b"\xef\xbb\xbfHTTP/2 429\r\n\r\n", NOW).expect("a response");
    assert_eq!(record.status, 429);
}

#[test]
fn a_response_without_a_body_has_none() {
    for output in ["HTTP/1.1 204 No Content", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/3 204\n\n"] {
        let record = Record::from_curl(output.as_bytes(), NOW).expect(output);
        assert_eq!((record.status, record.body), (204, None));
    }
}

#[test]
fn what_is_no_response_is_refused() {
    for (output, text) in [
        ("", r#"response starts with "" where a status line was expected"#),
        (
            "curl: (6) Could not resolve host: example",
            r#"response starts with "curl: (6) Could not resolve host: exampl..." where a status line was expected"#,
        ),
        ("HTTP/1.1 OK", r#"response starts with "HTTP/1.1 OK" where a status line was expected"#),
        (
            "HTTP/1.1 200 OK\na: b\nno colon here\n\n",
            r#"line 3 of the response is "no colon here", must have a colon"#,
        ),
    ] {
        let error = Record::from_curl(output.as_bytes(), NOW).expect_err(output);
        assert_eq!(error.to_string(), text);
    }
}

use serde_json::{Value, json};

use crate::support::{Directory, run, run_with};

const CURL: &str = "HTTP/2 429\r\n\
    date: Mon, 24 Nov 2025 10:00:00 GMT\r\n\
    retry-after: 30\r\n\
    x-ratelimit-limit: 5000\r\n\
    x-ratelimit-remaining: 0\r\n\
    \r\n\
    {\"message\":\"API rate limit exceeded\"}";

fn answers(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn the_output_of_curl_is_understood() {
    let ran = run_with(CURL, &["signal", "--json"]).exits(0);
    let [answer] = &answers(&ran.stdout)[..] else { panic!("{}", ran.stdout) };
    assert_eq!(answer["throttled"], true);
    assert_eq!(answer["retry_after_ms"], 30_000);
    assert_eq!(answer["limits"][0]["limit"], 5000);
    let keys: Vec<_> = answer.as_object().unwrap().keys().collect();
    let expected =
        ["id", "limits", "malformed", "retry_after_ms", "retryable", "scope", "throttled"];
    assert_eq!(keys, expected);
}

#[test]
fn people_see_one_fact_a_line() {
    let ran = run_with(CURL, &["signal"]).exits(0);
    for line in ["status 429", "throttled    yes", "retry after  30s", "0 of 5000 left"] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
}

#[test]
fn records_are_answered_in_order_and_bad_ones_reported_by_line() {
    let lines = "\n\
        {\"now_unix_ms\":0,\"status\":429,\"headers\":[[\"Retry-After\",\"2\"]],\"id\":7}\n\
        {\"now_unix_ms\":0,\"status\":x}\n\
        \n\
        {\"status\":1}\n\
        {\"now_unix_ms\":0,\"status\":200,\"headers\":[],\"body\":null,\"id\":\"a\"}";
    let directory = Directory::new();
    let file = directory.file("records.ndjson", lines);
    for ran in [run_with(lines, &["signal", "--json"]), run(&["signal", &file, "--json"])] {
        let ran = ran.exits(2);
        let ids: Vec<_> = answers(&ran.stdout).iter().map(|answer| answer["id"].clone()).collect();
        assert_eq!(ids, [json!(7), json!("a")]);
        let errors = answers(&ran.stderr);
        let places: Vec<_> = errors.iter().map(|error| &error["error"]["line"]).collect();
        assert_eq!(places, [&json!(3), &json!(5)]);
        assert_eq!(errors[0]["error"]["column"], 27);
    }
}

#[test]
fn a_broken_first_record_does_not_hide_the_others() {
    let lines = "not json\n[1]\n\n\
        {\"now_unix_ms\":0,\"status\":429,\"headers\":[],\"id\":2}\n";
    let ran = run_with(lines, &["signal", "--json"]).exits(2);
    assert_eq!(answers(&ran.stdout)[0]["id"], 2);
    let places: Vec<_> =
        answers(&ran.stderr).iter().map(|error| error["error"]["line"].clone()).collect();
    assert_eq!(places, [json!(1), json!(2)]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    for text in [CURL, "{\"now_unix_ms\":0,\"status\":429,\"headers\":[]}\n"] {
        let marked = format!("\u{feff}{text}");
        let ran = run_with(&marked, &["signal", "--json"]).exits(0);
        assert_eq!(answers(&ran.stdout)[0]["throttled"], true);
    }
}

#[test]
fn each_of_several_responses_is_answered() {
    let retried = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 5\r\nRetry-After: 1\r\n\r\nslow\n\
        HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n\
        HTTP/2 503\r\nretry-after: 2\r\n\r\nHTTP/1.1 is down";
    let ran = run_with(retried, &["signal", "--json"]).exits(0);
    let waits: Vec<_> =
        answers(&ran.stdout).iter().map(|answer| answer["retry_after_ms"].clone()).collect();
    assert_eq!(waits, [json!(1_000), json!(2_000)]);
}

#[test]
fn nothing_to_read_is_its_own_exit_code() {
    run_with("", &["signal"]).exits(4);
    run_with(" \r\n \n", &["signal", "--json"]).exits(4);
}

#[test]
fn what_is_no_response_is_refused() {
    let noise: Vec<u8> =
        (0..10_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let ran = run_with(&noise, &["signal"]).exits(2);
    assert!(ran.stderr.contains("curl -si"), "{}", ran.stderr);
    assert!(ran.stderr.len() < 1_000);
    assert_eq!(ran.stdout, "");
    run_with("<html>", &["signal"]).exits(2);
    run(&["signal", "/nosuch"]).exits(2);
    run(&["signal", env!("CARGO_TARGET_TMPDIR")]).exits(2);
}

#[test]
fn a_record_that_is_no_utf8_does_not_stop_the_rest() {
    let mut lines = b"{\"id\":\"\xff\"}\n".to_vec();
    lines.extend_from_slice(b"{\"now_unix_ms\":0,\"status\":200,\"headers\":[]}\n");
    let output = run_with(&lines, &["signal", "--json"]).exits(2);
    assert_eq!(answers(&output.stdout).len(), 1);
    assert!(output.stderr.contains("not UTF-8"), "{}", output.stderr);
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let line =
        "{\"now_unix_ms\":0,\"status\":429,\"headers\":[[\"Retry-After\",\"2\"]]}\n".repeat(50);
    let once = run_with(&line, &["signal", "--json"]).exits(0).stdout;
    assert_eq!(once, run_with(&line, &["signal", "--json"]).exits(0).stdout);
}

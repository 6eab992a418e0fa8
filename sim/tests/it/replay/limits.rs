//! Which limit a trace tells of.

use super::{CROWD, PATIENT, finds, recorded, replay, replayed};
use crate::support::scenario;

#[test]
fn a_bucket_is_found_by_what_it_refuses() {
    let limit = "[[server.limit]]\nkind = \"token_bucket\"\nrate = \"10/s\"\nburst = 20\n";
    let replay = replayed(&format!("{CROWD}{limit}"));
    finds(&replay, "bucket of 20 requests, 10/s");
    finds(&replay, "refusals ask for the time until the request would be let in");
    assert!(replay.fit.agreement_millionths() >= 980_000, "{:?}", replay.fit);
}

#[test]
fn a_window_is_found_by_what_it_refuses_and_by_its_phase() {
    let limit = "[[server.limit]]\nkind = \"fixed_window\"\nlimit = 30\nwindow = \"10s\"\n\
         offset = \"3s\"\n";
    let replay = replayed(&format!("{CROWD}{limit}"));
    finds(&replay, "window of 30 requests in 10s");
    assert!(replay.fit.agreement_millionths() >= 980_000, "{:?}", replay.fit);
}

#[test]
fn limits_are_found_by_the_windows_that_the_server_names() {
    let tables = CROWD.replace("[server]\n", "[server]\nquota_headers = true\n");
    for (limit, found) in [
        ("kind = \"token_bucket\"\nrate = \"600/min\"\nburst = 50", "bucket of 50 requests, 10/s"),
        (
            "kind = \"fixed_window\"\nlimit = 70\nwindow = \"60s\"\noffset = \"7s\"",
            "window of 70 requests in 1m",
        ),
        (
            "kind = \"fixed_window\"\nlimit = 70\nwindow = \"60s\"\nstart = \"first_call\"",
            "window of 70 requests in 1m",
        ),
    ] {
        let replay = replayed(&format!("{tables}[[server.limit]]\n{limit}\n"));
        let text = replay.scenario.text();
        finds(&replay, found);
        assert!(text.contains("quota_headers = true"), "{text}");
        assert!(replay.fit.agreement_millionths() >= 950_000, "{limit}: {:?}", replay.fit);
    }
}

#[test]
fn a_server_that_counts_what_it_refuses_is_told_from_one_that_does_not() {
    let silent = CROWD.replace("[server]\n", "[server]\nretry_after = \"none\"\n");
    let told = CROWD.replace("[server]\n", "[server]\nquota_headers = true\n");
    let counts = "refusals_count = true";
    for (limit, found) in [
        ("kind = \"token_bucket\"\nrate = \"10/s\"\nburst = 20", "bucket of 20 requests, 10/s"),
        // As HAProxy's `http_req_rate(10s)`, by which a stick table counts every request.
        (
            "kind = \"sliding_window\"\nlimit = 40\nwindow = \"10s\"\noffset = \"4s\"",
            "sliding window of 40 requests in 10s",
        ),
    ] {
        for tables in [&silent, &told] {
            let (plain, counting) = (
                replayed(&format!("{tables}[[server.limit]]\n{limit}\n")),
                replayed(&format!("{tables}[[server.limit]]\n{limit}\n{counts}\n")),
            );
            finds(&plain, &format!("{found}: "));
            finds(&counting, &format!("{found}, refused ones counted: "));
            for replay in [plain, counting] {
                assert!(replay.fit.agreement_millionths() >= 970_000, "{limit}: {:?}", replay.fit);
            }
        }
    }
}

#[test]
fn a_server_that_gives_back_what_was_not_used_is_told_from_one_that_does_not() {
    let tables = "[clients]\ncount = 200\n[arrivals]\nkind = \"burst\"\nspread = \"20s\"\n\
         [cost]\noutput_tokens = { kind = \"uniform\", min = 10, max = 300 }\n\
         max_tokens = 1000\n[network]\nround_trip = \"40ms\"\n\
         [server]\nservice = \"1s\"\nquota_headers = true\n\
         [[server.limit]]\nkind = \"token_bucket\"\ndimension = \"tokens\"\nrate = \"60000/min\"\n\
         burst = 20000\n";
    for (refund, refusals_count) in [(true, false), (true, true), (false, false), (false, true)] {
        let rules = format!("refund = {refund}\nrefusals_count = {refusals_count}\n");
        let replay = replayed(&format!("{tables}{rules}"));
        let text = replay.scenario.text();
        for rule in rules.lines() {
            let limit = text.split("[[server.limit]]").nth(1).unwrap_or_default();
            assert!(limit.contains(rule), "{rules}{}", &limit[..limit.len().min(300)]);
        }
        assert!(replay.fit.agreement_millionths() >= 950_000, "{rules}: {:?}", replay.fit);
    }
}

#[test]
fn a_number_at_once_is_found() {
    // Read off the wire, a refusal for concurrency is told apart by what the server says;
    // a simulated one is not, so the outcome is changed in the trace.
    let limit = "[[server.limit]]\nkind = \"concurrency\"\nmax = 7\n";
    let trace =
        String::from_utf8(recorded(&scenario(&format!("{CROWD}{limit}")), PATIENT)).unwrap();
    let replay = replay(trace.replace("rate_limit", "concurrency").as_bytes());
    finds(&replay, "the server has a 7 at once");
    finds(&replay, "the network takes what refusals took, 40 ms in the middle");
}

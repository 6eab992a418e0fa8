//! Limits of which a request may take more than a unit.

use std::fmt::Write as _;

use forbear_sim::replay::Replay;

use super::{HEADER, assumes, finds, replay, replayed};

/// Calls of 1 to 60 points each, at a server that says what `says` lets it.
fn crowd(says: &str) -> String {
    format!(
        "[clients]\ncount = 300\n[arrivals]\nkind = \"burst\"\nspread = \"20s\"\n\
         [cost]\npoints = {{ kind = \"uniform\", min = 1, max = 60 }}\n\
         [network]\nround_trip = \"40ms\"\n[server]\nservice = \"30ms\"\n{says}"
    )
}

const SILENT: &str = "retry_after = \"none\"\n";
const HINTS: &str = "";
const NAMES: &str = "retry_after = \"none\"\nquota_headers = true\n";

#[track_caller]
fn fits(replay: &Replay, what: &str) {
    assert!(replay.fit.agreement_millionths() >= 980_000, "{what}: {:?}", replay.fit);
}

#[test]
fn a_window_that_counts_what_it_refuses_is_told_from_one_that_does_not() {
    for (limit, window, phase, says) in [
        (500, "10s", "offset = \"3s\"", SILENT),
        (500, "10s", "offset = \"3s\"", HINTS),
        (500, "10s", "offset = \"3s\"", NAMES),
        (1500, "1m", "", SILENT),
        (800, "10s", "start = \"first_call\"", HINTS),
        (800, "10s", "start = \"first_call\"", NAMES),
        (120, "1s", "offset = \"250ms\"", SILENT),
    ] {
        let tables = format!(
            "{}[[server.limit]]\nkind = \"fixed_window\"\ndimension = \"points\"\n\
             limit = {limit}\nwindow = \"{window}\"\n{phase}\n",
            crowd(says)
        );
        let plain = replayed(&tables);
        let counting = replayed(&format!("{tables}refusals_count = true\n"));
        let found = format!("has a window of {limit} points in {window}");
        finds(&plain, &format!("{found}: "));
        finds(&counting, &format!("{found}, refused ones counted: "));
        assert!(!assumes(&plain, "does not show") && !assumes(&counting, "does not show"));
        fits(&plain, &tables);
        fits(&counting, &tables);
    }
}

#[test]
fn buckets_and_sliding_windows_are_found_by_what_requests_cost() {
    for (limit, kind, found) in [
        (
            "kind = \"token_bucket\"\nrate = \"100/s\"\nburst = 400",
            "has a bucket of 400",
            " points, 100/s",
        ),
        // The phase is found to a thousandth of a window only, and with it the limit.
        (
            "kind = \"sliding_window\"\nlimit = 2500\nwindow = \"10s\"\noffset = \"4s\"",
            "has a sliding window of 25",
            " points in 10s",
        ),
    ] {
        for (rule, words) in [("", ": "), ("refusals_count = true", ", refused ones counted: ")] {
            let tables = format!(
                "{}[[server.limit]]\ndimension = \"points\"\n{limit}\n{rule}\n",
                crowd(SILENT)
            );
            let replay = replayed(&tables);
            finds(&replay, kind);
            finds(&replay, &format!("{found}{words}"));
            fits(&replay, &tables);
        }
    }
}

#[test]
fn a_limit_on_requests_is_not_taken_for_one_on_what_they_cost() {
    let tables = format!(
        "{}[[server.limit]]\nkind = \"fixed_window\"\nlimit = 30\nwindow = \"10s\"\n",
        crowd(SILENT)
    );
    let replay = replayed(&tables);
    finds(&replay, "has a window of 30 requests in 10s: ");
    // Each costs one request, so that no trace tells, and no replay asks.
    assert!(!assumes(&replay, "does not show"));
}

/// The trace of windows of 100 points in 10 s in which nothing that would fit comes after
/// something that was refused.
fn one_sided() -> String {
    let mut trace = String::from(HEADER);
    let mut call = 0;
    let mut ask = |window: u64, at_ms: u64, points: u32, is_let_in: bool| {
        call += 1;
        let sent = (window * 10_000 + at_ms) * 1_000_000;
        let (outcome, code, end) = if is_let_in {
            ("\"success\"", 200, "success")
        } else {
            ("{\"throttled\":\"rate_limit\"}", 429, "attempts")
        };
        let _ = writeln!(
            trace,
            "{{\"call\":{call},\"attempt\":1,\"arrived_ns\":{sent},\"sent_ns\":{sent},\
             \"answered_ns\":{sent},\"cost\":{{\"requests\":1,\"points\":{points}}},\
             \"observation\":{{\"outcome\":{outcome},\"code\":{code}}},\"end\":\"{end}\",\
             \"ended_ns\":{sent}}}"
        );
    };
    for window in 0..20 {
        if window % 2 == 0 {
            ask(window, 1000, 88, true);
            ask(window, 9000, 20, false);
        } else {
            (0..9).for_each(|number| ask(window, 8000 + number * 100, 10, true));
            ask(window, 9500, 15, false);
        }
    }
    trace
}

#[test]
fn what_a_trace_cannot_tell_is_said() {
    let replay = replay(one_sided().as_bytes());
    finds(&replay, "has a window of 100 points in 10s: ");
    finds(&replay, "any number from 90 to 104 would do in its place");
    finds(&replay, "whether it counts refused requests, too, does not show in the trace");
}

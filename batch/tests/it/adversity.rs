use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use forbear_batch::{Batch, End, ErrorKind, Summary};
use forbear_core::backoff::Constant;
use forbear_core::{Policy, PolicyBuilder};

use crate::support::{Folder, reply, run, serve};

fn quick() -> PolicyBuilder {
    let backoff = Constant::new(Duration::from_millis(5));
    Policy::builder().max_attempts(4).no_budget().backoff(backoff)
}

fn jobs(folder: &Folder, url: &str, count: usize) -> Batch {
    let lines: String = (0..count).map(|n| format!("{{\"path\":\"/{n}\"}}\n")).collect();
    folder.write("requests.jsonl", lines);
    folder.batch(url).policy(quick().build().unwrap())
}

/// Why a run stopped.
fn stopped(summary: Summary) -> String {
    match summary.end {
        End::Stopped(error) => {
            assert_eq!(error.kind(), ErrorKind::Stopped, "{error}");
            error.to_string()
        }
        _ => panic!("{summary:?}"),
    }
}

#[test]
fn a_server_that_is_not_there_stops_the_batch_and_nothing_is_recorded() {
    let folder = Folder::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let batch = jobs(&folder, &url, 20);
    let why = stopped(run(&batch));
    assert!(why.starts_with(&format!("cannot connect to {}: ", &url[7..])), "{why}");
    assert!(why.contains("Connection refused"), "{why}");
    assert_eq!(batch.open(batch.scan().unwrap()).unwrap().left(), 20);
}

#[test]
fn a_name_that_does_not_resolve_is_told_as_such() {
    let folder = Folder::new();
    let why = stopped(run(&jobs(&folder, "http://no-such-host.invalid", 3)));
    assert!(why.starts_with("cannot connect to no-such-host.invalid: "), "{why}");
    assert!(why.contains("lookup") || why.contains("dns"), "{why}");
}

#[test]
fn a_server_without_tls_is_told_as_such() {
    let folder = Folder::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // It does not speak first what it is asked in.
            reply(&mut stream.unwrap(), "400 Bad Request", "", "");
        }
    });
    let Some(summary) = run_with_tls(&jobs(&folder, &url, 3)) else { return };
    let why = stopped(summary);
    assert!(why.starts_with("cannot connect to 127.0.0.1"), "{why}");
    assert!(why.contains("corrupt message"), "{why}");
}

#[test]
fn a_server_that_does_not_shake_hands_is_given_up() {
    let folder = Folder::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let batch = jobs(&folder, &url, 1).connect_timeout(Duration::from_millis(50));
    let Some(summary) = run_with_tls(&batch) else { return };
    let why = stopped(summary);
    assert!(why.ends_with("no connection within 50ms"), "{why}");
    drop(listener);
}

/// Runs it, unless the machine has no certificates at all.
fn run_with_tls(batch: &Batch) -> Option<Summary> {
    let ready = batch.open(batch.scan().unwrap());
    match ready {
        Ok(ready) => Some(crate::support::block_on(ready.run(std::future::pending()))),
        Err(error) if error.message().starts_with("no certificate") => {
            assert!(std::env::var_os("CI").is_none(), "{error}");
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn connections_that_are_closed_are_tried_again_and_then_told() {
    let folder = Folder::new();
    let seen = Mutex::new(BTreeSet::new());
    let url = serve(move |head, stream| {
        // One path never works, and others the second time.
        let path = head.split(' ').nth(1).unwrap().to_owned();
        if path != "/7" && !seen.lock().unwrap().insert(path) {
            reply(stream, "200 OK", "", "{}");
        }
    });
    let batch = jobs(&folder, &url, 10).in_flight(1.try_into().unwrap());
    let summary = run(&batch);
    assert_eq!((summary.progress.done, summary.progress.failed), (10, 1), "{summary:?}");
    assert!(matches!(summary.end, End::Complete));
    let results = folder.results("results.jsonl");
    let bad = results.iter().find(|result| result["ok"] == false).unwrap();
    assert_eq!(
        (&bad["line"], &bad["attempts"], &bad["reason"]),
        (&8.into(), &4.into(), &"attempts".into())
    );
    assert!(bad["error"].as_str().unwrap().contains("connection closed"), "{bad}");
}

#[test]
fn a_post_without_a_key_is_not_sent_twice_after_a_5xx() {
    for (with_key, sends) in [(true, 4), (false, 1)] {
        let folder = Folder::new();
        let url = serve(|_, stream| reply(stream, "500 Internal Server Error", "", "oops"));
        let mut batch = jobs(&folder, &url, 1).method("POST").unwrap();
        if !with_key {
            batch = batch.without_keys();
        }
        let summary = run(&batch);
        assert_eq!((summary.progress.sends, summary.progress.failed), (sends, 1), "{summary:?}");
        let reason = if with_key { "attempts" } else { "not_repeatable" };
        assert_eq!(folder.results("results.jsonl")[0]["reason"], reason);
    }
}

#[test]
fn a_server_that_goes_away_in_the_middle_leaves_the_rest() {
    let folder = Folder::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let batch = jobs(&folder, &url, 30).in_flight(2.try_into().unwrap());
    std::thread::spawn(move || {
        use std::io::Read;
        for stream in listener.incoming().take(10) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            reply(&mut stream, "200 OK", "", "{}");
        }
    });
    let summary = run(&batch);
    assert_eq!((summary.progress.failed, summary.left), (0, 30 - summary.progress.done));
    assert!((9..=10).contains(&summary.progress.done), "{summary:?}");
    assert!(stopped(summary).starts_with("cannot connect to"));
    // It is back, at another address.
    let url = serve(|_, stream| reply(stream, "200 OK", "", "{}"));
    let batch = batch.base_url(&url).unwrap();
    assert!(run(&batch).is_success());
    let mut lines: Vec<_> = folder
        .results("results.jsonl")
        .iter()
        .map(|result| result["line"].as_u64().unwrap())
        .collect();
    lines.sort_unstable();
    assert_eq!(lines, (1..=30).collect::<Vec<_>>());
}

#[test]
fn wrong_credentials_and_an_exhausted_quota_stop_the_batch_unless_it_is_to_go_on() {
    let exhausted = r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota","type":"insufficient_quota"}}"#;
    for (status, body, says) in [
        ("401 Unauthorized", r#"{"error":{"message":"Incorrect API key"}}"#, "Incorrect API key"),
        ("429 Too Many Requests", exhausted, "the quota is used up for good"),
    ] {
        let folder = Folder::new();
        let url = serve(move |_, stream| reply(stream, status, "", body));
        let batch = jobs(&folder, &url, 10).in_flight(1.try_into().unwrap());
        let summary = run(&batch);
        assert_eq!((summary.progress.done, summary.left, summary.progress.sends), (0, 10, 1));
        let why = stopped(summary);
        assert!(why.contains(says), "{why}");
        let summary = run(&batch.keep_going());
        assert_eq!((summary.progress.done, summary.progress.failed), (10, 10), "{summary:?}");
    }
}

#[test]
fn an_answer_that_does_not_come_is_given_up() {
    let folder = Folder::new();
    let held = Mutex::new(Vec::new());
    let url = serve(move |_, stream| held.lock().unwrap().push(stream.try_clone()));
    let batch = jobs(&folder, &url, 1).timeout(Duration::from_millis(50));
    assert_eq!(run(&batch).progress.failed, 1);
    let error = folder.results("results.jsonl")[0]["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("no answer within 50ms"), "{error}");

    // The time of the policy counts where it is shorter: here that of the host.
    let folder = Folder::new();
    let impatient = quick().attempt_timeout(Duration::from_millis(60)).build().unwrap();
    let host = url.strip_prefix("http://").unwrap();
    let batch = jobs(&folder, &url, 1).timeout(Duration::from_secs(60)).policy_for(host, impatient);
    assert_eq!(run(&batch).progress.failed, 1);
    let error = folder.results("results.jsonl")[0]["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("no answer within 60ms"), "{error}");
}

#[test]
fn a_job_that_no_limiter_admits_is_told_and_left() {
    let folder = Folder::new();
    let url = serve(|_, stream| reply(stream, "200 OK", "", "{}"));
    folder
        .write("requests.jsonl", "{\"path\":\"/\",\"cost\":{\"requests\":9}}\n{\"path\":\"/\"}\n");
    let limiter = forbear_core::limiter::Gcra::per("9/s".parse().unwrap()).with_burst(5).unwrap();
    let batch = folder.batch(&url).policy(quick().limit(limiter).build().unwrap());
    let summary = run(&batch);
    assert_eq!((summary.progress.done, summary.left, summary.is_success()), (1, 1, false));
    assert_eq!(summary.refused[0].line, 1);
    assert!(summary.refused[0].message.contains("can never start"), "{:?}", summary.refused);
    let forecast = batch.forecast(&batch.scan().unwrap(), &Default::default()).unwrap();
    assert_eq!((forecast.jobs, forecast.refused), (0, 1));
}

#[test]
fn bad_lines_are_told_with_their_numbers_and_the_rest_goes_on() {
    let folder = Folder::new();
    let url = serve(|_, stream| reply(stream, "200 OK", "", "{}"));
    let lines = "{\"path\":\"/\",\"id\":\"a\"}\n{\"path\":1}\n\n{\"path\":\"/\",\"id\":\"a\"}\n\
                 {\"path\":\"/\",\"id\":6}\n{\"path\":\"/\"}\nnonsense\n";
    folder.write("requests.jsonl", lines);
    let batch = folder.batch(&url);
    let scan = batch.scan().unwrap();
    let told: Vec<_> = scan.complaints.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 2, column 9: invalid type: integer `1`, expected a string",
            "line 4: its id is that of line 1; each id must be there once",
            "line 6: its id is that of line 5; each id must be there once",
            "line 7, column 2: expected ident",
        ]
    );
    assert_eq!((scan.jobs, scan.malformed), (2, 4));
    let summary = run(&batch);
    assert_eq!((summary.progress.done, summary.malformed), (2, 4));
}

#[cfg(unix)]
#[test]
fn output_that_takes_nothing_is_told_and_nothing_is_lost() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let url = serve(|_, stream| reply(stream, "200 OK", "", "{}"));
    let batch = jobs(&folder, &url, 5);
    let full = Batch::new(folder.path("requests.jsonl"), "/dev/full")
        .base_url(&url)
        .unwrap()
        .journal_at(folder.path("journal"));
    if std::path::Path::new("/dev/full").exists() {
        let summary = run(&full);
        match &summary.end {
            End::Stopped(error) => assert!(error.message().contains("No space"), "{error}"),
            _ => panic!("{summary:?}"),
        }
        // What was answered is in the file beside the journal.
        let kept = folder.results("journal.results").len() as u64;
        assert!(kept > 0);
        let summary = run(&batch.clone().journal_at(folder.path("journal")).ordered());
        assert!(summary.is_success(), "{summary:?}");
        assert_eq!(summary.progress.done_before, kept);
        assert_eq!(folder.results("results.jsonl").len(), 5);
    }
    for path in ["/proc/nowhere/journal", "/"] {
        let error = batch.clone().journal_at(path).open(batch.scan().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Write, "{error}");
        assert!(error.to_string().starts_with(path), "{error}");
    }
    // Root may write anywhere.
    let locked = folder.path("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(locked.join("probe"), "").is_err() {
        let error =
            batch.clone().journal_at(locked.join("j")).open(batch.scan().unwrap()).unwrap_err();
        assert!(error.message().contains("permission denied"), "{error}");
    }
}

use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_batch::{Batch, LineForm, SecretHeader};
use forbear_core::Policy;
use forbear_http::trace::{Recorder, TraceReader};
use serde_json::{Value, json};

use crate::support::{Folder, block_on, reply, run, serve};

/// A server that refuses the first request for each path of three, and serves others.
fn moody() -> String {
    let seen = Mutex::new(Vec::new());
    serve(move |head, stream| {
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let mut seen = seen.lock().unwrap();
        let is_first = !seen.contains(&path);
        seen.push(path.clone());
        match path.as_str() {
            path if path.ends_with('3') && is_first => {
                reply(stream, "429 Too Many Requests", "retry-after-ms: 20\r\n", "{}");
            }
            "/bad" => {
                let body = json!({"error": {"message": "no such model"}}).to_string();
                reply(stream, "400 Bad Request", "", &body);
            }
            "/away" => reply(stream, "307 Temporary Redirect", "location: http://b/\r\n", ""),
            path => {
                let fields = format!("x-request-id: r{path}\r\nx-usage: 1\r\n");
                reply(stream, "200 OK", &fields, &format!("{{\n  \"path\": \"{path}\"\n}}"));
            }
        }
    })
}

fn quick() -> Policy {
    let backoff = forbear_core::backoff::Constant::new(Duration::from_millis(5));
    Policy::builder().max_attempts(4).no_budget().backoff(backoff).build().unwrap()
}

#[test]
fn results_in_order_are_the_same_in_order() {
    let (url, folder) = (moody(), Folder::new());
    let lines: String = (1..=20).map(|n| format!("{{\"path\":\"/{n}\"}}\n\n")).collect();
    folder.write("requests.jsonl", lines + "no request\n{\"path\":\"/last\"}\n");
    let batch =
        folder.batch(&url).policy(quick()).ordered().keeping_header("X-Request-Id").unwrap();
    let summary = run(&batch);
    assert_eq!((summary.progress.done, summary.malformed, summary.is_success()), (21, 1, false));
    let results = folder.results("results.jsonl");
    let expected: Vec<u64> = (0..20).map(|n| 2 * n + 1).chain([42]).collect();
    let found: Vec<_> = results.iter().map(|result| result["line"].as_u64().unwrap()).collect();
    assert_eq!(found, expected);
    assert_eq!(
        results[2],
        json!({"id": 5, "line": 5, "ok": true, "status": 200, "attempts": 2,
            "headers": {"x-request-id": "r/3"}, "body": {"path": "/3"}})
    );
    // Again: from the file beside the journal.
    folder.write("results.jsonl", "");
    assert_eq!(run(&batch).progress.sends, 0);
    assert_eq!(folder.results("results.jsonl"), results);
}

#[test]
fn a_failure_is_a_result_with_a_reason() {
    let (url, folder) = (moody(), Folder::new());
    folder.write(
        "requests.jsonl",
        "{\"id\":\"a\",\"path\":\"/bad\"}\n{\"path\":\"/away\"}\n{\"path\":\"/ok\"}\n",
    );
    let summary = run(&folder.batch(&url).policy(quick()));
    assert_eq!((summary.progress.done, summary.progress.failed, summary.left), (3, 2, 0));
    assert!(!summary.is_success());
    let mut results = folder.results("results.jsonl");
    results.sort_by_key(|result| result["line"].as_u64());
    assert_eq!(
        results[0],
        json!({"id": "a", "line": 1, "ok": false, "status": 400, "attempts": 1,
            "body": {"error": {"message": "no such model"}}, "reason": "not_retryable",
            "error": "the server answered 400 Bad Request: no such model"})
    );
    assert_eq!(
        results[1]["error"],
        "the server answered 307 Temporary Redirect: http://b/; redirects are not followed"
    );
}

#[test]
fn a_secret_goes_to_the_server_and_nowhere_else() {
    let got = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&got);
    let url = serve(move |head, stream| {
        *seen.lock().unwrap() = head.to_owned();
        let echo = json!({"you said": head}).to_string();
        reply(stream, "200 OK", "x-echo: sk-very-secret\r\n", &echo);
    });
    let folder = Folder::new();
    folder.write("requests.jsonl", "{\"path\":\"/\"}\n");
    folder.write("key", "sk-file-secret\n");
    let batch = folder
        .batch(&url)
        .secret(SecretHeader::bearer("sk-very-secret").unwrap())
        .secret(SecretHeader::from_file("x-api-key", &folder.path("key")).unwrap())
        .header("x-plain", "plain")
        .unwrap()
        .keeping_header("x-echo")
        .unwrap()
        .recording(Recorder::builder().create(folder.path("trace")).unwrap());
    assert!(run(&batch).is_success());
    let debug = format!("{batch:?}");
    drop(batch);
    let head = got.lock().unwrap().clone();
    for field in
        ["authorization: Bearer sk-very-secret", "x-api-key: sk-file-secret", "x-plain: plain"]
    {
        assert!(head.contains(field), "{head}");
    }
    let results = folder.read("results.jsonl");
    assert!(results.contains("authorization: Bearer [secret]"), "{results}");
    assert_eq!(folder.results("results.jsonl")[0]["headers"]["x-echo"], "[secret]");
    for text in [results, folder.read("results.jsonl.journal"), folder.read("trace"), debug] {
        assert!(!text.contains("very-secret") && !text.contains("file-secret"), "{text}");
    }
}

#[test]
fn lines_may_be_bodies_and_a_job_may_have_fields_of_its_own() {
    let got = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&got);
    let url = serve(move |head, stream| {
        seen.lock().unwrap().push(head.to_owned());
        reply(stream, "200 OK", "", "");
    });
    let folder = Folder::new();
    folder.write("requests.jsonl", "{\"model\":\"m\"}\n[1, 2]\n\"text\"\n");
    let batch =
        folder.batch(&url).lines_are(LineForm::Body).url(&format!("{url}/v1/items")).unwrap();
    assert!(run(&batch.method("put").unwrap()).is_success());
    let heads = got.lock().unwrap().clone();
    assert!(heads.iter().all(|head| head.starts_with("PUT /v1/items HTTP/1.1")), "{heads:?}");
    let is_text = |head: &&String| head.contains("content-type: text/plain; charset=utf-8");
    assert_eq!(heads.iter().filter(is_text).count(), 1);

    let folder = Folder::new();
    folder.write(
        "requests.jsonl",
        "{\"path\":\"/\",\"headers\":{\"User-Agent\":\"mine\",\"Idempotency-Key\":\"k\"},\"body\":{}}\n",
    );
    assert!(run(&folder.batch(&url)).is_success());
    let head = got.lock().unwrap().pop().unwrap();
    assert!(head.contains("user-agent: mine") && head.contains("idempotency-key: k"), "{head}");
}

#[test]
fn what_is_recorded_can_be_replayed() {
    let (url, folder) = (moody(), Folder::new());
    folder.write("requests.jsonl", "{\"path\":\"/3\"}\n{\"path\":\"/bad\"}\n");
    let recorder = Recorder::builder().create(folder.path("trace")).unwrap();
    run(&folder.batch(&url).policy(quick()).recording(recorder));
    let trace = folder.read("trace");
    let entries: Vec<_> =
        TraceReader::new(trace.as_bytes()).unwrap().map(|entry| entry.unwrap()).collect();
    let codes: Vec<_> =
        entries.iter().map(|entry| entry.attempt.unwrap().observation.code).collect();
    assert_eq!(entries.len(), 3, "{trace}");
    assert_eq!(codes.iter().filter(|code| **code == Some(429)).count(), 1);
    assert_eq!(entries.iter().filter(|entry| entry.end.is_some()).count(), 2);
}

#[test]
fn urgent_jobs_go_first_and_tenants_share() {
    let got = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&got);
    let url = serve(move |head, stream| {
        seen.lock().unwrap().push(head.split(' ').nth(1).unwrap().to_owned());
        reply(stream, "200 OK", "", "");
    });
    let folder = Folder::new();
    let line = |path: String, rest: Value| {
        let mut line = json!({"path": path});
        line.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        format!("{line}\n")
    };
    let mut lines = String::new();
    for n in 0..8 {
        lines += &line(format!("/a{n}"), json!({"tenant": "a"}));
    }
    for n in 0..8 {
        lines += &line(format!("/b{n}"), json!({"tenant": "b"}));
    }
    lines += &line("/last".into(), json!({"priority": 9}));
    lines += &line("/first".into(), json!({"priority": 0}));
    folder.write("requests.jsonl", lines);
    // One at a time, and slower than the file is read.
    let limiter = forbear_core::limiter::Gcra::per("100/s".parse().unwrap());
    let policy = Policy::builder().limit(limiter).build().unwrap();
    let batch = folder.batch(&url).policy(policy).in_flight(1.try_into().unwrap());
    assert!(run(&batch.weight("b", 3).unwrap()).is_success());
    let order = got.lock().unwrap().clone();
    let place = |path: &str| order.iter().position(|other| other == path).unwrap();
    assert!(place("/first") <= 1, "{order:?}");
    assert_eq!(place("/last"), 17, "{order:?}");
    // Three of b for one of a, while both have some.
    let early = &order[2..10];
    let of_b = early.iter().filter(|path| path.starts_with("/b")).count();
    assert!((5..=7).contains(&of_b), "{order:?}");
}

#[test]
fn a_run_that_is_asked_to_stop_ends_what_is_in_flight() {
    let (started, mut was_started) = tokio::sync::mpsc::unbounded_channel();
    let (stopped, is_stopped) = std::sync::mpsc::channel();
    let url = serve(move |_, stream| {
        let _ = started.send(());
        // It is in flight until the run has been asked to stop.
        let _ = is_stopped.recv();
        reply(stream, "200 OK", "", "{}");
    });
    let folder = Folder::new();
    folder.write("requests.jsonl", "{\"path\":\"/\"}\n".repeat(50));
    let batch: Batch = folder.batch(&url).in_flight(1.try_into().unwrap());
    let stop = async move {
        was_started.recv().await;
        // The run hears of it in the same breath: its tasks are polled by one thread.
        stopped.send(()).unwrap();
    };
    let summary = block_on(async { batch.open(batch.scan().unwrap()).unwrap().run(stop).await });
    assert!(matches!(summary.end, forbear_batch::End::Interrupted), "{summary:?}");
    assert_eq!((summary.progress.done, summary.left), (1, 49));
    assert_eq!(batch.open(batch.scan().unwrap()).unwrap().left(), 49);
}

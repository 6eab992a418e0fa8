use std::convert::Infallible;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use forbear_core::backoff::Constant;
use forbear_core::limiter::Concurrency;
use forbear_core::{Cost, GiveUp, Hedging, Outcome, Policy, PolicyBuilder, Timestamp};
use forbear_http::ForbearLayer;
use forbear_http::trace::{CallEnd, Recorder, TraceEntry, TraceReader};
use http::{Request, Response};
use http_body_util::Full;
use tower::util::BoxCloneService;
use tower::{Layer, ServiceExt, service_fn};

/// A file in memory, which has room for so many bytes.
#[derive(Clone)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    room: usize,
}

impl Disk {
    fn with_room(room: usize) -> Self {
        Self { bytes: Arc::default(), room }
    }

    /// The entries, and how many more were lost.
    fn read(&self) -> (Vec<TraceEntry>, u64) {
        let bytes = self.bytes.lock().unwrap();
        let mut reader = TraceReader::new(&bytes[..]).unwrap();
        (reader.by_ref().collect::<Result<_, _>>().unwrap(), reader.lost())
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.bytes.lock().unwrap();
        let room = self.room - all.len();
        if room == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let fits = bytes.len().min(room);
        all.extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Server = BoxCloneService<Request<Full<Bytes>>, Response<Full<Bytes>>, Infallible>;

/// Refuses each path that it has not seen before; `/hang` gets no answer.
fn server() -> Server {
    let seen = Arc::new(Mutex::new(std::collections::BTreeSet::new()));
    BoxCloneService::new(service_fn(move |request: Request<Full<Bytes>>| {
        let path = request.uri().path().to_owned();
        let is_new = seen.lock().unwrap().insert(path.clone());
        async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if path == "/hang" {
                std::future::pending::<()>().await;
            }
            let response = Response::builder().header("set-cookie", "hunter2");
            let response = if is_new {
                response.status(429).header("retry-after", "2").header("x-bucket", "hunter2")
            } else {
                response
            };
            Ok(response.body(Full::from("hunter2")).unwrap())
        }
    }))
}

fn policy() -> PolicyBuilder {
    Policy::builder().backoff(Constant::new(Duration::from_secs(1)))
}

fn get(url: &str) -> Request<Full<Bytes>> {
    let request = Request::get(url).header("authorization", "hunter2");
    request.body(Full::from("hunter2")).unwrap()
}

const fn ms(millis: u64) -> Timestamp {
    Timestamp::from_nanos(millis * 1_000_000)
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_a_line_and_the_last_one_has_the_end() {
    let disk = Disk::with_room(usize::MAX);
    let recorder = Recorder::builder().write_to(disk.clone()).unwrap();
    let layer = ForbearLayer::new(policy().build().unwrap()).recording(recorder);
    let response = layer.layer(server()).oneshot(get("http://a.example/x")).await.unwrap();
    assert_eq!(response.status(), 200);
    drop(layer);

    let (entries, lost) = disk.read();
    assert_eq!((entries.len(), lost), (2, 0));
    let [first, second] = [0, 1].map(|at| entries[at].attempt.unwrap());
    assert_eq!((first.number, first.sent_at, first.answered_at), (1, ms(0), ms(20)));
    assert!(first.observation.outcome.is_throttled());
    assert_eq!(first.observation.retry_after, Some(Duration::from_secs(2)));
    assert_eq!(entries[0].end, None);
    assert_eq!((second.number, second.observation.outcome), (2, Outcome::Success));
    assert!(second.sent_at >= ms(2020), "not before the hint: {:?}", second.sent_at);
    let end = entries[1].end.unwrap();
    assert_eq!((end.how, end.at), (CallEnd::Success, second.answered_at));
    assert_eq!((entries[0].call, entries[1].call), (1, 1));
    assert_eq!((entries[1].arrived_at, entries[1].cost), (ms(0), Cost::REQUEST));
    assert_eq!(entries[1].scope, None, "all requests share one");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_cut_off_says_after_how_long() {
    let disk = Disk::with_room(usize::MAX);
    let recorder = Recorder::builder().write_to(disk.clone()).unwrap();
    let timeout = Duration::from_secs(5);
    let policy = policy().attempt_timeout(timeout).max_attempts(1).build().unwrap();
    let layer = ForbearLayer::new(policy).recording(recorder);
    layer.layer(server()).oneshot(get("http://a.example/hang")).await.unwrap_err();
    drop(layer);
    let (entries, _) = disk.read();
    let attempt = entries[0].attempt.unwrap();
    assert_eq!((entries.len(), attempt.answered_at), (1, ms(5000)));
    assert_eq!(attempt.observation.outcome, Outcome::Transient);
    assert_eq!(attempt.observation.timed_out_after, Some(timeout));
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_written() {
    let disk = Disk::with_room(usize::MAX);
    let recorder = Recorder::builder().write_to(disk.clone()).unwrap();
    let layer = ForbearLayer::new(policy().build().unwrap()).per_host().recording(recorder.clone());
    for url in ["http://u:hunter2@a.example/?key=hunter2", "http://a.example/", "http://b.example/"]
    {
        layer.layer(server()).oneshot(get(url)).await.unwrap();
    }
    // The server's own name for a bucket is no less a name.
    let mut call = recorder.call(Some("hunter2"), Cost::REQUEST);
    let mut seen = forbear_core::Observation::throttled(None);
    seen.scope = Some(forbear_core::Scope::new("hunter2"));
    call.sent();
    call.answered(&seen, forbear_core::driver::Verdict::GiveUp(GiveUp::BudgetExhausted));
    drop((layer, recorder, call));

    let text = disk.text();
    for secret in ["hunter2", "a.example", "b.example", "key="] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let (entries, _) = disk.read();
    let scopes: Vec<_> = entries.iter().map(|entry| entry.scope.as_deref().unwrap()).collect();
    assert_eq!(entries.len(), 7);
    assert_eq!(scopes[0], scopes[3], "the same host has the same name");
    assert_ne!(scopes[0], scopes[4]);
    assert_eq!(scopes[0].len(), 16);
    let bucket = entries[6].attempt.unwrap().observation.scope.unwrap();
    assert_eq!(bucket.as_str(), scopes[6]);
}

#[tokio::test(start_paused = true)]
async fn names_are_written_if_asked_for() {
    let disk = Disk::with_room(usize::MAX);
    let recorder = Recorder::builder().naming_scopes().write_to(disk.clone()).unwrap();
    let layer = ForbearLayer::new(policy().build().unwrap()).per_host().recording(recorder);
    layer.layer(server()).oneshot(get("http://a.example/")).await.unwrap();
    drop(layer);
    assert_eq!(disk.read().0[0].scope.as_deref(), Some("a.example"));
}

#[tokio::test(start_paused = true)]
async fn calls_that_end_unsent_or_go_away_are_demand_too() {
    let disk = Disk::with_room(usize::MAX);
    let recorder = Recorder::builder().write_to(disk.clone()).unwrap();
    let one = policy().limit(Concurrency::new(1).unwrap()).deadline(Duration::from_secs(3));
    let client = ForbearLayer::new(one.build().unwrap()).recording(recorder).layer(server());
    let holder = tokio::spawn(client.clone().oneshot(get("http://a.example/hang")));
    tokio::task::yield_now().await;
    let late = client.clone().oneshot(get("http://a.example/x")).await.unwrap_err();
    assert_eq!(late.attempts(), 0);
    holder.abort();
    assert!(holder.await.unwrap_err().is_cancelled());
    drop(client);

    let (entries, _) = disk.read();
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[0].call, entries[0].attempt), (2, None));
    let end = entries[0].end.unwrap();
    assert_eq!((end.how, end.at), (CallEnd::Time, ms(3000)));
    let hung = entries[1].attempt.unwrap();
    assert_eq!((hung.observation.outcome, hung.answered_at), (Outcome::Ignored, ms(3000)));
    assert_eq!(entries[1].end.unwrap().how, CallEnd::Abandoned);
}

/// A hedge is sent, and then one of the two is answered first.
#[tokio::test(start_paused = true)]
async fn each_send_of_a_hedged_attempt_is_a_line() {
    let lines = |first_ms: u64, first_status: u16| async move {
        let numbers = Arc::new(Mutex::new(0));
        let server = service_fn(move |_: Request<Full<Bytes>>| {
            let number = {
                let mut numbers = numbers.lock().unwrap();
                *numbers += 1;
                *numbers
            };
            let (takes, status) = if number == 1 { (first_ms, first_status) } else { (500, 200) };
            async move {
                tokio::time::sleep(Duration::from_millis(takes)).await;
                let response = Response::builder().status(status).body(Full::from("")).unwrap();
                Ok::<Response<Full<Bytes>>, Infallible>(response)
            }
        });
        let disk = Disk::with_room(usize::MAX);
        let recorder = Recorder::builder().write_to(disk.clone()).unwrap();
        let hedging = Hedging::after(Duration::from_millis(100));
        let layer = ForbearLayer::new(policy().build().unwrap());
        let client = layer.hedging(hedging).recording(recorder).layer(server);
        client.oneshot(get("http://a.example/")).await.unwrap();
        let line = |entry: &TraceEntry| {
            let attempt = entry.attempt.unwrap();
            let end = entry.end.map(|end| end.how);
            (attempt.number, attempt.sent_at, attempt.answered_at, attempt.observation.outcome, end)
        };
        disk.read().0.iter().map(line).collect::<Vec<_>>()
    };
    let success = Some(CallEnd::Success);
    // The hedge wins, and the first is dropped then.
    let first = (1, ms(0), ms(600), Outcome::Ignored, None);
    let hedge = (2, ms(100), ms(600), Outcome::Success, success);
    assert_eq!(lines(10_000, 200).await, [first, hedge]);
    // The first fails, and the hedge goes on.
    let first = (1, ms(0), ms(150), Outcome::Transient, None);
    assert_eq!(lines(150, 503).await, [first, hedge]);
    // The first wins.
    let hedge = (2, ms(100), ms(150), Outcome::Ignored, None);
    assert_eq!(lines(150, 200).await, [hedge, (1, ms(0), ms(150), Outcome::Success, success)]);
}

#[test]
fn a_full_disk_fails_no_call_and_is_reported() {
    let disk = Disk::with_room(1000);
    let recorder = Recorder::builder().write_to(disk.clone()).unwrap();
    for _ in 0..100 {
        recorder.call(None, Cost::REQUEST).ended(GiveUp::BudgetExhausted);
    }
    while recorder.status().written + recorder.status().lost < 100 {
        std::thread::yield_now();
    }
    let status = recorder.status();
    assert_eq!(status.error.unwrap().kind(), io::ErrorKind::StorageFull);
    let (written, lost) = (status.written, status.lost);
    assert!(lost > 0, "{written} written, {lost} lost");
    // What comes later is lost too, and the trace is whole up to its last line.
    recorder.call(None, Cost::REQUEST).ended(GiveUp::BudgetExhausted);
    drop(recorder);
    let bytes = disk.bytes.lock().unwrap();
    let (whole, broken): (Vec<_>, Vec<_>) =
        TraceReader::new(&bytes[..]).unwrap().partition(Result::is_ok);
    assert!(whole.len() as u64 >= written);
    assert!(broken.iter().all(|error| error.as_ref().unwrap_err().is_cut_off()));
    assert_eq!(bytes.len(), 1000);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_at_the_start_is_an_error_at_the_start() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let error = Recorder::builder().write_to(full).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

/// Writes when it is told to, and says that it was asked.
struct Slow {
    disk: Disk,
    asked: SyncSender<()>,
    go: Receiver<()>,
    header_is_written: bool,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if std::mem::replace(&mut self.header_is_written, true) {
            let _ = self.asked.send(());
            // Nobody there any more: no longer slow.
            let _ = self.go.recv();
        }
        self.disk.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_slow_disk_holds_up_no_call_and_what_is_left_out_is_counted() {
    let disk = Disk::with_room(usize::MAX);
    let (asked, is_asked) = sync_channel(100);
    let (release, go) = sync_channel(0);
    let slow = Slow { disk: disk.clone(), asked, go, header_is_written: false };
    let recorder =
        Recorder::builder().capacity(NonZeroUsize::new(4).unwrap()).write_to(slow).unwrap();
    let end_a_call = || recorder.call(None, Cost::REQUEST).ended(GiveUp::BudgetExhausted);
    end_a_call();
    is_asked.recv().unwrap();
    // The first is being written, four wait, and the others find no room.
    for _ in 0..10 {
        end_a_call();
    }
    let status = recorder.status();
    assert_eq!((status.written, status.lost), (0, 6));
    drop(release);
    drop(recorder);
    let (entries, lost) = disk.read();
    assert_eq!((entries.len(), lost), (5, 6));
    let numbers: Vec<_> = entries.iter().map(|entry| entry.call).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5], "the rest was written when the last one went");
}

#[test]
fn an_older_trace_is_not_overwritten() {
    let path = std::env::temp_dir().join(format!("forbear-trace-{}.ndjson", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let recorder = Recorder::builder().create(&path).unwrap();
    recorder.call(None, Cost::ZERO).ended(GiveUp::BudgetExhausted);
    drop(recorder);
    let again = Recorder::builder().create(&path).unwrap_err();
    assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    let file = io::BufReader::new(std::fs::File::open(&path).unwrap());
    let entries: Vec<_> = TraceReader::new(file).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!((entries.len(), entries[0].cost), (1, Cost::ZERO));
    std::fs::remove_file(path).unwrap();
}

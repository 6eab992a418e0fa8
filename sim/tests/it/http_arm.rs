//! Two arms: a storm in the simulator, and the same storm over HTTP.
//!
//! The second arm is what a user runs: `ForbearLayer` over reqwest, sockets of the loopback,
//! an axum server, header fields, the production reader. Only the network in between and the
//! server's own limits are the scenario's ([`Stage`]). Time is Tokio's paused clock, which
//! moves on when every task waits, so a storm of ten minutes takes the time of its requests.
//! It would move on while a socket is waited for, too, and is held for so long ([`Held`]); the
//! time that the server works is therefore waited outside of the exchange.
//!
//! **Tolerance.** Both arms draw the same luck and the same jitter, so they would send alike
//! to the nanosecond but for two things. Tokio's timer has whole milliseconds, so each of the
//! sleeps of an attempt is up to a millisecond late. And requests that come in one
//! millisecond reach the server in another order, so another one of them is refused, and what
//! follows is another story with the same statistics. Counts may differ by 3 % of the sends
//! and five, mean times by 10 % and 20 ms, and the drain, which is the time of the one
//! unluckiest call, by 20 %. A mistake in the virtual driver, the wire or the reader shows as
//! far more: a hint that is not read is a different policy.
//!
//! One storm runs on the real clock too, twenty times as fast. There the machine is part of
//! the experiment, and a loaded one is late: the bounds are those that hold whatever is late
//! (every call succeeds, no request before the hint, no more than the quota lets in), and
//! one on the drain from below.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Response, StatusCode};
use axum::routing::get;
use forbear_core::{Dimension, Policy, Timestamp};
use forbear_http::{ForbearLayer, Reader};
use forbear_sim::{NamedPolicy, Scenario, Shipped, Simulation, Stage, StagedCall, StreamRng};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower::{Layer, ServiceExt, service_fn};

const CALL: HeaderName = HeaderName::from_static("x-call");
const ATTEMPT: HeaderName = HeaderName::from_static("x-attempt");
/// How long the server works on it, in ns, and whether it holds something meanwhile.
const AFTER: HeaderName = HeaderName::from_static("x-after-ns");
const HOLDS: HeaderName = HeaderName::from_static("x-holds");

/// What both arms measure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Measured {
    calls: u64,
    succeeded: u64,
    sends: u64,
    throttled: u64,
    drained: Duration,
    /// Mean time from when a call was wanted to its success.
    mean: Duration,
}

/// The server of the second arm, and what it counts.
struct Server {
    stage: Mutex<Stage>,
    start: Instant,
    sends: AtomicU64,
    throttled: AtomicU64,
    held: Held,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "this arm runs on Tokio's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::ZERO.after(Instant::now() - self.start)
    }
}

fn number(headers: &HeaderMap, name: &HeaderName) -> u32 {
    headers.get(name).unwrap().to_str().unwrap().parse().unwrap()
}

async fn serve(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response<Body> {
    let (call, attempt) = (number(&headers, &CALL), number(&headers, &ATTEMPT));
    let reply = server.stage.lock().unwrap().arrive(server.now(), call, attempt);
    server.sends.fetch_add(1, Ordering::Relaxed);
    server.throttled.fetch_add(u64::from(reply.is_refusal), Ordering::Relaxed);
    let mut response = Response::new(Body::empty());
    if let Some(used) = reply.used {
        let (prompt, answer) =
            (used.get(Dimension::InputTokens), used.get(Dimension::OutputTokens));
        let text =
            format!("{{\"usage\":{{\"prompt_tokens\":{prompt},\"completion_tokens\":{answer}}}}}");
        response = Response::new(Body::from(text));
        response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    }
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap();
    let after = u64::try_from(reply.after.as_nanos()).unwrap();
    response.headers_mut().insert(AFTER, after.into());
    response.headers_mut().insert(HOLDS, u32::from(reply.holds).into());
    response.headers_mut().extend(reply.headers);
    response
}

/// Holds the paused clock while a socket is waited for: it does not move while a blocking
/// task runs, and one runs as long as there is an exchange.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<(usize, Option<mpsc::Sender<()>>)>>);

/// One exchange that holds it.
struct Exchanging(Held);

impl Held {
    fn hold(&self) -> Exchanging {
        let mut state = self.0.lock().unwrap();
        state.0 += 1;
        if state.0 == 1 {
            let (release, released) = mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || released.recv());
            state.1 = Some(release);
        }
        Exchanging(self.clone())
    }
}

impl Drop for Exchanging {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap();
        state.0 -= 1;
        if state.0 == 0 {
            state.1 = None;
        }
    }
}

/// The storm of `scenario` over HTTP, on the clock of the runtime.
#[expect(clippy::disallowed_methods, reason = "this arm runs on Tokio's clock")]
async fn over_http(scenario: &Scenario, policy: &Policy, seed: u64) -> Measured {
    let stage = Stage::new(scenario, seed);
    let calls = stage.calls();
    let start = Instant::now();
    let server = Arc::new(Server {
        stage: Mutex::new(stage),
        start,
        sends: AtomicU64::new(0),
        throttled: AtomicU64::new(0),
        held: Held::default(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let app = Router::new().route("/", get(serve)).with_state(Arc::clone(&server));
    let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let http = reqwest::Client::builder()
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(usize::MAX)
        .build()
        .unwrap();
    let clients = 1 + calls.iter().map(|call| call.client).max().unwrap();
    let costs: Vec<_> = (0..).take(calls.len()).map(|call| cost_of(&calls, call)).collect();
    let costs = Arc::new(costs);
    let layers: Vec<ForbearLayer> = (0..clients)
        .map(|client| {
            let costs = Arc::clone(&costs);
            let policy = policy.drawing_from(Box::new(StreamRng::jitter(seed, client)));
            ForbearLayer::new(policy)
                .reading_with(Reader::new().with_usage())
                .numbering_attempts(ATTEMPT)
                .costing(move |request: &reqwest::Request| {
                    costs[number(request.headers(), &CALL) as usize]
                })
        })
        .collect();
    let callers: Vec<Arc<Semaphore>> = (0..clients)
        .map(|client| {
            let plan = calls.iter().find(|call| call.client == client).unwrap();
            let callers = plan.callers.min(u32::MAX >> 3) as usize;
            Arc::new(Semaphore::new(callers))
        })
        .collect();
    let mut running = Vec::new();
    for call in calls {
        let layer = layers[call.client as usize].clone();
        let callers = Arc::clone(&callers[call.client as usize]);
        let (http, server, url) = (http.clone(), Arc::clone(&server), url.clone());
        let at = start + call.at.unwrap().since(Timestamp::ZERO);
        running.push(tokio::spawn(async move {
            sleep_until(at).await;
            let caller = callers.acquire().await.unwrap();
            let sending = service_fn(move |request: reqwest::Request| {
                send(request, call, http.clone(), Arc::clone(&server))
            });
            let request = reqwest::Client::new().get(url).header(CALL, call.call);
            let answer = layer.layer(sending).oneshot(request.build().unwrap()).await;
            drop(caller);
            let took = Instant::now() - at;
            (answer.is_ok_and(|answer| answer.status().is_success()), took, Instant::now() - start)
        }));
    }
    let mut measured = Measured { calls: running.len() as u64, ..Measured::default() };
    let mut completions = Duration::ZERO;
    for call in running {
        let (succeeded, took, ended) = call.await.unwrap();
        measured.drained = measured.drained.max(ended);
        if succeeded {
            measured.succeeded += 1;
            completions += took;
        }
    }
    serving.abort();
    measured.mean = completions / u32::try_from(measured.succeeded.max(1)).unwrap();
    measured.sends = server.sends.load(Ordering::Relaxed);
    measured.throttled = server.throttled.load(Ordering::Relaxed);
    measured
}

fn cost_of(calls: &[StagedCall], number: u32) -> forbear_core::Cost {
    calls.iter().find(|call| call.call == number).unwrap().cost
}

/// One attempt: over the scenario's network to the server and back.
#[expect(clippy::disallowed_methods, reason = "this arm runs on Tokio's clock")]
async fn send(
    request: reqwest::Request,
    call: StagedCall,
    http: reqwest::Client,
    server: Arc<Server>,
) -> io::Result<reqwest::Response> {
    let attempt = number(request.headers(), &ATTEMPT);
    let (there, back) = server.stage.lock().unwrap().round_trip(call.call, attempt);
    let exchange = async move {
        sleep(there).await;
        let held = server.held.hold();
        let answer = exchange(request, &http).await;
        drop(held);
        let answer = answer.map_err(io::Error::other)?;
        let after = answer.headers().get(&AFTER).unwrap().to_str().unwrap().parse().unwrap();
        let holds = number(answer.headers(), &HOLDS) == 1;
        if after > 0 || holds {
            // The server goes on whether its client waits or not.
            let working = tokio::spawn(async move {
                sleep(Duration::from_nanos(after)).await;
                if holds {
                    server.stage.lock().unwrap().leave(server.now(), call.call);
                }
            });
            working.await.unwrap();
        }
        sleep(back).await;
        Ok(answer)
    };
    match call.timeout {
        Some(patience) => timeout(patience, exchange).await?,
        None => exchange.await,
    }
}

/// An answer with its body, so that nothing more is waited for.
async fn exchange(
    request: reqwest::Request,
    http: &reqwest::Client,
) -> reqwest::Result<reqwest::Response> {
    let answer = http.execute(request).await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut whole = Response::new(answer.bytes().await?);
    (*whole.status_mut(), *whole.headers_mut()) = (status, headers);
    Ok(whole.into())
}

fn simulated(scenario: &Scenario, policy: &Policy, seed: u64) -> Measured {
    let run = Simulation::new(scenario, policy).seed(seed).traced().run();
    let metrics = &run.result.metrics;
    let took: Duration = run.ends.iter().filter(|end| end.succeeded).map(|end| end.took).sum();
    Measured {
        calls: metrics.calls,
        succeeded: metrics.succeeded,
        sends: metrics.sends,
        throttled: metrics.throttled,
        drained: Duration::from_secs_f64(metrics.time_to_drain),
        mean: took / u32::try_from(metrics.succeeded.max(1)).unwrap(),
    }
}

/// Both arms of a shipped storm under one of its policies, which must agree.
#[track_caller]
fn agree(name: &str, policy: &str, set: &[(&str, &str)]) {
    let shipped = Shipped::ALL.iter().find(|shipped| shipped.name == name).unwrap();
    let set: Vec<_> = set.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    let scenario = match set.len() {
        0 => Scenario::named(name).unwrap(),
        _ => Scenario::parse(shipped.text, &set).unwrap(),
    };
    let named = policy;
    let is_named = |policy: &&NamedPolicy| policy.name() == named;
    let policy = scenario.policies().iter().find(is_named).unwrap().policy();
    let virtually = simulated(&scenario, policy, 1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let really = runtime.block_on(over_http(&scenario, policy, 1));
    let few = virtually.sends * 3 / 100 + 5;
    let near = |one: Duration, other: Duration, percent: u32| {
        one.abs_diff(other) <= one.max(other) * percent / 100 + Duration::from_millis(20)
    };
    let holds = virtually.calls == really.calls
        && virtually.succeeded.abs_diff(really.succeeded) <= few
        && virtually.sends.abs_diff(really.sends) <= few
        && virtually.throttled.abs_diff(really.throttled) <= few
        && near(virtually.mean, really.mean, 10)
        && near(virtually.drained, really.drained, 20);
    assert!(holds, "{name} under {named}\nsimulated {virtually:?}\nover HTTP {really:?}");
}

#[test]
fn a_herd_at_a_bucket_agrees() {
    for policy in ["full-jitter", "obey-hint", "recommended"] {
        agree("retry-after-herd", policy, &[("clients.calls", "40")]);
    }
}

#[test]
fn a_stampede_at_a_window_agrees() {
    for policy in ["exponential", "recommended"] {
        agree("fixed-window-stampede", policy, &[("clients.calls", "60")]);
    }
}

#[test]
fn a_batch_against_two_quotas_agrees() {
    agree("llm-batch", "recommended", &[("clients.calls", "300")]);
    agree("llm-batch", "full-jitter", &[("clients.calls", "150")]);
}

#[test]
fn a_server_that_lies_agrees() {
    agree("lying-retry-after", "recommended", &[("clients.count", "150")]);
}

#[test]
fn secondary_limits_agree() {
    let small = [("clients.calls", "1200"), ("server.limit.0.limit", "1000")];
    agree("github-secondary", "recommended", &small);
}

#[test]
fn a_quota_that_is_cut_agrees() {
    let short = [("clients.calls", "1500"), ("fault.0.from", "5s"), ("fault.0.until", "10s")];
    agree("quota-cut", "full-jitter", &short);
    agree("quota-cut", "recommended", &short);
}

#[test]
fn regions_that_share_a_key_agree() {
    agree("regions", "static-split", &[("clients.calls", "400")]);
    agree("regions", "recommended", &[("clients.calls", "400")]);
}

#[test]
fn a_step_of_latency_at_a_concurrency_limit_agrees() {
    let short = [("clients.calls", "900"), ("fault.0.from", "2s"), ("fault.0.until", "6s")];
    agree("token-bucket-and-concurrency", "recommended", &short);
}

#[test]
fn answers_that_come_too_late_agree() {
    agree("long-tail", "full-jitter", &[("clients.calls", "250")]);
}

#[test]
fn a_brown_out_behind_a_queue_agrees() {
    let small = [
        ("clients.count", "5"),
        ("clients.calls", "250"),
        ("server.workers", "5"),
        ("fault.0.from", "5s"),
        ("fault.0.until", "12s"),
    ];
    agree("brown-out", "recommended", &small);
}

/// `value` with every duration a twentieth, and every rate twenty times as high.
fn faster(value: &mut toml::Value) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table.iter_mut() {
                // The timer is that of the machine, and a name is no time.
                if !matches!(key.as_str(), "timer" | "name" | "title" | "description" | "source") {
                    faster(value);
                }
            }
        }
        toml::Value::Array(values) => values.iter_mut().for_each(faster),
        toml::Value::String(text) => {
            if let Ok(duration) = forbear_core::text::parse_duration(text) {
                *text = forbear_core::text::format_duration(duration / 20);
            } else if let Some((units, period)) = text.split_once('/') {
                let one = if period.starts_with(char::is_alphabetic) { "1" } else { "" };
                let period = forbear_core::text::parse_duration(&format!("{one}{period}"));
                *text = format!("{units}/{}ns", period.unwrap().as_nanos() / 20);
            }
        }
        _ => {}
    }
}

#[test]
fn on_the_real_clock_a_storm_keeps_what_does_not_depend_on_the_machine() {
    let shipped = Shipped::ALL.iter().find(|shipped| shipped.name == "retry-after-herd").unwrap();
    let mut table: toml::Value = toml::from_str(shipped.text).unwrap();
    table.as_table_mut().unwrap().remove("assert");
    faster(&mut table);
    let text = toml::to_string(&table).unwrap();
    // 400 calls at 50 a second after the first 50: 7 s, which are 350 ms here.
    let set = [("clients.calls", "50"), ("server.retry_after", "milliseconds")];
    let set: Vec<_> = set.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    let scenario = Scenario::parse(&text, &set).unwrap();
    let named = scenario.policies().iter().find(|named| named.name() == "recommended").unwrap();
    let virtually = simulated(&scenario, named.policy(), 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let really = runtime.block_on(over_http(&scenario, named.policy(), 1));
    let bound = Duration::from_millis(350);
    assert_eq!((virtually.succeeded, really.succeeded), (400, 400));
    assert!(virtually.drained >= bound && really.drained >= bound, "{virtually:?} {really:?}");
    // Paced below the limit, and one that is late sends later, not more.
    assert_eq!(virtually.sends, 400);
    assert!(really.sends <= 440, "{really:?}");
}

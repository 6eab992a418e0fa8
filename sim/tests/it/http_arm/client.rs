//! The clients of the second arm: the production layer over reqwest.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::Response;
use axum::routing::get;
use forbear_core::{Policy, Timestamp};
use forbear_http::{ForbearLayer, Reader};
use forbear_sim::{Scenario, Stage, StagedCall, StreamRng};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower::{Layer, ServiceExt, service_fn};

use super::Measured;
use super::held::Held;
use super::server::{AFTER, ATTEMPT, CALL, HOLDS, Server, VERSION, number, serve};

/// The storm of `scenario` over HTTP, on the clock of the runtime.
#[expect(clippy::disallowed_methods, reason = "this arm runs on Tokio's clock")]
pub(super) async fn over_http(scenario: &Scenario, policy: &Policy, seed: u64) -> Measured {
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
    let layer = |client: u32| {
        let costs = Arc::clone(&costs);
        let group = calls.iter().find(|call| call.client == client).unwrap().group;
        let stage = server.stage.lock().unwrap();
        let policy = stage.policy(group).unwrap_or(policy);
        let policy = policy.drawing_from(Box::new(StreamRng::jitter(seed, client)));
        ForbearLayer::new(policy)
            .reading_with(Reader::new().with_usage())
            .numbering_attempts(ATTEMPT)
            .costing(move |request: &reqwest::Request| {
                costs[number(request.headers(), &CALL) as usize]
            })
    };
    let layers: Vec<ForbearLayer> = (0..clients).map(layer).collect();
    let callers: Vec<Arc<Semaphore>> = (0..clients)
        .map(|client| {
            let plan = calls.iter().find(|call| call.client == client).unwrap();
            let callers = plan.callers.min(u32::MAX >> 3) as usize;
            Arc::new(Semaphore::new(callers))
        })
        .collect();
    // What callers make one after another, thinking in between, by client.
    let following = |client: u32| {
        let mine = calls.iter().filter(|call| call.client == client && call.at.is_none());
        let mut mine: Vec<StagedCall> = mine.copied().collect();
        mine.sort_by_key(|call| call.call);
        Arc::new(Mutex::new(VecDeque::from(mine)))
    };
    let following: Vec<_> = (0..clients).map(following).collect();
    let mut running = Vec::new();
    for call in calls.iter().filter(|call| call.at.is_some()) {
        let client = call.client as usize;
        let (layer, callers) = (layers[client].clone(), Arc::clone(&callers[client]));
        let (following, first) = (Arc::clone(&following[client]), *call);
        let (http, server, url) = (http.clone(), Arc::clone(&server), url.clone());
        running.push(tokio::spawn(async move {
            let mut ends = Vec::new();
            let (mut call, mut at) = (first, start + first.at.unwrap().since(Timestamp::ZERO));
            loop {
                sleep_until(at).await;
                let caller = callers.acquire().await.unwrap();
                let (http, origin) = (http.clone(), Arc::clone(&server));
                let sending = service_fn(move |request: reqwest::Request| {
                    send(request, call, http.clone(), Arc::clone(&origin))
                });
                let request = reqwest::Client::new().get(&url).header(CALL, call.call);
                let answer = layer.layer(sending).oneshot(request.build().unwrap()).await;
                drop(caller);
                let succeeded = answer.is_ok_and(|answer| answer.status().is_success());
                ends.push((succeeded, Instant::now() - at, Instant::now() - start));
                let Some(next) = following.lock().unwrap().pop_front() else { return ends };
                let thought = server.stage.lock().unwrap().thinking(next.call).unwrap();
                (call, at) = (next, Instant::now() + thought);
            }
        }));
    }
    let mut measured = Measured::default();
    let mut completions = Duration::ZERO;
    for caller in running {
        for (succeeded, took, ended) in caller.await.unwrap() {
            measured.calls += 1;
            measured.drained = measured.drained.max(ended);
            if succeeded {
                measured.succeeded += 1;
                completions += took;
            }
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
        let write = request.try_clone().unwrap();
        let answer = held_exchange(request, &http, &server).await?;
        let after = answer.headers().get(&AFTER).unwrap().to_str().unwrap().parse().unwrap();
        let holds = number(answer.headers(), &HOLDS) == 1;
        if after > 0 || holds {
            // The server goes on whether its client waits or not.
            let server = Arc::clone(&server);
            let working = tokio::spawn(async move {
                sleep(Duration::from_nanos(after)).await;
                if holds {
                    server.stage.lock().unwrap().leave(server.now(), call.call);
                }
            });
            working.await.unwrap();
        }
        sleep(back).await;
        let Some(version) = answer.headers().get(&VERSION).cloned() else { return Ok(answer) };
        let (there, back) = server.stage.lock().unwrap().round_trip_of_write(call.call, attempt);
        sleep(there).await;
        let mut write = write;
        write.headers_mut().insert(VERSION, version);
        let answer = held_exchange(write, &http, &server).await?;
        sleep(back).await;
        Ok(answer)
    };
    match call.timeout {
        Some(patience) => timeout(patience, exchange).await?,
        None => exchange.await,
    }
}

/// The same while the paused clock is held.
async fn held_exchange(
    request: reqwest::Request,
    http: &reqwest::Client,
    server: &Server,
) -> io::Result<reqwest::Response> {
    let held = server.held.hold();
    let answer = exchange(request, http).await;
    drop(held);
    answer.map_err(io::Error::other)
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

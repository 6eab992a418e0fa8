//! A server with quotas of requests and of tokens, as OpenAI has them, with its headers.
//!
//! Part of the tests of `batch` and `cli`, and of the example `batch` of the benches. A
//! request is charged its text and the longest answer that it allows when it is admitted;
//! what the answer does not use is given back. Buckets refill all the time. The numbers are scaled to seconds, so that a test takes some.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// What a server permits, and what it does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    /// Requests a second, and the seconds that a full bucket holds.
    pub(crate) requests: f64,
    pub(crate) tokens: f64,
    pub(crate) burst_s: f64,
    /// Time to an answer.
    pub(crate) latency: Duration,
    /// Of the longest answer that a request allows, what the answer has.
    pub(crate) answered: f64,
    /// Whether a refused request counts as a request, as OpenAI says of its own.
    pub(crate) refusals_count: bool,
}

/// A server at work, on a thread of its own.
pub(crate) struct TokenServer {
    address: std::net::SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    quota: Quota,
    state: Mutex<Log>,
}

/// What the server has seen.
#[derive(Debug, Default)]
pub(crate) struct Log {
    buckets: Option<[Bucket; 2]>,
    pub(crate) served: usize,
    pub(crate) refused: usize,
    /// Tokens that were charged for good.
    pub(crate) tokens: f64,
    /// For each job, by its content: the keys that it came with, and how often it was served.
    pub(crate) jobs: BTreeMap<String, (Vec<String>, usize)>,
    /// When the first request came and the last answer was sent.
    pub(crate) span: Option<(Instant, Instant)>,
    /// `authorization` of the last request.
    pub(crate) authorization: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn refill(&mut self, now: Instant, rate: f64, burst: f64) {
        let gained = now.duration_since(self.at).as_secs_f64() * rate;
        *self = Self { left: (self.left + gained).min(burst), at: now };
    }
}

impl TokenServer {
    pub(crate) fn start(quota: Quota) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { quota, state: Mutex::default() });
        let (stop, stopped) = oneshot::channel::<()>();
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = axum::serve(listener, app) => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log()
    }

    /// What was served, as a share of what the scarcer quota gives in that time.
    pub(crate) fn used(&self) -> f64 {
        let (log, quota) = (self.log(), self.shared.quota);
        let Some((from, to)) = log.span else { return 0.0 };
        let (requests, tokens) = (log.served as f64 / quota.requests, log.tokens / quota.tokens);
        requests.max(tokens) / (to - from).as_secs_f64()
    }

    /// The same, with the full buckets of the start counted in.
    pub(crate) fn used_of_all(&self) -> f64 {
        let used = self.used();
        let Some((from, to)) = self.log().span else { return 0.0 };
        let span = (to - from).as_secs_f64();
        used * span / (span + self.shared.quota.burst_s)
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let prompt = request["messages"][0]["content"].as_str().unwrap_or_default();
    let input = (prompt.len() as f64 / 4.0).ceil();
    let most = request["max_tokens"].as_f64().unwrap_or(0.0);
    let output = (most * shared.quota.answered).floor();
    let name = request["metadata"].as_str().unwrap_or_default().to_owned();
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let key = header("idempotency-key").unwrap_or_default();
    let (is_admitted, mut fields) = {
        let mut log = shared.log();
        log.authorization = header("authorization");
        log.jobs.entry(name.clone()).or_default().0.push(key);
        shared.admit(&mut log, input + most)
    };
    if !is_admitted {
        let what = "Rate limit reached, please try again later";
        let error = json!({"message": what, "type": "tokens", "code": "rate_limit_exceeded"});
        fields.insert("content-type", "application/json".parse().unwrap());
        let body = json!({ "error": error }).to_string();
        return (StatusCode::TOO_MANY_REQUESTS, fields, body).into_response();
    }
    tokio::time::sleep(shared.quota.latency).await;
    let mut log = shared.log();
    let now = Instant::now();
    if let Some([_, tokens]) = &mut log.buckets {
        tokens.left += most - output;
    }
    log.served += 1;
    log.tokens += input + output;
    log.jobs.entry(name.clone()).or_default().1 += 1;
    log.span = log.span.map(|(from, _)| (from, now));
    drop(log);
    let body = json!({
        "object": "chat.completion",
        "echo": name,
        "usage": {"prompt_tokens": input as u64, "completion_tokens": output as u64},
    });
    fields.insert("content-type", "application/json".parse().unwrap());
    (StatusCode::OK, fields, serde_json::to_string_pretty(&body).unwrap()).into_response()
}

impl Shared {
    /// Charges a request, or says when to come back; and what the headers say.
    fn admit(&self, log: &mut Log, tokens: f64) -> (bool, HeaderMap) {
        let (quota, now) = (self.quota, Instant::now());
        log.span.get_or_insert((now, now));
        let full = |rate: f64| (rate * quota.burst_s).max(1.0);
        let limits = [(quota.requests, 1.0), (quota.tokens, tokens)];
        let buckets =
            log.buckets.get_or_insert(limits.map(|(rate, _)| Bucket { left: full(rate), at: now }));
        let mut wait: f64 = 0.0;
        for (bucket, (rate, cost)) in buckets.iter_mut().zip(limits) {
            bucket.refill(now, rate, full(rate));
            wait = wait.max((cost - bucket.left) / rate);
        }
        let is_admitted = wait <= 0.0;
        let mut fields = HeaderMap::new();
        let mut say = |name: &'static str, value: String| {
            fields.insert(name, value.parse().unwrap());
        };
        if is_admitted {
            for (bucket, (_, cost)) in buckets.iter_mut().zip(limits) {
                bucket.left -= cost;
            }
        } else {
            log.refused += 1;
            if quota.refusals_count {
                buckets[0].left = (buckets[0].left - 1.0).max(0.0);
            }
            say("retry-after-ms", format!("{:.0}", (wait * 1000.0).ceil()));
        }
        let [requests, tokens] = &*buckets;
        let reset = |bucket: &Bucket, rate: f64| {
            format!("{}ms", ((full(rate) - bucket.left) / rate * 1000.0).ceil())
        };
        say("x-ratelimit-limit-requests", format!("{:.0}", full(quota.requests)));
        say("x-ratelimit-limit-tokens", format!("{:.0}", full(quota.tokens)));
        say("x-ratelimit-remaining-requests", format!("{:.0}", requests.left.floor()));
        say("x-ratelimit-remaining-tokens", format!("{:.0}", tokens.left.floor()));
        say("x-ratelimit-reset-requests", reset(requests, quota.requests));
        say("x-ratelimit-reset-tokens", reset(tokens, quota.tokens));
        (is_admitted, fields)
    }
}

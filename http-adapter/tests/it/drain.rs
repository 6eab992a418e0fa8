//! The harness: a log below the layer, callers above it.
//!
//! One thread: between an answer and what is made of it, nothing else runs, so the
//! log's order is the order in which the policy learned.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};
use reqwest::{Method, Request, Response};
use tower::{Service, ServiceExt};

/// How many callers share the requests of a drain.
pub(crate) const CALLERS: usize = 32;

/// Seen from below the layer.
#[derive(Clone, Copy, Debug)]
enum Event {
    Sent,
    Served { window: Option<u64> },
    Refused { window: Option<u64>, wait: Option<Duration> },
}

/// A client, with a log of what passes.
#[derive(Clone)]
pub(crate) struct Logged<C = reqwest::Client> {
    client: C,
    log: Log,
}

/// What passed, and when.
#[derive(Clone)]
struct Log {
    start: Instant,
    events: Arc<Mutex<Vec<(Duration, Event)>>>,
}

impl Log {
    fn note(&self, event: Event) {
        self.events.lock().unwrap().push((self.start.elapsed(), event));
    }

    fn note_answer(&self, status: StatusCode, headers: &HeaderMap) {
        let number = |name| {
            let value = headers.get(name)?;
            Some(value.to_str().unwrap().parse::<u64>().unwrap())
        };
        // The express server's own reckoning, which no policy reads.
        let window = number("x-counted-in");
        self.note(if status == 429 {
            let wait = number("retry-after").map(Duration::from_secs);
            Event::Refused { window, wait }
        } else {
            Event::Served { window }
        });
    }
}

impl Logged {
    pub(crate) fn new() -> Self {
        Self::over(reqwest::Client::new())
    }
}

impl<C> Logged<C> {
    pub(crate) fn over(client: C) -> Self {
        Self { client, log: Log { start: Instant::now(), events: Arc::default() } }
    }
}

/// An answer of reqwest's or hyper's.
pub(crate) trait Answer {
    fn head(&self) -> (StatusCode, &HeaderMap);
}

impl Answer for Response {
    fn head(&self) -> (StatusCode, &HeaderMap) {
        (self.status(), self.headers())
    }
}

impl<B> Answer for http::Response<B> {
    fn head(&self) -> (StatusCode, &HeaderMap) {
        (self.status(), self.headers())
    }
}

impl<C, Q> Service<Q> for Logged<C>
where
    C: Service<Q, Response: Answer> + Clone + Send + 'static,
    C::Future: Send,
    Q: Send + 'static,
{
    type Response = C::Response;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, C::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.client.poll_ready(cx)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        let (log, mut client) = (self.log.clone(), self.client.clone());
        Box::pin(async move {
            log.note(Event::Sent);
            let response = client.call(request).await?;
            let (status, headers) = response.head();
            log.note_answer(status, headers);
            Ok(response)
        })
    }
}

/// What came of a drain.
#[derive(Debug)]
pub(crate) struct Drained {
    pub(crate) done: usize,
    pub(crate) lost: usize,
    pub(crate) sends: usize,
    pub(crate) refused: usize,
    /// Sends by any caller before the latest time that a refusal named.
    pub(crate) before_hint: usize,
    pub(crate) took: Duration,
    /// The server's windows in order.
    pub(crate) windows: Vec<Window>,
    /// When each answer came, and whether it was a refusal.
    answers: Vec<(Duration, bool)>,
}

/// What was answered from a time on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Later {
    pub(crate) answers: usize,
    pub(crate) refused: usize,
    /// Served, a second.
    pub(crate) rate: f64,
}

/// What a window of the server saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// When its first answer came.
    pub(crate) from: Duration,
    pub(crate) served: usize,
    pub(crate) refused: usize,
}

impl Drained {
    pub(crate) fn refused_share(&self) -> f64 {
        self.refused as f64 / self.sends as f64
    }

    /// What was answered after `learning`.
    pub(crate) fn after(&self, learning: Duration) -> Later {
        let later = self.answers.iter().filter(|&&(at, _)| at >= learning);
        let refused = later.clone().filter(|&&(_, is_refused)| is_refused).count();
        let answers = later.count();
        let rate = (answers - refused) as f64 / self.took.saturating_sub(learning).as_secs_f64();
        Later { answers, refused, rate }
    }

    /// `least`, the time that the server's rule takes at least, as a share of the time
    /// taken.
    pub(crate) fn used(&self, least: Duration) -> f64 {
        least.as_secs_f64() / self.took.as_secs_f64()
    }

    /// A row of a Markdown table.
    pub(crate) fn row(&self, name: &str) -> String {
        format!(
            "| {name} | {} | {} | {} | {:.1} % | {} | {:.2} s |",
            self.done,
            self.lost,
            self.sends,
            100.0 * self.refused_share(),
            self.before_hint,
            self.took.as_secs_f64(),
        )
    }
}

/// The head of a table of [`Drained::row`]s.
pub(crate) const TABLE_HEAD: &str = "\
| 32 callers | done | lost | sends | 429 | before the hint | time |
| --- | --- | --- | --- | --- | --- | --- |";

/// `CALLERS` callers share `requests` requests through `service`, over reqwest.
pub(crate) async fn drain<S>(url: &str, logged: &Logged, service: S, requests: usize) -> Drained
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Debug + Send,
{
    let send = move |url: String| {
        let service = service.clone();
        async move {
            let request = Request::new(Method::GET, url.parse().unwrap());
            // What gave up is lost, and counted below.
            let response = service.oneshot(request).await.ok()?;
            let status = response.status();
            response.bytes().await.unwrap();
            Some(status)
        }
    };
    drain_with(url, logged, send, requests).await
}

/// The same over any client: `send` gives the status, if there is one.
pub(crate) async fn drain_with<C, F>(
    url: &str,
    logged: &Logged<C>,
    send: impl FnMut(String) -> F + Clone + Send + 'static,
    requests: usize,
) -> Drained
where
    F: Future<Output = Option<StatusCode>> + Send,
{
    let next = Arc::new(Mutex::new(0..requests));
    let done = Arc::new(Mutex::new(0));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (mut send, next, done) = (send.clone(), Arc::clone(&next), Arc::clone(&done));
        let url = url.to_owned();
        callers.spawn(async move {
            loop {
                let Some(n) = next.lock().unwrap().next() else { break };
                let status = send(format!("{url}/{n}")).await;
                *done.lock().unwrap() += usize::from(status.is_some_and(|status| status == 200));
            }
        });
    }
    callers.join_all().await;
    let took = logged.log.start.elapsed();
    let done = *done.lock().unwrap();
    let log = logged.log.events.lock().unwrap();
    let (mut sends, mut refused, mut before_hint, mut opens) = (0, 0, 0, Duration::ZERO);
    let (mut windows, mut answers) = (BTreeMap::new(), Vec::new());
    for &(time, event) in log.iter() {
        let (window, is_refused) = match event {
            Event::Sent => {
                sends += 1;
                before_hint += usize::from(time < opens);
                continue;
            }
            Event::Served { window } => (window, false),
            Event::Refused { window, wait } => {
                refused += 1;
                opens = opens.max(time + wait.unwrap_or_default());
                (window, true)
            }
        };
        answers.push((time, is_refused));
        let Some(window) = window else { continue };
        let window = windows.entry(window).or_insert(Window { from: time, served: 0, refused: 0 });
        window.served += usize::from(!is_refused);
        window.refused += usize::from(is_refused);
    }
    let windows = windows.into_values().collect();
    Drained { done, lost: requests - done, sends, refused, before_hint, took, windows, answers }
}

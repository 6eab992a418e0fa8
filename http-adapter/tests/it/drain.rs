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

use reqwest::{Client, Method, Request, Response};
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

/// reqwest's client, with a log of what passes.
#[derive(Clone)]
pub(crate) struct Logged {
    client: Client,
    start: Instant,
    log: Arc<Mutex<Vec<(Duration, Event)>>>,
}

impl Logged {
    pub(crate) fn new() -> Self {
        Self { client: Client::new(), start: Instant::now(), log: Arc::default() }
    }

    fn note(&self, event: Event) {
        self.log.lock().unwrap().push((self.start.elapsed(), event));
    }
}

impl Service<Request> for Logged {
    type Response = Response;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, reqwest::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), reqwest::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            this.note(Event::Sent);
            let response = this.client.execute(request).await?;
            let number = |name| {
                let value = response.headers().get(name)?;
                Some(value.to_str().unwrap().parse::<u64>().unwrap())
            };
            // The express server's own reckoning, which no policy reads.
            let window = number("x-counted-in");
            this.note(if response.status() == 429 {
                let wait = number("retry-after").map(Duration::from_secs);
                Event::Refused { window, wait }
            } else {
                Event::Served { window }
            });
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

/// `CALLERS` callers share `requests` requests through `service`.
pub(crate) async fn drain<S>(url: &str, logged: &Logged, service: S, requests: usize) -> Drained
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Debug + Send,
{
    let next = Arc::new(Mutex::new(0..requests));
    let done = Arc::new(Mutex::new(0));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (service, next, done) = (service.clone(), Arc::clone(&next), Arc::clone(&done));
        let url = url.to_owned();
        callers.spawn(async move {
            loop {
                let Some(n) = next.lock().unwrap().next() else { break };
                let request = Request::new(Method::GET, format!("{url}/{n}").parse().unwrap());
                // What gave up is lost, and counted below.
                let Ok(response) = service.clone().oneshot(request).await else { continue };
                *done.lock().unwrap() += usize::from(response.status() == 200);
                response.bytes().await.unwrap();
            }
        });
    }
    callers.join_all().await;
    let took = logged.start.elapsed();
    let done = *done.lock().unwrap();
    let log = logged.log.lock().unwrap();
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

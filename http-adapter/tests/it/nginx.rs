use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use forbear_core::Policy;
use forbear_core::backoff::{BackoffStrategy, Exponential};
use forbear_core::limiter::Gcra;
use forbear_http::ForbearLayer;
use reqwest::{Client, Request, Response};
use tower::{Service, ServiceBuilder, ServiceExt};

use crate::server::Nginx;

/// What the server permits: this many a second, and `BURST` on top at once.
const RATE: u32 = 100;
const BURST: u32 = 20;
const CALLERS: usize = 32;

/// Seen from below the layer, in order.
#[derive(Clone, Copy, Debug)]
enum Event {
    Sent,
    Refused { wait: Option<Duration> },
}

type Log = Arc<Mutex<Vec<(Duration, Event)>>>;

/// reqwest's client, with a log of what passes.
#[derive(Clone)]
struct Logged {
    client: Client,
    start: Instant,
    log: Log,
}

impl Service<Request> for Logged {
    type Response = Response;
    type Error = reqwest::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response, reqwest::Error>> + Send>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), reqwest::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            this.note(Event::Sent);
            let response = this.client.execute(request).await?;
            if response.status() == 429 {
                let hint = response.headers().get("retry-after");
                let seconds = hint.map(|value| value.to_str().unwrap().parse().unwrap());
                this.note(Event::Refused { wait: seconds.map(Duration::from_secs) });
            }
            Ok(response)
        })
    }
}

impl Logged {
    fn new() -> Self {
        Self { client: Client::new(), start: Instant::now(), log: Log::default() }
    }

    fn note(&self, event: Event) {
        self.log.lock().unwrap().push((self.start.elapsed(), event));
    }
}

/// What came of a drain.
#[derive(Debug)]
struct Drained {
    done: usize,
    lost: usize,
    sends: usize,
    refused: usize,
    before_hint: usize,
    took: Duration,
}

impl Drained {
    fn refused_share(&self) -> f64 {
        self.refused as f64 / self.sends as f64
    }

    /// The least time that the server's rule allows, as a share of the time taken.
    fn used(&self) -> f64 {
        let least = (self.done as f64 - f64::from(BURST) - 1.0) / f64::from(RATE);
        least / self.took.as_secs_f64()
    }

    fn row(&self, name: &str) -> String {
        format!(
            "| {name} | {} | {} | {} | {:.1} % | {} | {:.2} s | {:.0} % |",
            self.done,
            self.lost,
            self.sends,
            100.0 * self.refused_share(),
            self.before_hint,
            self.took.as_secs_f64(),
            100.0 * self.used(),
        )
    }
}

/// `CALLERS` callers share `requests` requests through `service`.
async fn drain<S>(server: &Nginx, logged: &Logged, service: S, requests: usize) -> Drained
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: std::fmt::Debug + Send,
{
    let next = Arc::new(Mutex::new(0..requests));
    let statuses = Arc::new(Mutex::new(BTreeMap::<u16, usize>::new()));
    let mut callers = tokio::task::JoinSet::new();
    let url = server.url();
    for _ in 0..CALLERS {
        let (service, next, statuses) = (service.clone(), Arc::clone(&next), Arc::clone(&statuses));
        let url = url.clone();
        callers.spawn(async move {
            loop {
                let Some(n) = next.lock().unwrap().next() else { break };
                let url = format!("{url}/{n}").parse().unwrap();
                let request = Request::new(reqwest::Method::GET, url);
                let response = service.clone().oneshot(request).await.unwrap();
                *statuses.lock().unwrap().entry(response.status().as_u16()).or_default() += 1;
                response.bytes().await.unwrap();
            }
        });
    }
    callers.join_all().await;
    let took = logged.start.elapsed();
    let done = statuses.lock().unwrap().get(&200).copied().unwrap_or_default();
    let log = logged.log.lock().unwrap();
    let (mut sends, mut refused, mut before_hint, mut opens) = (0, 0, 0, Duration::ZERO);
    for (time, event) in log.iter() {
        match event {
            Event::Sent => {
                sends += 1;
                before_hint += usize::from(*time < opens);
            }
            Event::Refused { wait } => {
                refused += 1;
                opens = opens.max(*time + wait.unwrap_or_default());
            }
        }
    }
    Drained { done, lost: requests - done, sends, refused, before_hint, took }
}

fn backoff() -> impl BackoffStrategy {
    Exponential::new(Duration::from_millis(50)).capped_at(Duration::from_secs(2)).full_jitter()
}

async fn with_limiter(server: &Nginx, requests: usize) -> Drained {
    let rate = format!("{RATE}/s").parse().unwrap();
    let policy = Policy::builder()
        .limit(Gcra::per(rate).with_burst(BURST / 2).unwrap())
        .backoff(backoff())
        .build()
        .unwrap();
    let logged = Logged::new();
    let service = ServiceBuilder::new().layer(ForbearLayer::new(policy)).service(logged.clone());
    drain(server, &logged, service, requests).await
}

async fn without_forbear(server: &Nginx, requests: usize) -> Drained {
    let logged = Logged::new();
    drain(server, &logged, logged.clone(), requests).await
}

/// One thread: between an answer and what is made of it, nothing else runs, so the
/// log's order is the order in which the policy learned.
#[tokio::test]
async fn a_limiter_drains_500_requests_through_nginx_without_loss() {
    let Some(hinting) = Nginx::limiting(RATE, BURST, Some(1)) else { return };
    let Some(silent) = Nginx::limiting(RATE, BURST, None) else { return };
    let mut table = String::from(
        "| 500 requests, 32 callers | done | lost | sends | 429 | before the hint | time | rate used |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (server, hint) in [(&hinting, "with"), (&silent, "without")] {
        let bare = without_forbear(server, 500).await;
        // Full again, so that both begin with the same server.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let drained = with_limiter(server, 500).await;
        writeln!(table, "{}", bare.row(&format!("reqwest alone, {hint} Retry-After"))).unwrap();
        writeln!(table, "{}", drained.row(&format!("with forbear, {hint} Retry-After"))).unwrap();

        assert_eq!((drained.done, drained.lost), (500, 0), "{drained:?}");
        assert_eq!(drained.before_hint, 0, "{drained:?}");
        assert!(drained.used() >= 0.95, "{drained:?}");
        assert!(drained.refused_share() <= 0.03, "{drained:?}");
        assert!(bare.lost > 300, "the server does limit: {bare:?}");
    }
    println!("{table}");
}

#[tokio::test]
async fn the_hint_alone_is_obeyed_by_every_caller() {
    let Some(server) = Nginx::limiting(RATE, BURST, Some(1)) else { return };
    let policy =
        Policy::builder().unlimited_attempts().no_budget().backoff(backoff()).build().unwrap();
    let logged = Logged::new();
    let service = ServiceBuilder::new().layer(ForbearLayer::new(policy)).service(logged.clone());
    let drained = drain(&server, &logged, service, 150).await;
    assert_eq!((drained.done, drained.lost, drained.before_hint), (150, 0, 0), "{drained:?}");
    assert!(drained.refused > 0, "the server does limit: {drained:?}");
    println!("{}", drained.row("150 requests by the hint alone"));
}

#[tokio::test]
async fn without_a_hint_the_backoff_gets_every_request_through() {
    let Some(server) = Nginx::limiting(RATE, BURST, None) else { return };
    let policy =
        Policy::builder().unlimited_attempts().no_budget().backoff(backoff()).build().unwrap();
    let logged = Logged::new();
    let service = ServiceBuilder::new().layer(ForbearLayer::new(policy)).service(logged.clone());
    let drained = drain(&server, &logged, service, 300).await;
    assert_eq!((drained.done, drained.lost), (300, 0), "{drained:?}");
    println!("{}", drained.row("300 requests by the backoff alone"));
}

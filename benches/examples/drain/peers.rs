//! One way to send for each library; each says whether the request was served.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use forbear_core::backoff::{BackoffStrategy, Exponential};
use forbear_core::limiter::{Cubic, Gcra, Learned};
use forbear_core::{Policy, PolicyBuilder};
use forbear_http::ForbearLayer;
use reqwest::{Client, Method, Request, Response, StatusCode};
use reqwest_middleware::ClientBuilder;
use reqwest_retry::{Jitter, RetryTransientMiddleware, policies::ExponentialBackoff};
use tower::retry::Policy as TowerPolicy;
use tower::{ServiceBuilder, ServiceExt};

use crate::{ATTEMPTS, DELAY, DELAY_MAX};

/// Nothing but the server's wait; a rate that is found, in two ways; the rate that is
/// documented.
pub(crate) fn forbear_policies() -> Result<[(&'static str, Policy); 4], Box<dyn Error>> {
    let gcra = Gcra::per("100/s".parse()?).with_burst(10)?;
    Ok([
        ("forbear, no rate known", builder().build()?),
        ("forbear, the rate found by `learned`", builder().limit(Learned::new()).build()?),
        ("forbear, the rate found by `cubic`", builder().limit(Cubic::new()).build()?),
        ("forbear, `gcra` at the documented rate", builder().limit(gcra).build()?),
    ])
}

fn builder() -> PolicyBuilder {
    let backoff = Exponential::new(DELAY).capped_at(DELAY_MAX).full_jitter();
    Policy::builder().max_attempts(ATTEMPTS).no_budget().backoff(backoff)
}

pub(crate) fn forbear(
    client: &Client,
    policy: Policy,
    url: &str,
) -> impl Fn() -> Sending + Clone + Send + 'static {
    let service = ServiceBuilder::new().layer(ForbearLayer::new(policy)).service(client.clone());
    let url = url.to_owned();
    move || {
        let (service, request) = (service.clone(), get(&url));
        Box::pin(async move { served(service.oneshot(request).await.ok()).await })
    }
}

type Sending = std::pin::Pin<Box<dyn Future<Output = bool> + Send>>;

pub(crate) fn backon(client: &Client, url: &str) -> impl Fn() -> Sending + Clone + Send + 'static {
    let (client, url) = (client.clone(), url.to_owned());
    move || {
        let (client, url) = (client.clone(), url.clone());
        Box::pin(async move { (|| once(&client, &url)).retry(backon_delays()).await.is_ok() })
    }
}

pub(crate) fn backon_with_hint(
    client: &Client,
    url: &str,
) -> impl Fn() -> Sending + Clone + Send + 'static {
    let (client, url) = (client.clone(), url.to_owned());
    move || {
        let (client, url) = (client.clone(), url.clone());
        Box::pin(async move {
            let send = (|| once(&client, &url)).retry(backon_delays());
            send.adjust(|hint, delay| delay.map(|delay| hint.unwrap_or(delay))).await.is_ok()
        })
    }
}

fn backon_delays() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(DELAY)
        .with_max_delay(DELAY_MAX)
        .with_max_times(ATTEMPTS as usize - 1)
        .with_jitter()
}

pub(crate) fn reqwest_retry(
    client: &Client,
    url: &str,
) -> impl Fn() -> Sending + Clone + Send + 'static {
    let policy = ExponentialBackoff::builder()
        .retry_bounds(DELAY, DELAY_MAX)
        .jitter(Jitter::Full)
        .build_with_max_retries(ATTEMPTS - 1);
    let retry = RetryTransientMiddleware::new_with_policy(policy);
    let client = ClientBuilder::new(client.clone()).with(retry).build();
    let url = url.to_owned();
    move || {
        let (client, request) = (client.clone(), get(&url));
        Box::pin(async move { served(client.execute(request).await.ok()).await })
    }
}

pub(crate) fn tower_retry(
    client: &Client,
    url: &str,
) -> impl Fn() -> Sending + Clone + Send + 'static {
    let (client, url) = (client.clone(), url.to_owned());
    move || {
        let policy = Doubling { left: ATTEMPTS - 1, delay: DELAY };
        let service = ServiceBuilder::new().retry(policy).service(client.clone());
        let request = get(&url);
        Box::pin(async move { served(service.oneshot(request).await.ok()).await })
    }
}

/// As tower's documentation has it: a policy of one's own.
#[derive(Clone)]
struct Doubling {
    left: u32,
    delay: Duration,
}

impl TowerPolicy<Request, Response, reqwest::Error> for Doubling {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        _: &mut Request,
        result: &mut Result<Response, reqwest::Error>,
    ) -> Option<tokio::time::Sleep> {
        let is_refused =
            result.as_ref().is_ok_and(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS);
        if !is_refused || self.left == 0 {
            return None;
        }
        self.left -= 1;
        let delay = self.delay;
        self.delay = (delay * 2).min(DELAY_MAX);
        Some(tokio::time::sleep(delay))
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        request.try_clone()
    }
}

pub(crate) fn tokio_retry(
    client: &Client,
    url: &str,
) -> impl Fn() -> Sending + Clone + Send + 'static {
    let (client, url) = (client.clone(), url.to_owned());
    move || {
        let (client, url) = (client.clone(), url.clone());
        Box::pin(async move {
            // Powers of two, times 25 ms: the first is 50 ms.
            let delays = tokio_retry::strategy::ExponentialBackoff::from_millis(2)
                .factor(25)
                .max_delay(DELAY_MAX)
                .map(tokio_retry::strategy::jitter)
                .take(ATTEMPTS as usize - 1);
            tokio_retry::Retry::start(delays, || once(&client, &url)).await.is_ok()
        })
    }
}

/// Sends once; the error is the wait that a refusal named.
async fn once(client: &Client, url: &str) -> Result<(), Option<Duration>> {
    let response = client.execute(get(url)).await.map_err(|_| None)?;
    let hint = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let hint = hint.and_then(|value| value.parse().ok()).map(Duration::from_secs);
    if served(Some(response)).await { Ok(()) } else { Err(hint) }
}

async fn served(response: Option<Response>) -> bool {
    let Some(response) = response else { return false };
    let is_success = response.status().is_success();
    is_success && response.bytes().await.is_ok()
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, url.parse().expect("an address of loopback"))
}

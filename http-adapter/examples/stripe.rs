//! Stripe's idempotency: a POST that failed after the work was done is sent again with
//! the same key, and the customer is charged once.
//!
//! ```text
//! POST /charges ──> layer: adds `Idempotency-Key` ──> a fake of Stripe: charges, then
//!                   the same one on each attempt      breaks with a 500, once
//! ```
//!
//! The clock is Tokio's, paused: waits are shown, not sat out.
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use forbear_core::Policy;
use forbear_http::{ForbearLayer, Reader};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use tower::{ServiceBuilder, ServiceExt, service_fn};

/// What was charged, by key.
type Charges = Arc<Mutex<BTreeMap<String, u32>>>;

/// Charges a key once; the first answer of all is lost on the way.
fn charge(charges: &Charges, headers: &HeaderMap) -> StatusCode {
    let mut charges = charges.lock().unwrap_or_else(PoisonError::into_inner);
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let Some(key) = key.map(str::to_owned) else { return StatusCode::BAD_REQUEST };
    let is_known = charges.contains_key(&key);
    println!("key {key}: {}", if is_known { "already charged" } else { "charged" });
    let is_first = charges.is_empty();
    charges.entry(key).or_insert(2_000);
    if is_first { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tokio::time::pause();
    let charges = Charges::default();
    let seen = Arc::clone(&charges);
    let stripe = service_fn(move |request: Request<&'static str>| {
        let mut answer = Response::new(Full::<Bytes>::from("{}"));
        *answer.status_mut() = charge(&seen, request.headers());
        async { Ok::<_, Infallible>(answer) }
    });
    let layer = ForbearLayer::new(Policy::recommended())
        .adding_idempotency_keys()
        .reading_with(Reader::for_provider("stripe"));
    let client = ServiceBuilder::new().layer(layer).service(stripe);

    for _ in 0..2 {
        let request = Request::post("/v1/charges").body("amount=2000&currency=usd")?;
        assert_eq!(client.clone().oneshot(request).await?.status(), 200);
    }
    let charges = charges.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(charges.len(), 2, "two orders, three requests, two charges");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() {
        super::main().unwrap();
    }
}

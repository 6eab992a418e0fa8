//! What a policy did, as Prometheus scrapes it: attempts, retries, waits and ends.
//!
//! ```text
//! requests ──> policy with a MetricsObserver ──> a fake that refuses every third
//!                        │
//!                        └── metrics ──> the exporter's text, printed
//! ```
//!
//! A service would serve the text at `/metrics`. The clock is Tokio's, paused: waits are
//! shown, not sat out.
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use forbear_core::Policy;
use forbear_http::ForbearLayer;
use forbear_http::observe::MetricsObserver;
use http::{Request, Response};
use http_body_util::Full;
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::{ServiceBuilder, ServiceExt, service_fn};

/// Sends 12 requests and returns the text of the exporter.
async fn scrape() -> Result<String, Box<dyn Error>> {
    let recorder = PrometheusBuilder::new().set_buckets(&[0.1, 1.0, 10.0])?.build_recorder();
    let handle = recorder.handle();
    // One process may have many; a service installs one for all with `install_recorder`.
    let _guard = metrics::set_default_local_recorder(&recorder);

    let sends = Arc::new(AtomicU32::new(0));
    let server = service_fn(move |_: Request<Full<Bytes>>| {
        let is_refused = sends.fetch_add(1, Ordering::Relaxed) % 3 == 2;
        async move {
            let (status, wait) = if is_refused { (429, "2") } else { (200, "0") };
            let response = Response::builder().status(status).header("retry-after", wait);
            Ok::<_, Infallible>(response.body(Full::<Bytes>::default()).unwrap_or_default())
        }
    });
    let metrics = MetricsObserver::new().label("server.address", "api.example");
    let policy = Policy::builder().observe(metrics).no_budget().build()?;
    let client = ServiceBuilder::new().layer(ForbearLayer::new(policy)).service(server);
    for _ in 0..12 {
        let response = client.clone().oneshot(Request::get("/").body(Full::default())?).await?;
        assert_eq!(response.status(), 200);
    }
    Ok(handle.render())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", scrape().await?);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_numbers_are_those_of_what_was_sent() {
    let text = scrape().await.unwrap();
    let host = r#"server_address="api.example""#;
    for line in [
        &format!(r#"forbear_call_attempts_count{{{host},forbear_end="success"}} 12"#),
        &format!(r#"forbear_call_attempts_sum{{{host},forbear_end="success"}} 17"#),
        &format!(r#"forbear_waits{{{host},forbear_wait_reason="server_hint"}} 5"#),
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    // Of 17 sends every third is refused: 5, each with a wait of two seconds or more.
    let long = format!(r#"forbear_call_duration_bucket{{{host},forbear_end="success",le="1"}} 7"#);
    assert!(text.contains(&long), "{long} is not in\n{text}");
}

//! gRPC with tonic: `RESOURCE_EXHAUSTED` is sent again after the server's
//! `grpc-retry-pushback-ms`.
//!
//! ```text
//! tonic's client ──> layer ──> a fake of a server: RESOURCE_EXHAUSTED twice,
//!                              with a push-back of 250 ms, then OK
//! ```
//!
//! With a real server, a `tonic::transport::Channel` takes the place of the fake. The
//! clock is Tokio's, paused: waits are shown, not sat out.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example plays the server, with its clock, and shows what happens"
)]

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use forbear_core::Policy;
use forbear_http::{ForbearLayer, ReplayBody};
use http::Request;
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tonic::metadata::MetadataValue;
use tower::{ServiceBuilder, ServiceExt, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tokio::time::pause();
    let start = Instant::now();
    let count = Arc::new(AtomicU32::new(0));
    let server = service_fn(move |_: Request<Body>| {
        let is_refused = count.fetch_add(1, Ordering::Relaxed) < 2;
        let mut status =
            if is_refused { Status::resource_exhausted("slow down") } else { Status::ok("") };
        if is_refused {
            let pushback = MetadataValue::from_static("250");
            status.metadata_mut().insert("grpc-retry-pushback-ms", pushback);
        }
        println!("{:>6.1?}  the server answers {:?}", start.elapsed(), status.code());
        async move { Ok::<_, Infallible>(status.into_http::<Body>()) }
    });
    // tonic's body is a stream: it is kept while it is sent, so that it can be sent again.
    let client = ServiceBuilder::new()
        .map_request(|request: Request<Body>| request.map(ReplayBody::new))
        .layer(ForbearLayer::new(Policy::recommended()))
        .map_request(|request: Request<ReplayBody<Body>>| request.map(Body::new))
        .service(server);

    // A generated client takes this service: `GreeterClient::new(client)`.
    let answer = client.oneshot(Request::post("/greeter/Hello").body(Body::empty())?).await?;
    let status = Status::from_header_map(answer.headers()).ok_or("no status")?;
    assert_eq!(status.code(), tonic::Code::Ok);
    assert!(start.elapsed() >= Duration::from_millis(500), "no send before the push-back");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() {
        super::main().unwrap();
    }
}

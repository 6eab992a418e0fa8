//! What the layer costs a request that succeeds at once, beside the service without it.
//!
//! The service answers from memory, so the difference is all the layer's: wanted is less
//! than a microsecond.

use std::convert::Infallible;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use forbear_core::Policy;
use forbear_core::limiter::Gcra;
use forbear_http::ForbearLayer;
use http::{Request, Response};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, Service, ServiceExt, service_fn};

type Call = Request<&'static str>;

fn request() -> Call {
    Request::get("http://api.example/v1/items").body("").expect("a request")
}

/// A response with the fields that an API sends, and a body in memory.
fn response() -> Response<String> {
    Response::builder()
        .header("content-type", "application/json")
        .header("date", "Thu, 20 Aug 2026 12:00:00 GMT")
        .header("x-ratelimit-limit", "5000")
        .header("x-ratelimit-remaining", "4999")
        .header("x-ratelimit-reset", "1787227260")
        .body(String::new())
        .expect("a response")
}

/// Times a request through `service`, made beforehand.
fn bench<S: Service<Call> + Clone>(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    runtime: &Runtime,
    name: &str,
    service: &S,
) {
    group.bench_function(name, |b| {
        b.iter_batched(
            || (service.clone(), request()),
            |(service, request)| runtime.block_on(service.oneshot(request)).ok().map(black_box),
            BatchSize::SmallInput,
        );
    });
}

fn layer(c: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut group = c.benchmark_group("a request that succeeds at once");
    let bare = service_fn(|request: Call| async move {
        black_box(request);
        Ok::<_, Infallible>(response())
    });
    bench(&mut group, &runtime, "bare", &bare);
    let layer = ForbearLayer::new(Policy::recommended());
    bench(&mut group, &runtime, "forbear", &layer.layer(bare));
    bench(&mut group, &runtime, "forbear, a state for each host", &layer.per_host().layer(bare));
    let rate = "1000000000/s".parse().expect("a rate");
    let limited = Policy::builder()
        .limit(Gcra::per(rate).with_burst(u32::MAX).expect("a burst above 0"))
        .build()
        .expect("a policy");
    bench(&mut group, &runtime, "forbear, rate limited", &ForbearLayer::new(limited).layer(bare));
    group.finish();
}

criterion_group!(benches, layer);
criterion_main!(benches);

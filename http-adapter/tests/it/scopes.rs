use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::Bytes;
use forbear_core::Policy;
use forbear_http::{Forbear, ForbearLayer, HttpRequest};
use http::{Request, Response};
use http_body_util::{Empty, Full};
use tower::util::BoxCloneService;
use tower::{Layer, ServiceExt, service_fn};

type Server = BoxCloneService<Request<Empty<Bytes>>, Response<Full<Bytes>>, Infallible>;

/// A server that refuses the path `/refuse` for a minute, and serves all others.
fn server() -> Server {
    BoxCloneService::new(service_fn(|request: Request<Empty<Bytes>>| async move {
        let is_refused = request.uri().path() == "/refuse";
        let status = if is_refused { 429 } else { 200 };
        let response = Response::builder().status(status).header("retry-after", "60");
        Ok(response.body(Full::default()).unwrap())
    }))
}

/// One send a call: what is measured is how long a call is held back.
fn layer() -> ForbearLayer {
    ForbearLayer::new(Policy::builder().max_attempts(1).build().unwrap())
}

/// How long a request was held back.
async fn wait_for(client: &Forbear<Server>, request: Request<Empty<Bytes>>) -> Duration {
    let start = tokio::time::Instant::now();
    client.clone().oneshot(request).await.unwrap();
    start.elapsed()
}

fn get(url: &str) -> Request<Empty<Bytes>> {
    Request::get(url).body(Empty::new()).unwrap()
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn without_scopes_one_host_holds_back_all() {
    let client = layer().layer(server());
    wait_for(&client, get("http://a.example/refuse")).await;
    assert_eq!(wait_for(&client, get("http://b.example/")).await, MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_host_holds_back_its_own_requests_only() {
    let client = layer().per_host().layer(server());
    wait_for(&client, get("http://user:secret@A.example:80/refuse")).await;
    assert_eq!(wait_for(&client, get("http://b.example/")).await, Duration::ZERO);
    assert_eq!(wait_for(&client, get("http://a.example:81/")).await, Duration::ZERO);
    assert_eq!(wait_for(&client, get("http://a.example:80/")).await, MINUTE);
}

#[tokio::test(start_paused = true)]
async fn services_of_one_layer_share_their_scopes() {
    let layer = layer().per_host();
    wait_for(&layer.layer(server()), get("http://a.example/refuse")).await;
    assert_eq!(wait_for(&layer.layer(server()), get("http://a.example/")).await, MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_key_of_ones_own_is_a_scope() {
    let client = layer()
        .keyed_by(|request: &Request<Empty<Bytes>>| {
            Some(request.headers().get("x-tenant")?.to_str().ok()?.to_owned())
        })
        .layer(server());
    let of = |tenant: &str, url: &str| {
        let mut request = get(url);
        request.headers_mut().insert("x-tenant", tenant.parse().unwrap());
        request
    };
    wait_for(&client, of("ann", "/refuse")).await;
    assert_eq!(wait_for(&client, of("bob", "/")).await, Duration::ZERO);
    assert_eq!(wait_for(&client, get("/")).await, Duration::ZERO);
    assert_eq!(wait_for(&client, of("ann", "/")).await, MINUTE);
}

/// A server whose `/a` and `/b` count against one bucket and `/c` against another; the
/// bucket of `/b` is refused for a minute when `x-refuse` is sent.
fn bucketed() -> Server {
    BoxCloneService::new(service_fn(|request: Request<Empty<Bytes>>| async move {
        let bucket = if request.uri().path() == "/c" { "two" } else { "one" };
        let response = Response::builder().header("x-ratelimit-bucket", bucket);
        let response = if request.headers().contains_key("x-refuse") {
            response.status(429).header("retry-after", "60")
        } else {
            response
        };
        Ok(response.body(Full::default()).unwrap())
    }))
}

#[tokio::test(start_paused = true)]
async fn routes_of_one_bucket_share_its_state_once_the_server_named_it() {
    let client = layer()
        .per_bucket(|request: &Request<Empty<Bytes>>| {
            Some(("api.example".to_owned(), request.uri().path().to_owned()))
        })
        .layer(bucketed());
    let refused = |path: &str| {
        let mut request = get(path);
        request.headers_mut().insert("x-refuse", "1".parse().unwrap());
        request
    };
    // Not named yet: a refusal of one route is that of this route.
    wait_for(&client, refused("/a")).await;
    assert_eq!(wait_for(&client, get("/b")).await, Duration::ZERO);
    assert_eq!(wait_for(&client, get("/c")).await, Duration::ZERO);
    // The wait of the refusal is kept although the success names a bucket that is known.
    assert_eq!(wait_for(&client, get("/a")).await, MINUTE);
    // From now on all three are.
    wait_for(&client, refused("/b")).await;
    assert_eq!(wait_for(&client, get("/c")).await, Duration::ZERO);
    assert_eq!(wait_for(&client, get("/a")).await, MINUTE);
}

#[tokio::test(start_paused = true)]
async fn buckets_of_one_name_are_apart_for_each_resource() {
    let client = layer()
        .per_bucket(|request: &Request<Empty<Bytes>>| {
            Some((request.uri().host()?.to_owned(), request.uri().path().to_owned()))
        })
        .layer(bucketed());
    for url in ["http://x.example/a", "http://y.example/a"] {
        wait_for(&client, get(url)).await;
    }
    let mut refused = get("http://x.example/a");
    refused.headers_mut().insert("x-refuse", "1".parse().unwrap());
    wait_for(&client, refused).await;
    assert_eq!(wait_for(&client, get("http://y.example/a")).await, Duration::ZERO);
    assert_eq!(wait_for(&client, get("http://x.example/b")).await, Duration::ZERO);
    assert_eq!(wait_for(&client, get("http://x.example/b")).await, MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_wait_survives_a_thousand_other_hosts() {
    let client = layer().per_host().keeping(NonZeroUsize::new(8).unwrap()).layer(server());
    wait_for(&client, get("http://a.example/refuse")).await;
    for host in 0..1000 {
        wait_for(&client, get(&format!("http://h{host}.example/"))).await;
    }
    assert_eq!(wait_for(&client, get("http://a.example/")).await, MINUTE);
}

#[test]
fn a_request_knows_where_it_goes() {
    assert_eq!(get("HTTP://A.example/").authority().as_deref(), Some("a.example"));
    assert_eq!(get("http://u:p@a.example:8080/").authority().as_deref(), Some("a.example:8080"));
    assert_eq!(get("/").authority(), None);
    let mut relative = get("/");
    relative.headers_mut().insert("host", "A.example".parse().unwrap());
    assert_eq!(relative.authority().as_deref(), Some("a.example"));
    let url = "http://u:p@A.example:8080/".parse().unwrap();
    let request = reqwest::Request::new(http::Method::GET, url);
    assert_eq!(request.authority().as_deref(), Some("a.example:8080"));
}

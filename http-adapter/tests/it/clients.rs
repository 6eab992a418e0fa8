use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut};
use forbear_core::Policy;
use forbear_http::{ForbearLayer, ReplayBody};
use http::uri::PathAndQuery;
use http::{Request, StatusCode};
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::{AuthState, OctoBody, OctocrabBuilder};
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataValue;
use tonic::server::{NamedService, UnaryService};
use tonic::transport::{Channel, Server};
use tonic::{Code, Status};
use tower::{Service, ServiceBuilder};

use crate::support::serve;

/// Messages that are text: what is tested is below them.
#[derive(Clone, Copy, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        Ok(Some(String::from_utf8(bytes.to_vec()).unwrap()))
    }
}

/// A gRPC server that answers with `statuses` in turn, then with an echo.
#[derive(Clone)]
struct Echo {
    statuses: Arc<Mutex<Vec<(Code, &'static str)>>>,
    /// When each request came, and what it said.
    got: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl UnaryService<String> for Echo {
    type Response = String;
    type Future = std::future::Ready<Result<tonic::Response<String>, Status>>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        let text = request.into_inner();
        self.got.lock().unwrap().push((Instant::now(), text.clone()));
        std::future::ready(match self.statuses.lock().unwrap().pop() {
            Some((code, pushback)) => {
                let mut status = Status::new(code, "slow down");
                let value = MetadataValue::from_static(pushback);
                status.metadata_mut().insert("grpc-retry-pushback-ms", value);
                Err(status)
            }
            None => Ok(tonic::Response::new(text)),
        })
    }
}

impl Service<Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok(tonic::server::Grpc::new(Text).unary(this, request).await) })
    }
}

impl NamedService for Echo {
    const NAME: &'static str = "test.Echo";
}

fn policy() -> Policy {
    let backoff = forbear_core::backoff::Constant::new(Duration::from_millis(1));
    Policy::builder().max_attempts(4).backoff(backoff).no_budget().build().unwrap()
}

/// Calls a server that answers with `statuses` first, through the layer.
async fn call(statuses: Vec<(Code, &'static str)>) -> (Result<String, Status>, Echo) {
    let echo = Echo { statuses: Arc::new(Mutex::new(statuses)), got: Arc::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    tokio::spawn(Server::builder().add_service(echo.clone()).serve_with_incoming(incoming));

    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    let client = ServiceBuilder::new()
        .map_request(|request: Request<Body>| request.map(ReplayBody::new))
        .layer(ForbearLayer::new(policy()))
        .map_request(|request: Request<ReplayBody<Body>>| request.map(Body::new))
        .service(channel);
    let mut client = tonic::client::Grpc::new(client);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/test.Echo/Say");
    let answer = client.unary(tonic::Request::new("hello".to_owned()), path, Text).await;
    (answer.map(tonic::Response::into_inner), echo)
}

#[tokio::test]
async fn tonic_waits_as_long_as_the_server_pushes_back() {
    let exhausted = (Code::ResourceExhausted, "300");
    let (answer, echo) = call(vec![exhausted, exhausted]).await;
    assert_eq!(answer.unwrap(), "hello");
    let got = echo.got.lock().unwrap();
    assert_eq!(got.len(), 3);
    for pair in got.windows(2) {
        // Both are taken in the server, the wait runs in the client.
        assert!(pair[1].0 - pair[0].0 >= Duration::from_millis(300), "{got:?}");
        assert_eq!(pair[0].1, pair[1].1, "the message is the same");
    }
}

#[tokio::test]
async fn tonic_is_told_when_the_server_forbids_the_retry() {
    let (answer, echo) = call(vec![(Code::ResourceExhausted, "-1")]).await;
    assert_eq!(answer.unwrap_err().code(), Code::ResourceExhausted);
    assert_eq!(echo.got.lock().unwrap().len(), 1);
}

/// GitHub's secondary limit, once: a 403 that says how long to wait.
#[tokio::test]
async fn octocrab_waits_out_a_secondary_limit() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&times);
    let github = axum::Router::new().fallback(move |uri: http::Uri| {
        let mut times = seen.lock().unwrap();
        times.push(Instant::now());
        let is_first = times.len() == 1;
        async move {
            assert_eq!(uri.path(), "/rate");
            let json = ("content-type", "application/json");
            if is_first {
                let message = r#"{"message": "You have exceeded a secondary rate limit."}"#;
                (StatusCode::FORBIDDEN, [json, ("retry-after", "1")], message)
            } else {
                (StatusCode::OK, [json, ("x-ratelimit-remaining", "9")], r#"{"rate": 9}"#)
            }
        }
    });
    let base = serve(github).await.parse().unwrap();

    let executor = hyper_util::rt::TokioExecutor::new();
    let client = ServiceBuilder::new()
        .map_request(|request: Request<OctoBody>| request.map(ReplayBody::new))
        .layer(ForbearLayer::new(policy()))
        .service(hyper_util::client::legacy::Client::builder(executor).build_http());
    let octocrab = OctocrabBuilder::new_empty()
        .with_service(client)
        .with_layer(&BaseUriLayer::new(base))
        .with_auth(AuthState::None)
        .build()
        .unwrap();
    let answer: serde_json::Value = octocrab.get("/rate", None::<&()>).await.unwrap();
    assert_eq!(answer["rate"], 9);
    let times = times.lock().unwrap();
    assert_eq!(times.len(), 2);
    assert!(times[1] - times[0] >= Duration::from_secs(1), "{times:?}");
}

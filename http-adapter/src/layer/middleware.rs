//! The layer as a middleware of `reqwest_middleware`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};
use tower_service::Service;

use super::ForbearLayer;
use super::service::Sending;

/// ```
/// use forbear_core::Policy;
/// use forbear_http::ForbearLayer;
/// use reqwest_middleware::ClientBuilder;
///
/// let reqwest = reqwest::Client::builder().retry(reqwest::retry::never()).build()?;
/// let client = ClientBuilder::new(reqwest).with(ForbearLayer::new(Policy::recommended())).build();
/// # let _ = client;
/// # Ok::<(), reqwest::Error>(())
/// ```
///
/// The middlewares after it see each attempt, with the extensions as they were before the
/// first. When there is no response, the error is `Error::Middleware` and holds
/// [`forbear_http::Error`](super::Error).
#[async_trait::async_trait]
impl Middleware for ForbearLayer {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let sending = Sending::begin(&self.scopes, &self.rules, &mut request);
        let rest = Rest { next, extensions: extensions.clone() };
        sending.send(rest, request).await.map_err(Error::middleware)
    }
}

/// The middlewares that follow, and the client.
struct Rest<'a> {
    next: Next<'a>,
    extensions: Extensions,
}

impl<'a> Service<Request> for Rest<'a> {
    type Response = Response;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response>> + Send + 'a>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (next, mut extensions) = (self.next.clone(), self.extensions.clone());
        Box::pin(async move { next.run(request, &mut extensions).await })
    }
}

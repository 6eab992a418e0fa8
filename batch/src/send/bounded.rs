//! Connecting within a time, handshake of TLS included.

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use forbear_core::text::format_duration;
use http::Uri;
use tower_service::Service;

type BoxError = Box<dyn Error + Send + Sync>;

/// A connector that gives up after a time; the one of hyper-util bounds TCP alone.
#[derive(Clone, Debug)]
pub(super) struct Bounded<C> {
    inner: C,
    most: Duration,
}

impl<C> Bounded<C> {
    pub(super) const fn new(inner: C, most: Duration) -> Self {
        Self { inner, most }
    }
}

impl<C> Service<Uri> for Bounded<C>
where
    C: Service<Uri, Error: Into<BoxError>, Future: Send + 'static>,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, most) = (self.inner.call(uri), self.most);
        Box::pin(async move {
            let connected = tokio::time::timeout(most, connecting).await;
            connected.map_or_else(
                |_| {
                    let why = format!("no connection within {}", format_duration(most));
                    Err(io::Error::new(io::ErrorKind::TimedOut, why).into())
                },
                |connected| connected.map_err(Into::into),
            )
        })
    }
}

//! What the layer needs of a response.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::Buf;
use forbear_core::GiveUp;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;

/// The most of a refused response's body that is read for the sake of its
/// connection; a longer one costs more than a new connection.
pub(super) const DISCARD_LIMIT: usize = 64 * 1024;

/// The longest time that is spent on it.
pub(super) const DISCARD_TIME: Duration = Duration::from_secs(1);

/// A response that the layer can read.
pub trait HttpResponse {
    /// Its status.
    fn status(&self) -> StatusCode;

    /// Its header fields.
    fn headers(&self) -> &HeaderMap;

    /// Notes why it is returned although it is no success.
    fn set_give_up(&mut self, reason: GiveUp);

    /// Reads the rest of it, within bounds, so that its connection can be used
    /// for the next attempt.
    fn discard(self) -> impl Future<Output = ()> + Send;
}

impl<B> HttpResponse for Response<B>
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Send,
{
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn set_give_up(&mut self, reason: GiveUp) {
        self.extensions_mut().insert(reason);
    }

    async fn discard(self) {
        let read = async {
            let (mut body, mut rest) = (pin!(self.into_body()), DISCARD_LIMIT);
            while let Some(Ok(frame)) = body.frame().await {
                let len = frame.data_ref().map_or(0, Buf::remaining);
                match rest.checked_sub(len) {
                    Some(left) => rest = left,
                    None => break,
                }
            }
        };
        // Late or broken, the response is dropped all the same.
        let _ = tokio::time::timeout(DISCARD_TIME, read).await;
    }
}

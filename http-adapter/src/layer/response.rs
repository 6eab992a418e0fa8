//! What the layer needs of a response.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use forbear_core::GiveUp;
use forbear_core::driver::History;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;

use super::Peeked;

/// The most of a refused response's body that is read for the sake of its
/// connection; a longer one costs more than a new connection.
const DISCARD_LIMIT: usize = 64 * 1024;

/// The longest time that is spent on it.
const DISCARD_TIME: Duration = Duration::from_secs(1);

/// A response that the layer can read.
///
/// # Contract
///
/// * Whether read or not, what the caller gets has the status, the fields and the
///   whole body of the response.
pub trait HttpResponse {
    /// The response as the caller gets it.
    type Peeked: PeekedResponse;

    /// Its status.
    fn status(&self) -> StatusCode;

    /// Its header fields.
    fn headers(&self) -> &HeaderMap;

    /// The response, its body untouched.
    fn unread(self) -> Self::Peeked;

    /// Reads the beginning of the body, at most some 64 KiB and for at most a
    /// second, and returns it beside the response.
    fn peek(self) -> impl Future<Output = (Self::Peeked, Bytes)> + Send;
}

/// A response that the layer has read, on its way to the caller.
pub trait PeekedResponse {
    /// Its status.
    fn status(&self) -> StatusCode;

    /// Its header fields.
    fn headers(&self) -> &HeaderMap;

    /// Notes why it is returned although it is no success, and after which attempts.
    fn set_give_up(&mut self, reason: GiveUp, history: &History);

    /// Reads the rest of it, within bounds, so that its connection can be used
    /// for the next attempt.
    fn discard(self) -> impl Future<Output = ()> + Send;
}

impl<B> HttpResponse for Response<B>
where
    B: Body<Data = Bytes> + Send,
    B::Error: Send,
{
    type Peeked = Response<Peeked<B>>;

    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn unread(self) -> Self::Peeked {
        self.map(Peeked::untouched)
    }

    async fn peek(self) -> (Self::Peeked, Bytes) {
        let (head, body) = self.into_parts();
        let (body, beginning) = Peeked::read(body).await;
        (Response::from_parts(head, body), beginning)
    }
}

impl<B> PeekedResponse for Response<Peeked<B>>
where
    B: Body<Data = Bytes> + Send,
    B::Error: Send,
{
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn set_give_up(&mut self, reason: GiveUp, history: &History) {
        self.extensions_mut().insert(reason);
        self.extensions_mut().insert(history.clone());
    }

    async fn discard(self) {
        discard(self.into_body()).await;
    }
}

/// Reads `body` to its end, within [`DISCARD_LIMIT`] and [`DISCARD_TIME`].
pub(super) async fn discard<B: Body<Data = Bytes>>(body: B) {
    let read = async {
        let (mut body, mut rest) = (pin!(body), DISCARD_LIMIT);
        while let Some(Ok(frame)) = body.frame().await {
            let len = frame.data_ref().map_or(0, Bytes::len);
            match rest.checked_sub(len) {
                Some(left) => rest = left,
                None => break,
            }
        }
    };
    // Late or broken, the response is dropped all the same.
    let _ = tokio::time::timeout(DISCARD_TIME, read).await;
}

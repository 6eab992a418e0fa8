//! A body of which the beginning was read.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// How much of a body is read ahead: 64 KiB, as much as a [`Reader`](crate::Reader) looks
/// at.
pub(super) const PEEK_LIMIT: usize = crate::body::MAX_BYTES;

/// How long that may take. An error's body comes with its head; what is later than this
/// is a stream, and is handed on as one.
pub(super) const PEEK_TIME: Duration = Duration::from_secs(1);

pin_project! {
    /// A response's body, of which the beginning may have been read.
    ///
    /// Yields the same bytes, trailers and error as the body itself. The layer reads the
    /// beginning of the bodies that may say why a request was refused; all others pass
    /// through it untouched.
    pub struct Peeked<B: Body> {
        front: Option<Bytes>,
        // Trailers or an error, which came while the beginning was read.
        after: Option<Result<Frame<Bytes>, B::Error>>,
        #[pin]
        rest: Rest<B>,
    }
}

pin_project! {
    /// What is yet to come.
    #[project = RestOf]
    enum Rest<B> {
        Untouched { #[pin] body: B },
        Begun { body: Pin<Box<B>> },
        Over,
    }
}

impl<B: Body<Data = Bytes>> Peeked<B> {
    /// A body that nobody has touched.
    pub(super) const fn untouched(body: B) -> Self {
        Self { front: None, after: None, rest: Rest::Untouched { body } }
    }

    /// Reads the beginning of `body`, within bounds, and returns it beside the whole.
    pub(super) async fn read(body: B) -> (Self, Bytes) {
        let mut reading = Reading { frames: Vec::new(), size: 0, after: None, is_over: false };
        let mut body = Box::pin(body);
        // Late, it is handed on with what came so far.
        let _ = tokio::time::timeout(PEEK_TIME, reading.fill(body.as_mut())).await;
        let Reading { frames, after, is_over, .. } = reading;
        let front = match <[Bytes; 1]>::try_from(frames) {
            Ok([only]) => only,
            Err(several) => several.concat().into(),
        };
        let rest = if is_over { Rest::Over } else { Rest::Begun { body } };
        let kept = (!front.is_empty()).then(|| front.clone());
        (Self { front: kept, after, rest }, front)
    }
}

/// What was read of a body so far; kept outside of the future, which may be cut short.
struct Reading<E> {
    frames: Vec<Bytes>,
    size: usize,
    after: Option<Result<Frame<Bytes>, E>>,
    is_over: bool,
}

impl<E> Reading<E> {
    async fn fill<B: Body<Data = Bytes, Error = E>>(&mut self, mut body: Pin<&mut B>) {
        while self.size < PEEK_LIMIT {
            let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await else {
                self.is_over = true;
                return;
            };
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => {
                    self.size += data.len();
                    self.frames.push(data);
                }
                Ok(Err(trailers)) => {
                    self.after = Some(Ok(trailers));
                    return;
                }
                Err(error) => {
                    self.after = Some(Err(error));
                    return;
                }
            }
        }
    }
}

impl<B: Body<Data = Bytes>> Body for Peeked<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        if let Some(front) = this.front.take() {
            return Poll::Ready(Some(Ok(Frame::data(front))));
        }
        if let Some(frame) = this.after.take() {
            return Poll::Ready(Some(frame));
        }
        match this.rest.project() {
            RestOf::Untouched { body } => body.poll_frame(cx),
            RestOf::Begun { body } => body.as_mut().poll_frame(cx),
            RestOf::Over => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        let nothing_read = self.front.is_none() && self.after.is_none();
        nothing_read
            && match &self.rest {
                Rest::Untouched { body } => body.is_end_stream(),
                Rest::Begun { body } => body.is_end_stream(),
                Rest::Over => true,
            }
    }

    fn size_hint(&self) -> SizeHint {
        let rest = match &self.rest {
            Rest::Untouched { body } => body.size_hint(),
            Rest::Begun { body } => body.size_hint(),
            Rest::Over => SizeHint::with_exact(0),
        };
        let Some(front) = &self.front else { return rest };
        let front = front.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(front));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(front)) {
            hint.set_upper(upper);
        }
        hint
    }
}

impl<B: Body> fmt::Debug for Peeked<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let front_bytes = self.front.as_ref().map_or(0, Bytes::len);
        f.debug_struct("Peeked").field("front_bytes", &front_bytes).finish_non_exhaustive()
    }
}

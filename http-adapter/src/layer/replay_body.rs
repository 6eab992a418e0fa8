//! A streaming body that is kept while it is sent.
//!
//! The idea is linkerd's `ReplayBody`
//! (<https://github.com/linkerd/linkerd2-proxy>, `http/retry`): the first sending
//! takes the frames from the stream and keeps a copy; a later one plays the
//! copies, then goes on with the rest of the stream. Nothing is read ahead, so a
//! request that succeeds at once costs a reference count for each frame.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::ReplayableBody;

/// A streaming body that can be sent again, up to a number of bytes.
///
/// A body that turns out to be longer is still sent whole, once.
///
/// # Examples
///
/// ```
/// use forbear_http::{ReplayBody, ReplayableBody};
/// use http_body_util::Full;
///
/// let body = ReplayBody::new(Full::new(bytes::Bytes::from("hello")));
/// assert!(body.try_replay().is_some());
/// ```
pub struct ReplayBody<B> {
    shared: Arc<Mutex<Shared<B>>>,
    /// Which sending this is, from 0.
    sending: u64,
    /// How many kept frames were played.
    played: usize,
    /// The length as it was before the first frame, for every sending.
    size: SizeHint,
}

struct Shared<B> {
    stream: Pin<Box<B>>,
    /// The newest sending that has begun. A refusal may come before the body is
    /// read; then an older sending must not take frames from a newer one.
    begun: u64,
    /// Copies made so far, which number the sendings.
    copies: u64,
    kept: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    /// How many more bytes are kept; `None` when that was not enough.
    room: Option<usize>,
    ended: bool,
}

impl<B: Body<Data = Bytes>> ReplayBody<B> {
    /// How much is kept unless said otherwise: 64 KiB.
    ///
    /// Linkerd's bound for the same purpose; most API requests are smaller.
    pub const DEFAULT_LIMIT: usize = 64 * 1024;

    /// Keeps up to 64 KiB of `body`.
    #[must_use]
    pub fn new(body: B) -> Self {
        Self::with_limit(body, Self::DEFAULT_LIMIT)
    }

    /// Keeps up to `limit` bytes of `body`.
    #[must_use]
    pub fn with_limit(body: B, limit: usize) -> Self {
        let size = body.size_hint();
        // A body that says that it is longer is not worth keeping at all.
        let room = (size.lower() <= limit as u64).then_some(limit);
        let stream = Box::pin(body);
        let shared = Shared {
            stream,
            begun: 0,
            copies: 0,
            kept: Vec::new(),
            trailers: None,
            room,
            ended: false,
        };
        Self { shared: Arc::new(Mutex::new(shared)), sending: 0, played: 0, size }
    }
}

impl<B> ReplayBody<B> {
    fn lock(&self) -> MutexGuard<'_, Shared<B>> {
        // Poisoned only if the inner stream panicked; what is kept is whole.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> ReplayableBody for ReplayBody<B> {
    fn try_replay(&self) -> Option<Self> {
        let mut shared = self.lock();
        shared.room?;
        shared.copies += 1;
        let sending = shared.copies;
        Some(Self { shared: Arc::clone(&self.shared), sending, played: 0, size: self.size })
    }

    fn can_replay(&self) -> bool {
        self.lock().room.is_some()
    }

    /// Once the stream was read to its end: before, two sendings would share it.
    fn can_overlap(&self) -> bool {
        let shared = self.lock();
        shared.room.is_some() && shared.ended
    }
}

impl<B: Body<Data = Bytes>> Body for ReplayBody<B> {
    type Data = Bytes;
    type Error = ReplayError<B::Error>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReplayError<B::Error>>>> {
        let this = self.get_mut();
        let mut shared = this.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if this.sending < shared.begun {
            return Poll::Ready(Some(Err(ReplayError::Superseded)));
        }
        shared.begun = this.sending;
        if let Some(data) = shared.kept.get(this.played) {
            this.played += 1;
            return Poll::Ready(Some(Ok(Frame::data(data.clone()))));
        }
        if shared.ended {
            // Trailers come once, after the last frame.
            this.played = this.played.saturating_add(1);
            let trailers = shared.trailers.clone();
            let first_time = this.played == shared.kept.len() + 1;
            let frame = trailers.filter(|_| first_time).map(Frame::trailers).map(Ok);
            return Poll::Ready(frame);
        }
        let Poll::Ready(next) = shared.stream.as_mut().poll_frame(cx) else {
            return Poll::Pending;
        };
        if let Some(Ok(frame)) = &next {
            if let Some(data) = frame.data_ref() {
                this.played += usize::from(shared.keep(data));
            } else if let Some(trailers) = frame.trailers_ref() {
                shared.trailers = Some(trailers.clone());
                shared.ended = true;
                this.played = this.played.saturating_add(1);
            }
        } else {
            shared.ended = true;
            // A stream that broke cannot be continued, so it cannot be replayed.
            if next.is_some() {
                shared.room = None;
            }
        }
        Poll::Ready(next.map(|frame| frame.map_err(ReplayError::Body)))
    }

    fn is_end_stream(&self) -> bool {
        let shared = self.lock();
        let played_all = self.played >= shared.kept.len();
        played_all && (shared.stream.is_end_stream() || (shared.ended && shared.trailers.is_none()))
    }

    fn size_hint(&self) -> SizeHint {
        self.size
    }
}

impl<B> Shared<B> {
    /// Keeps a frame if there is room; otherwise lets go of what was kept, since
    /// half a body is no use.
    fn keep(&mut self, data: &Bytes) -> bool {
        self.room = self.room.and_then(|room| room.checked_sub(data.len()));
        if self.room.is_some() {
            self.kept.push(data.clone());
        } else {
            self.kept.clear();
        }
        self.room.is_some()
    }
}

impl<B> fmt::Debug for ReplayBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBody").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Why a [`ReplayBody`] broke off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ReplayError<E> {
    /// The body itself failed.
    Body(E),
    /// The request was answered and is being sent again.
    Superseded,
}

impl<E: fmt::Display> fmt::Display for ReplayError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(error) => error.fmt(f),
            Self::Superseded => f.write_str("the request was answered and is being sent again"),
        }
    }
}

impl<E: Error + 'static> Error for ReplayError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Body(error) => error.source(),
            Self::Superseded => None,
        }
    }
}

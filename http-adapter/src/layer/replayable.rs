//! Bodies that may be sent more than once.

use bytes::Bytes;
use http_body_util::combinators::{BoxBody, UnsyncBoxBody};
use http_body_util::{Empty, Full};

/// A request body that says whether it can be sent once more.
///
/// Bodies in memory can. A stream cannot, unless it is wrapped in a
/// [`ReplayBody`](super::ReplayBody); it is then sent once.
///
/// # Contract
///
/// * A copy yields the same bytes as the original did from its start.
pub trait ReplayableBody: Sized {
    /// A copy of the body from its start, if there can be one.
    fn try_replay(&self) -> Option<Self>;

    /// Whether this copy, made earlier, still yields the whole body.
    fn can_replay(&self) -> bool {
        true
    }

    /// Whether a copy can be sent while the original, or another copy, still is.
    fn can_overlap(&self) -> bool {
        true
    }
}

macro_rules! cloned {
    ($($body:ty),*) => {$(
        impl ReplayableBody for $body {
            fn try_replay(&self) -> Option<Self> {
                Some(self.clone())
            }
        }
    )*};
}

cloned!((), &'static str, String, Vec<u8>, Bytes);

impl<D: Clone> ReplayableBody for Full<D> {
    fn try_replay(&self) -> Option<Self> {
        Some(self.clone())
    }
}

impl<D> ReplayableBody for Empty<D> {
    fn try_replay(&self) -> Option<Self> {
        Some(Self::new())
    }
}

macro_rules! sent_once {
    ($($body:ident),*) => {$(
        impl<D, E> ReplayableBody for $body<D, E> {
            fn try_replay(&self) -> Option<Self> {
                None
            }
        }
    )*};
}

sent_once!(BoxBody, UnsyncBoxBody);

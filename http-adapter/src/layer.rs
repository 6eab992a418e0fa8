//! A tower layer that sends requests as a policy says.
//!
//! It works over any service from a request to a response that
//! [`HttpRequest`] and [`HttpResponse`] know: hyper-util's client, an axum
//! router, reqwest's client (feature `reqwest`).

mod error;
mod idempotency_key;
mod peeked;
mod replay_body;
mod replayable;
mod request;
mod response;
mod safety;
mod service;

#[cfg(feature = "reqwest")]
mod reqwest;

use std::sync::Arc;

use forbear_core::Policy;
use tower_layer::Layer;

use crate::Reader;

pub use self::{
    error::Error,
    peeked::Peeked,
    replay_body::{ReplayBody, ReplayError},
    replayable::ReplayableBody,
    request::HttpRequest,
    response::{HttpResponse, PeekedResponse},
    service::{Forbear, ForbearFuture},
};

/// Sends requests as a policy says: when the limiters admit them, and again when
/// the policy says so.
///
/// All services made by one layer, and their clones, share the state of the
/// policy: one caller's 429 holds back all. One layer is therefore for one
/// destination; use [`Policy::fresh`] for another.
///
/// * A 429 is sent again whatever the method. A 5xx or a broken connection is
///   sent again only if the method is idempotent (RFC 9110, section 9.2.2) or the
///   request has an `Idempotency-Key`.
/// * A body that cannot be replayed is sent once, never refused; see
///   [`ReplayBody`] for one that can.
/// * The beginning of an error's body is read, up to 64 KiB and for up to a second:
///   it tells a 403 that is a rate limit from one that is a missing permission. The
///   caller gets the whole body ([`Peeked`]). A success passes untouched, unless
///   the reader asks for it with [`Reader::with_bodies_of_successes`].
/// * When the policy gives up, the last response is returned as it came, with
///   the reason as an extension of type [`GiveUp`](forbear_core::GiveUp).
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use bytes::Bytes;
/// use forbear_core::Policy;
/// use forbear_http::ForbearLayer;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// let server = service_fn(|_: Request<Full<Bytes>>| async {
///     Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::from("done")))
/// });
/// let client = ServiceBuilder::new()
///     .layer(ForbearLayer::new(Policy::recommended()))
///     .service(server);
///
/// let response = client.oneshot(Request::get("/").body(Full::default())?).await?;
/// assert_eq!(response.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct ForbearLayer {
    policy: Policy,
    reader: Arc<Reader>,
    add_idempotency_key: bool,
}

impl ForbearLayer {
    /// Sends as `policy` says.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, reader: Arc::default(), add_idempotency_key: false }
    }

    /// Reads responses with `reader`, for a provider whose fields do not explain
    /// themselves.
    #[must_use]
    pub fn reading_with(mut self, reader: Reader) -> Self {
        self.reader = Arc::new(reader);
        self
    }

    /// Gives a POST or PATCH without an `Idempotency-Key` one of its own, the same
    /// on every attempt, so that it can be sent again after a 5xx too.
    ///
    /// Only for servers that honour the field: for others a key changes nothing,
    /// and a retry may do the work twice. The key is a random UUID
    /// (draft-ietf-httpapi-idempotency-key-header, section 2).
    #[must_use]
    pub const fn adding_idempotency_keys(mut self) -> Self {
        self.add_idempotency_key = true;
        self
    }
}

impl<S> Layer<S> for ForbearLayer {
    type Service = Forbear<S>;

    fn layer(&self, inner: S) -> Forbear<S> {
        let reader = Arc::clone(&self.reader);
        Forbear::new(inner, self.policy.clone(), reader, self.add_idempotency_key)
    }
}

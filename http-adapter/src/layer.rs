//! A tower layer that sends requests as a policy says.
//!
//! It works over any service from a request to a response that
//! [`HttpRequest`] and [`HttpResponse`] know: hyper-util's client, an axum
//! router, reqwest's client (feature `reqwest`).

mod blocking;
mod error;
mod hedging;
mod idempotency_key;
mod nesting;
mod peeked;
mod race;
mod recording;
mod replay_body;
mod replayable;
mod request;
mod response;
mod rules;
mod safety;
mod scopes;
mod send_error;
mod service;
mod time_out;

#[cfg(feature = "reqwest-middleware")]
mod middleware;
#[cfg(feature = "reqwest")]
mod reqwest;

use std::any::Any;
use std::num::NonZeroUsize;
use std::sync::Arc;

use forbear_core::{Cost, Hedging, Observation, Policy};
use http::{HeaderName, Method};
use tower_layer::Layer;

use self::rules::Rules;
use self::scopes::{Key, Route, Scopes};
use crate::{Head, Reader};

pub use self::{
    error::Error,
    nesting::SendOnce,
    peeked::Peeked,
    replay_body::{ReplayBody, ReplayError},
    replayable::ReplayableBody,
    request::HttpRequest,
    response::{HttpResponse, PeekedResponse},
    safety::{is_idempotent, was_not_done},
    send_error::SendError,
    service::{Forbear, ForbearFuture},
};

/// Sends requests as a policy says: when the limiters admit them, and again when
/// the policy says so.
///
/// All services made by one layer, and their clones, share the state of the
/// policy: one caller's 429 holds back all. One layer is therefore for one
/// destination, unless it is told to keep the state
/// [of each host](Self::per_host) or [of each key](Self::keyed_by) apart.
///
/// * A 429 is sent again whatever the method, and so is a request for which there
///   was no connection ([`SendError`]). A 5xx or a broken connection is sent again
///   only if the method is idempotent (RFC 9110, section 9.2.2) or the request has
///   an `Idempotency-Key`.
/// * An attempt whose response has no head
///   [`attempt_timeout`](forbear_core::PolicyBuilder::attempt_timeout) after its permit is
///   dropped. It is sent again where a broken connection would be: the server may have done
///   the work. Each of several [hedged](Self::hedging) sends has its own time. A body that
///   drips is the matter of the client, or of who reads it.
/// * A body that cannot be replayed is sent once, never refused; see
///   [`ReplayBody`] for one that can.
/// * The beginning of an error's body is read, up to 64 KiB and for up to a second:
///   it tells a 403 that is a rate limit from one that is a missing permission. The
///   caller gets the whole body ([`Peeked`]). A success passes untouched, unless
///   the reader asks for it with [`Reader::with_bodies_of_successes`].
/// * A layer inside of another sends once: only the outermost retries
///   ([`SendOnce`]).
/// * When the policy gives up, the last response is returned as it came, with
///   the reason and the attempts as extensions of types
///   [`GiveUp`](forbear_core::GiveUp) and [`History`](forbear_core::driver::History).
///
/// `docs/CLIENTS.md` shows where it goes in reqwest, hyper, tonic, octocrab, async-openai and
/// what lets nobody in.
///
/// # Clients that retry by themselves
///
/// A client under the layer should not: its retries multiply with the policy's, and
/// are seen by no limiter and no budget. hyper-util's client sends a request again if
/// a pooled connection turns out to be closed before any of it was sent; that is safe,
/// and `retry_canceled_requests(false)` of its builder turns it off. reqwest's client
/// sends again after refusals of HTTP/2; turn that off with
///
/// ```
/// let client = reqwest::Client::builder().retry(reqwest::retry::never()).build()?;
/// # Ok::<(), reqwest::Error>(())
/// ```
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
    scopes: Scopes,
    rules: Arc<Rules>,
}

impl ForbearLayer {
    /// Sends as `policy` says.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let hedging = policy.hedging().map(hedging::Armed::new);
        let rules = Rules { hedging, ..Rules::default() };
        Self { scopes: Scopes::common(policy), rules: Arc::new(rules) }
    }

    /// Reads responses with `reader`, for a provider whose fields do not explain
    /// themselves.
    #[must_use]
    pub fn reading_with(mut self, reader: Reader) -> Self {
        self.rules_mut().reader = reader;
        self
    }

    /// Gives a POST or PATCH without an `Idempotency-Key` one of its own, the same
    /// on every attempt, so that it can be sent again after a 5xx too.
    ///
    /// Only for servers that honour the field: for others a key changes nothing,
    /// and a retry may do the work twice. The key is a random UUID
    /// (draft-ietf-httpapi-idempotency-key-header, section 2).
    #[must_use]
    pub fn adding_idempotency_keys(mut self) -> Self {
        self.rules_mut().add_idempotency_key = true;
        self
    }

    /// Sends requests with `method` again after a 5xx or a broken connection too, as if it
    /// were idempotent; may be called for several methods.
    ///
    /// For servers on which doing the work twice does no harm: the POST of a language
    /// model answers, and changes nothing. It is not hedged.
    ///
    /// ```
    /// use forbear_core::Policy;
    /// use forbear_http::ForbearLayer;
    /// use http::Method;
    ///
    /// let layer = ForbearLayer::new(Policy::recommended()).repeating(Method::POST);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn repeating(mut self, method: Method) -> Self {
        self.rules_mut().repeatable.push(method);
        self
    }

    /// Keeps the state of the policy apart for each host and port, for a client of
    /// many hosts: each has its own limits, budget and waits.
    ///
    /// The host is that of the address, or of the field `Host`; requests with
    /// neither share one state. See [`keyed_by`](Self::keyed_by) for the bound.
    #[must_use]
    pub fn per_host(mut self) -> Self {
        self.scopes.keyed_by(Key::Host);
        self
    }

    /// Keeps the state of the policy apart for each key, such as a tenant or an API
    /// key.
    ///
    /// `key` is asked about requests of its argument's type; those of another type,
    /// and those it has no key for, share one state. 1024 keys are kept
    /// ([`keeping`](Self::keeping)): of idle ones, the least recently used is
    /// forgotten first, with what its limiters counted. One with a request under
    /// way, or that a server told to wait, is never forgotten; while all are such,
    /// the requests of a further key share the state of those without one.
    ///
    /// ```
    /// # use bytes::Bytes;
    /// # use forbear_core::Policy;
    /// # use forbear_http::ForbearLayer;
    /// # use http::Request;
    /// # use http_body_util::Full;
    /// let layer = ForbearLayer::new(Policy::recommended()).keyed_by(
    ///     |request: &Request<Full<Bytes>>| {
    ///         Some(request.headers().get("x-tenant")?.to_str().ok()?.to_owned())
    ///     },
    /// );
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn keyed_by<Q: 'static>(
        mut self,
        key: impl Fn(&Q) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let key = move |request: &dyn Any| key(request.downcast_ref()?);
        self.scopes.keyed_by(Key::By(Arc::new(key)));
        self
    }

    /// Keeps the state of the policy apart for each bucket that the server names, as
    /// Discord does with `X-RateLimit-Bucket` and GitHub with `X-RateLimit-Resource`.
    ///
    /// The bucket of a request is known only when it was answered. `route` says which
    /// requests share one: first what buckets of one name are apart for (a host, a channel,
    /// a token), then the route itself. A route has a state of its own until a success
    /// names its bucket, and from then on the bucket's; routes of one bucket share it.
    /// Requests of another type, and those without a route, share one state. What is said of
    /// [`keyed_by`](Self::keyed_by) about the bound holds, and as many routes are known.
    ///
    /// ```
    /// # use bytes::Bytes;
    /// # use forbear_core::Policy;
    /// # use forbear_http::ForbearLayer;
    /// # use http::Request;
    /// # use http_body_util::Full;
    /// // /channels/123/messages: buckets are apart for each channel.
    /// let layer = ForbearLayer::new(Policy::recommended()).per_bucket(
    ///     |request: &Request<Full<Bytes>>| {
    ///         let mut parts = request.uri().path().splitn(4, '/').skip(2);
    ///         let (channel, rest) = (parts.next()?, parts.next().unwrap_or_default());
    ///         Some((channel.to_owned(), format!("{} {rest}", request.method())))
    ///     },
    /// );
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn per_bucket<Q: 'static>(
        mut self,
        route: impl Fn(&Q) -> Option<(String, String)> + Send + Sync + 'static,
    ) -> Self {
        let route = move |request: &dyn Any| {
            let (resource, name) = route(request.downcast_ref()?)?;
            Some(Route { resource, name })
        };
        self.scopes.keyed_by(Key::Bucket(Arc::new(route)));
        self
    }

    /// How many keys have a state of their own; 1024 unless set.
    #[must_use]
    pub fn keeping(mut self, keys: NonZeroUsize) -> Self {
        self.scopes.keep(keys);
        self
    }

    /// Reads errors of the type `E` with `read`, before the built-in rules of
    /// [`SendError::of`]; may be called for several types.
    #[must_use]
    pub fn reading_errors<E: 'static>(
        mut self,
        read: impl Fn(&E) -> SendError + Send + Sync + 'static,
    ) -> Self {
        let rule = move |error: &dyn Any| error.downcast_ref().map(&read);
        self.rules_mut().errors.push(Arc::new(rule));
        self
    }

    /// Has the last word on what a response means.
    ///
    /// `judge` gets the response, with its body where that was read, and what the
    /// reader made of it.
    ///
    /// ```
    /// use forbear_core::{Observation, Outcome, Policy};
    /// use forbear_http::{ForbearLayer, Head};
    ///
    /// // A database that is read before it has caught up.
    /// let layer = ForbearLayer::new(Policy::recommended()).judging(|head: &Head<'_>, seen| {
    ///     if head.status() == 404 { Observation::new(Outcome::Transient) } else { seen }
    /// });
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn judging(
        mut self,
        judge: impl Fn(&Head<'_>, Observation) -> Observation + Send + Sync + 'static,
    ) -> Self {
        self.rules_mut().judge = Some(Arc::new(judge));
        self
    }

    /// Charges requests of the type `Q` what `cost` estimates; those of another type
    /// cost one request.
    #[must_use]
    pub fn costing<Q: 'static>(
        mut self,
        cost: impl Fn(&Q) -> Cost + Send + Sync + 'static,
    ) -> Self {
        let cost_of = move |request: &dyn Any| request.downcast_ref().map(&cost);
        self.rules_mut().cost_of = Some(Arc::new(cost_of));
        self
    }

    /// Sends reads a second time when their answer is late, as `hedging` says and whatever
    /// the policy does.
    ///
    /// Held to more than a retry is:
    ///
    /// * Only a GET, HEAD, OPTIONS or TRACE is hedged, or a request with an
    ///   `Idempotency-Key`, which is the same on both; and only with a body that can be sent
    ///   twice at once.
    /// * A hedge is paid from the retry budget and counts as an attempt: of three attempts
    ///   at most, three may be under way at once, and then there is no retry.
    /// * It never waits: if a limiter would hold it back, or others stand in line, there is
    ///   none. So there is none after a 429, and none while a server tells anyone to wait.
    /// * Its deadline is that of the request.
    ///
    /// A percentile is that of the last 256 requests of the same host or key; until there
    /// are 32 nothing is hedged. Hedges are counted in
    /// [`Statistics`](forbear_core::driver::Statistics), told to
    /// [`Observer::before_hedge`](forbear_core::driver::Observer::before_hedge), and each is
    /// an attempt of its own in a trace.
    ///
    /// ```
    /// use forbear_core::{Hedging, Policy};
    /// use forbear_http::ForbearLayer;
    ///
    /// let layer =
    ///     ForbearLayer::new(Policy::recommended()).hedging(Hedging::after_percentile(95)?);
    /// # let _ = layer;
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    #[must_use]
    pub fn hedging(mut self, hedging: Hedging) -> Self {
        self.rules_mut().hedging = Some(hedging::Armed::new(hedging));
        self
    }

    /// Sends the number of the attempt, from 1, in the field `name`.
    ///
    /// A server can then tell retries from first tries, in its logs and when it has to
    /// shed load. Envoy's name for it is `x-envoy-attempt-count`.
    #[must_use]
    pub fn numbering_attempts(mut self, name: HeaderName) -> Self {
        self.rules_mut().attempt_field = Some(name);
        self
    }

    /// Sends the milliseconds that are left until the policy gives up, or cuts off this
    /// attempt if that is earlier, rounded down, in the field `name`; nothing if the policy
    /// sets no such time.
    ///
    /// A server can then drop work that nobody will wait for. Envoy's name for it is
    /// `x-envoy-expected-rq-timeout-ms`.
    #[must_use]
    pub fn announcing_deadline(mut self, name: HeaderName) -> Self {
        self.rules_mut().deadline_field = Some(name);
        self
    }

    /// Writes down what becomes of each request, with `recorder`.
    ///
    /// The scope of an entry is the host or the key by which limits are
    /// [kept apart](Self::per_host), hashed unless the recorder was told otherwise.
    #[cfg(feature = "record")]
    #[must_use]
    pub fn recording(mut self, recorder: crate::trace::Recorder) -> Self {
        self.rules_mut().recorder = Some(recorder);
        self
    }

    fn rules_mut(&mut self) -> &mut Rules {
        Arc::make_mut(&mut self.rules)
    }
}

impl<S> Layer<S> for ForbearLayer {
    type Service = Forbear<S>;

    fn layer(&self, inner: S) -> Forbear<S> {
        Forbear::new(inner, self.scopes.clone(), Arc::clone(&self.rules))
    }
}

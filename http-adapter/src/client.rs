//! A client of reqwest's that sends as a policy says.

use std::fmt;

use forbear_core::Policy;
use http::{HeaderName, HeaderValue, Method};
use reqwest::{Body, IntoUrl, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::{Error, Forbear, ForbearLayer};

/// A client of reqwest's that sends as a policy says.
///
/// Clones share their connections and the state of the policy. When the policy gives up
/// on a response, that response is returned, with the reason
/// ([`GiveUp`](forbear_core::GiveUp)) and the attempts
/// ([`History`](forbear_core::driver::History)) among its extensions; when there was none,
/// the [`Error`] has them.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use forbear_core::{Policy, backoff::Constant};
/// use forbear_http::Client;
///
/// // A port of this machine that nobody listens on.
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("http://{}/", listener.local_addr()?);
/// drop(listener);
///
/// let backoff = Constant::new(std::time::Duration::from_millis(1));
/// let client = Client::new(Policy::builder().max_attempts(2).backoff(backoff).build()?)?;
/// let error = client.post(&url).body("answer").send().await.unwrap_err();
/// assert_eq!(error.attempts(), 2);
/// assert_eq!(error.history().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    service: Forbear<reqwest::Client>,
}

impl Client {
    /// Sends as `policy` says; reqwest's own retries are off.
    ///
    /// # Errors
    ///
    /// If reqwest cannot make a client, such as one without a source of certificates.
    pub fn new(policy: Policy) -> reqwest::Result<Self> {
        let inner = reqwest::Client::builder().retry(reqwest::retry::never()).build()?;
        Ok(Self::with_layer(inner, &ForbearLayer::new(policy)))
    }

    /// Sends with `inner`, as `layer` says: a [preset](ForbearLayer::preset), a state for
    /// each host, keys of idempotency.
    ///
    /// `inner` should not retry by itself; see [`ForbearLayer`].
    #[must_use]
    pub fn with_layer(inner: reqwest::Client, layer: &ForbearLayer) -> Self {
        Self { service: layer.layer(inner.clone()), inner }
    }

    /// Begins a request.
    ///
    /// An address that cannot be read is an error of [`send`](RequestBuilder::send).
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder { client: self.clone(), request: self.inner.request(method, url) }
    }

    /// Begins a GET.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Begins a POST.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Begins a PUT.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Begins a PATCH.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Begins a DELETE.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Sends a request of reqwest's.
    ///
    /// # Errors
    ///
    /// If there is no response: why it was given up, and reqwest's error of the last
    /// attempt.
    pub async fn execute(&self, request: Request) -> Result<Response, Error<reqwest::Error>> {
        self.service.clone().call(request).await
    }
}

/// A request that a [`Client`] is about to send.
#[must_use = "a request is sent by `send`"]
pub struct RequestBuilder {
    client: Client,
    request: reqwest::RequestBuilder,
}

impl RequestBuilder {
    /// Adds a header field.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        HeaderName: TryFrom<N, Error: Into<http::Error>>,
        HeaderValue: TryFrom<V, Error: Into<http::Error>>,
    {
        self.with(|request| request.header(name, value))
    }

    /// Sets the body. Text and octets are sent again where that is safe; a stream is sent
    /// once.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.with(|request| request.body(body))
    }

    /// Changes it with a method of reqwest's builder, such as `json` or `timeout`.
    ///
    /// A time-out is that of one attempt; the policy's deadline is that of all.
    pub fn with(
        self,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Self {
        Self { request: change(self.request), ..self }
    }

    /// Sends it, as often and as late as the policy says.
    ///
    /// # Errors
    ///
    /// If it is no request that could be sent, after 0 attempts, or if there is no
    /// response; see [`Client::execute`].
    pub async fn send(self) -> Result<Response, Error<reqwest::Error>> {
        let request = self.request.build().map_err(Error::unsendable)?;
        self.client.execute(request).await
    }
}

/// Without its fields, which may be secrets.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").finish_non_exhaustive()
    }
}

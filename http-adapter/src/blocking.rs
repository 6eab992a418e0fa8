//! A client for threads: ureq's agent, which sends as a policy says.

use std::fmt;
use std::io::{Cursor, ErrorKind, Read};
use std::time::Duration;

use forbear_core::driver::MonotonicClock;
use forbear_core::{Clock, Policy};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use ureq::{Agent, Body, Timeout};

use crate::{Error, ForbearLayer, SendError};

/// A client for threads that sends as a policy says, over ureq.
///
/// Clones share their connections and the state of the policy, also with the services
/// that are made of the same layer: threads and tasks stand in one line. When the policy
/// gives up on a response, that response is returned, with the reason
/// ([`GiveUp`](forbear_core::GiveUp)) and the attempts
/// ([`History`](forbear_core::driver::History)) among its extensions; when there was none,
/// the [`Error`] has them. Nothing is hedged, and a thread is not cut off: an
/// [`attempt_timeout`](forbear_core::PolicyBuilder::attempt_timeout) is for the agent to keep,
/// which has its own (`timeout_connect`, `timeout_recv_response`, `timeout_per_call`).
///
/// # Examples
///
/// ```
/// use forbear_core::{Policy, backoff::Constant};
/// use forbear_http::blocking::Client;
///
/// // A port of this machine that nobody listens on.
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("http://{}/", listener.local_addr()?);
/// drop(listener);
///
/// let backoff = Constant::new(std::time::Duration::from_millis(1));
/// let client = Client::new(Policy::builder().max_attempts(2).backoff(backoff).build()?);
/// let error = client.post(&url).body("answer").send().unwrap_err();
/// assert_eq!(error.attempts(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    layer: ForbearLayer,
}

impl Client {
    /// Sends as `policy` says, with an agent as ureq makes it.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::with_layer(Agent::new_with_defaults(), ForbearLayer::new(policy))
    }

    /// Sends with `agent`, as `layer` says: a [preset](ForbearLayer::preset), a state for
    /// each host, keys of idempotency.
    ///
    /// A status is a response and no error, whatever `agent` was told. ureq's errors are
    /// read by their kind, unless `layer` [reads them](ForbearLayer::reading_errors).
    #[must_use]
    pub fn with_layer(agent: Agent, layer: ForbearLayer) -> Self {
        Self { agent, layer: layer.reading_errors(read_error) }
    }

    /// Begins a request.
    ///
    /// An address that cannot be read is an error of [`send`](RequestBuilder::send).
    pub fn request<U>(&self, method: Method, uri: U) -> RequestBuilder
    where
        Uri: TryFrom<U, Error: Into<http::Error>>,
    {
        let request = Request::builder().method(method).uri(uri);
        RequestBuilder { client: self.clone(), request, body: Vec::new() }
    }

    /// Begins a GET.
    pub fn get<U>(&self, uri: U) -> RequestBuilder
    where
        Uri: TryFrom<U, Error: Into<http::Error>>,
    {
        self.request(Method::GET, uri)
    }

    /// Begins a POST.
    pub fn post<U>(&self, uri: U) -> RequestBuilder
    where
        Uri: TryFrom<U, Error: Into<http::Error>>,
    {
        self.request(Method::POST, uri)
    }

    /// Begins a PUT.
    pub fn put<U>(&self, uri: U) -> RequestBuilder
    where
        Uri: TryFrom<U, Error: Into<http::Error>>,
    {
        self.request(Method::PUT, uri)
    }

    /// Begins a PATCH.
    pub fn patch<U>(&self, uri: U) -> RequestBuilder
    where
        Uri: TryFrom<U, Error: Into<http::Error>>,
    {
        self.request(Method::PATCH, uri)
    }

    /// Begins a DELETE.
    pub fn delete<U>(&self, uri: U) -> RequestBuilder
    where
        Uri: TryFrom<U, Error: Into<http::Error>>,
    {
        self.request(Method::DELETE, uri)
    }

    /// Sends a request of the crate `http`.
    ///
    /// The body of a success is not read here. Of a failure's, the first 64 KiB are, or what
    /// comes within a second, and the caller gets them and the rest. A server that sends
    /// nothing at all is waited for as long as the agent says.
    ///
    /// # Errors
    ///
    /// If there is no response: why it was given up, and ureq's error of the last attempt.
    pub fn execute(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, Error<ureq::Error>> {
        let response = self.layer.send_blocking(request, |request| self.send(request))?;
        Ok(response.map(Begun::whole))
    }

    fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Begun>, ureq::Error> {
        let (head, body) = request.into_parts();
        // Without a body there is no length of one on the wire.
        let response = if body.is_empty() {
            self.run(Request::from_parts(head, ()))?
        } else {
            self.run(Request::from_parts(head, body))?
        };
        let (head, body) = response.into_parts();
        let begun = if self.layer.wants_body(head.status, &head.headers) {
            Begun::read(body)
        } else {
            Begun { beginning: Vec::new(), rest: body }
        };
        Ok(Response::from_parts(head, begun))
    }

    fn run(&self, request: Request<impl ureq::AsSendBody>) -> Result<Response<Body>, ureq::Error> {
        let request = self.agent.configure_request(request).http_status_as_error(false).build();
        self.agent.run(request)
    }
}

/// A request that a [`Client`] is about to send.
#[must_use = "a request is sent by `send`"]
pub struct RequestBuilder {
    client: Client,
    request: http::request::Builder,
    body: Vec<u8>,
}

impl RequestBuilder {
    /// Adds a header field.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        HeaderName: TryFrom<N, Error: Into<http::Error>>,
        HeaderValue: TryFrom<V, Error: Into<http::Error>>,
    {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Sets the body, which is sent again where that is safe.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sends it, as often and as late as the policy says.
    ///
    /// # Errors
    ///
    /// If it is no request that could be sent, after 0 attempts, or if there is no
    /// response; see [`Client::execute`].
    pub fn send(self) -> Result<Response<Body>, Error<ureq::Error>> {
        let request = self.request.body(self.body);
        let request = request.map_err(|error| Error::unsendable(ureq::Error::Http(error)))?;
        self.client.execute(request)
    }
}

/// Without its fields, which may be secrets.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").finish_non_exhaustive()
    }
}

/// A body of which the beginning was read.
struct Begun {
    beginning: Vec<u8>,
    rest: Body,
}

/// As much of an error's body is read, as in the layer.
const BEGINNING: usize = 64 * 1024;

/// And for as long, unless the server sends nothing at all: how long a read may block is the
/// agent's to say.
const READING_TIME: Duration = Duration::from_secs(1);

impl Begun {
    fn read(mut body: Body) -> Self {
        let clock = MonotonicClock::start();
        let late = clock.now().after(READING_TIME);
        let (mut beginning, mut octets) = (Vec::new(), [0; 4 * 1024]);
        let mut reader = body.as_reader();
        while beginning.len() < BEGINNING && clock.now() < late {
            match reader.read(&mut octets) {
                Ok(length @ 1..) => beginning.extend_from_slice(&octets[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Whoever reads on meets the error again; what came before it is kept.
                Ok(_) | Err(_) => break,
            }
        }
        drop(reader);
        Self { beginning, rest: body }
    }

    fn whole(self) -> Body {
        if self.beginning.is_empty() {
            return self.rest;
        }
        let mut whole = Body::builder();
        if let Some(mime_type) = self.rest.mime_type() {
            whole = whole.mime_type(mime_type);
        }
        if let Some(charset) = self.rest.charset() {
            whole = whole.charset(charset);
        }
        whole.reader(Cursor::new(self.beginning).chain(self.rest.into_reader()))
    }
}

impl AsRef<[u8]> for Begun {
    fn as_ref(&self) -> &[u8] {
        &self.beginning
    }
}

/// Whether a request was sent that ended like that.
fn read_error(error: &ureq::Error) -> SendError {
    use ureq::Error as E;
    match error {
        E::Io(error) => SendError::of(error),
        E::HostNotFound | E::ConnectionFailed | E::Timeout(Timeout::Resolve | Timeout::Connect) => {
            SendError::NotSent
        }
        E::Http(_) | E::BadUri(_) | E::RequireHttpsOnly(_) | E::InvalidProxyUrl => {
            SendError::Permanent
        }
        _ => SendError::MaybeSent,
    }
}

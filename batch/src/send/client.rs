//! hyper's client over TCP and rustls.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use forbear_http::SendError;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use super::bounded::Bounded;
use crate::{BatchError, ErrorKind};

/// It sends a request again of which nothing was written, since the connection that it was
/// to go over was closed: the server has seen no part of it. It does nothing else twice.
type Inner = Legacy<Bounded<HttpsConnector<HttpConnector>>, Full<Bytes>>;

/// A client with a pool of connections.
#[derive(Clone, Debug)]
pub(super) struct Client(Inner);

impl Client {
    /// A client; of certificates that it trusts there is none where `has_tls` is false. It
    /// gives up connecting after `timeout`.
    pub(super) fn new(has_tls: bool, timeout: Duration) -> Result<Self, BatchError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let roots = if has_tls { system_roots()? } else { RootCertStore::empty() };
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| BatchError::settings(format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let inner = Legacy::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(Bounded::new(connector, timeout));
        Ok(Self(inner))
    }
}

/// Whether there was a connection, and why there is no answer.
pub(super) type Unanswered = (SendError, String);

impl Client {
    /// Sends a request; the answer's body is yet to be read.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<impl Body<Data = Bytes, Error: Error + 'static> + use<>>, Unanswered> {
        self.0.request(request).await.map_err(|error| (SendError::of(&error), causes(&error)))
    }
}

/// The certificates that the system trusts, or those of `SSL_CERT_FILE`.
fn system_roots() -> Result<RootCertStore, BatchError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
    let message = format!("no certificate that is trusted was found{why}");
    Err(BatchError::new(ErrorKind::Settings, message)
        .help("install ca-certificates, or name a file of them in SSL_CERT_FILE"))
}

/// What caused an error, from the outside to the inside, each once.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = error.source().or(Some(error));
    while let Some(error) = next {
        let text = error.to_string();
        // Wrappers repeat what is inside of them.
        if !said.iter().any(|before| before.contains(&text)) {
            said.push(text);
        }
        // The source of an I/O error is that of the error inside, not the error itself.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inside.map(|inside| inside as _).or_else(|| error.source());
    }
    said.join(": ")
}

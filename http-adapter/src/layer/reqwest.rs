//! reqwest's own request and response types.

use bytes::Bytes;
use forbear_core::GiveUp;
use forbear_core::driver::History;
use http::{HeaderMap, Method, StatusCode};
use reqwest::{Body, Request, Response, ResponseBuilderExt};

use super::{HttpRequest, HttpResponse, Peeked, PeekedResponse, response};

impl HttpRequest for Request {
    fn method(&self) -> &Method {
        self.method()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn authority(&self) -> Option<String> {
        let host = self.url().host_str()?;
        Some(self.url().port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }

    /// A copy, unless the body is a stream.
    fn try_replay(&self) -> Option<Self> {
        self.try_clone()
    }
}

impl HttpResponse for Response {
    type Peeked = Self;

    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn unread(self) -> Self {
        self
    }

    async fn peek(self) -> (Self, Bytes) {
        let url = self.url().clone();
        let (mut head, body) = http::Response::<Body>::from(self).into_parts();
        let (body, beginning) = Peeked::read(body).await;
        // The way back takes the address from an extension that only a builder can set.
        if let Ok(with_url) = http::response::Builder::new().url(url).body(()) {
            head.extensions.extend(with_url.into_parts().0.extensions);
        }
        (http::Response::from_parts(head, Body::wrap(body)).into(), beginning)
    }
}

impl PeekedResponse for Response {
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
        response::discard(Body::from(self)).await;
    }
}

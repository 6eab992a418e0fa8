//! What the layer needs of a request.

use http::header::HOST;
use http::{Extensions, HeaderMap, Method, Request, Uri};

use super::ReplayableBody;

/// A request that the layer can send, and perhaps send again.
pub trait HttpRequest: Sized {
    /// Its method.
    fn method(&self) -> &Method;

    /// Its header fields.
    fn headers(&self) -> &HeaderMap;

    /// Its header fields, to add to.
    fn headers_mut(&mut self) -> &mut HeaderMap;

    /// The host and perhaps the port that it goes to, in lower case.
    ///
    /// Provided: the field `Host`.
    fn authority(&self) -> Option<String> {
        host_field(self.headers())
    }

    /// Its extensions, if it has any to offer.
    fn extensions_mut(&mut self) -> Option<&mut Extensions> {
        None
    }

    /// A copy that can be sent once more, if there can be one.
    fn try_replay(&self) -> Option<Self>;

    /// Whether this copy, made before the original was sent, is still whole.
    fn can_replay(&self) -> bool {
        true
    }

    /// Whether a copy can be sent while the original, or another copy, still is.
    fn can_overlap(&self) -> bool {
        true
    }
}

impl<B: ReplayableBody> HttpRequest for Request<B> {
    fn method(&self) -> &Method {
        self.method()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn extensions_mut(&mut self) -> Option<&mut Extensions> {
        Some(self.extensions_mut())
    }

    fn authority(&self) -> Option<String> {
        // Without what precedes an `@`: a key is no place for a password.
        let host_and_port = |uri: &Uri| {
            let host = uri.host()?.to_ascii_lowercase();
            Some(uri.port_u16().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
        };
        host_and_port(self.uri()).or_else(|| host_field(self.headers()))
    }

    fn try_replay(&self) -> Option<Self> {
        let body = self.body().try_replay()?;
        let mut copy = Self::new(body);
        *copy.method_mut() = self.method().clone();
        *copy.uri_mut() = self.uri().clone();
        *copy.version_mut() = self.version();
        *copy.headers_mut() = self.headers().clone();
        *copy.extensions_mut() = self.extensions().clone();
        Some(copy)
    }

    fn can_replay(&self) -> bool {
        self.body().can_replay()
    }

    fn can_overlap(&self) -> bool {
        self.body().can_overlap()
    }
}

/// The field `Host`, in lower case.
fn host_field(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(HOST)?.to_str().ok()?.to_ascii_lowercase())
}

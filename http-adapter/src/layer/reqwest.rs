//! reqwest's own request and response types.

use forbear_core::GiveUp;
use http::{HeaderMap, Method, StatusCode};
use reqwest::{Request, Response};

use super::response::{DISCARD_LIMIT, DISCARD_TIME};
use super::{HttpRequest, HttpResponse};

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

    /// A copy, unless the body is a stream.
    fn try_replay(&self) -> Option<Self> {
        self.try_clone()
    }
}

impl HttpResponse for Response {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn set_give_up(&mut self, reason: GiveUp) {
        self.extensions_mut().insert(reason);
    }

    async fn discard(mut self) {
        let read = async {
            let mut rest = DISCARD_LIMIT;
            while let Ok(Some(data)) = self.chunk().await {
                match rest.checked_sub(data.len()) {
                    Some(left) => rest = left,
                    None => break,
                }
            }
        };
        // Late or broken, the response is dropped all the same.
        let _ = tokio::time::timeout(DISCARD_TIME, read).await;
    }
}

//! An answer, read to its end.

use std::error::Error;
use std::pin::pin;

use bytes::Bytes;
use forbear_http::SendError;
use http::header::LOCATION;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;

use super::client::{Unanswered, causes};

/// The longest body: of a model's answer with images, and a bound on memory.
const LONGEST: usize = 64 << 20;

/// The longest part of an answer that an error repeats.
const SHOWN: usize = 200;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads the body.
    pub(super) async fn of<B>(response: Response<B>) -> Result<Self, Unanswered>
    where
        B: Body<Data = Bytes, Error: Error + 'static>,
    {
        let (head, incoming) = response.into_parts();
        let mut incoming = pin!(incoming);
        let mut body = Vec::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| {
                (SendError::MaybeSent, format!("the answer broke off: {}", causes(&error)))
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if body.len() + data.len() > LONGEST {
                let most = LONGEST >> 20;
                let why = format!("the answer is longer than {most} MiB");
                return Err((SendError::Permanent, why));
            }
            body.extend_from_slice(&data);
        }
        Ok(Self { status: head.status, headers: head.headers, body })
    }

    /// What a person would want to know of a failure, in a line.
    pub(crate) fn summary(&self) -> String {
        let status = self.status;
        if let Some(location) = self.headers.get(LOCATION).filter(|_| status.is_redirection()) {
            let location = String::from_utf8_lossy(location.as_bytes());
            return format!("the server answered {status}: {location}; redirects are not followed");
        }
        let said = serde_json::from_slice::<serde_json::Value>(&self.body).ok();
        let message = said.as_ref().and_then(message);
        match message {
            Some(message) => {
                let short: String = message.chars().take(SHOWN).collect();
                format!("the server answered {status}: {short}")
            }
            None => format!("the server answered {status}"),
        }
    }
}

/// Where APIs say what is wrong: `OpenAI`, Anthropic and Stripe in `error.message`, GitHub and
/// AWS in `message`, RFC 9457 in `detail` and `title`.
fn message(said: &serde_json::Value) -> Option<&str> {
    let places = ["/error/message", "/message", "/detail", "/title", "/error"];
    places.iter().find_map(|place| said.pointer(place)?.as_str())
}

//! Bodies: a bounded look into JSON or XML for what the headers leave out.
//!
//! A body may be unread, truncated or written by someone else than the server, so it is
//! only asked after the headers, and never makes a field malformed.

mod event_stream;
pub(crate) mod hint;
pub(crate) mod json;
pub(crate) mod signature;

use serde_json::Value;

/// No more of a body is looked at: an error fits, and a bomb does not.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// A body, as far as it is understood.
#[derive(Debug, Default)]
pub(crate) enum Body<'a> {
    /// None, or none that says anything.
    #[default]
    Nothing,
    /// JSON.
    Json(Value),
    /// Anything else: XML, HTML, plain text.
    Text(&'a [u8]),
}

impl<'a> Body<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Self {
        // RFC 8259, section 8.1 lets a reader skip a byte order mark.
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
        match text.first() {
            None => Self::Nothing,
            Some(b'{' | b'[') => json::parse(text).map_or(Self::Nothing, Self::Json),
            Some(_) => {
                let start = &text[..text.len().min(MAX_BYTES)];
                event_stream::error(start).map_or(Self::Text(start), Self::Json)
            }
        }
    }

    pub(crate) const fn json(&self) -> Option<&Value> {
        match self {
            Self::Json(value) => Some(value),
            _ => None,
        }
    }
}

//! What is read: a status, header fields and perhaps a body, all borrowed.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

/// Header fields in any container: each name with its value, a repeated name repeated.
///
/// Implemented for [`http::HeaderMap`] and for lists of pairs. Names are compared without
/// regard to case; values are octets, because nothing keeps a server from sending others
/// than ASCII.
pub trait Fields {
    /// Calls `visit` with each field line, in the order of the container.
    fn for_each<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8]));

    /// The value of the first line of the field `name`.
    fn first(&self, name: &HeaderName) -> Option<&[u8]> {
        let mut found = None;
        self.for_each(&mut |other, value| {
            if found.is_none() && other.eq_ignore_ascii_case(name.as_str()) {
                found = Some(value);
            }
        });
        found
    }
}

impl Fields for HeaderMap {
    fn for_each<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in self {
            visit(name.as_str(), value.as_bytes());
        }
    }

    fn first(&self, name: &HeaderName) -> Option<&[u8]> {
        self.get(name).map(HeaderValue::as_bytes)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Fields for [(N, V)] {
    fn for_each<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in self {
            visit(name.as_ref(), value.as_ref());
        }
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Fields for Vec<(N, V)> {
    fn for_each<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        self.as_slice().for_each(visit);
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const LEN: usize> Fields for [(N, V); LEN] {
    fn for_each<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        self.as_slice().for_each(visit);
    }
}

/// A response as it is read: the status, the header fields and, if known, the body.
///
/// # Examples
///
/// ```
/// use forbear_http::Head;
///
/// let headers = [("Retry-After", "30")];
/// let head = Head::new(429, &headers).with_body(br#"{"ok":false}"#);
/// assert_eq!(head.status(), 429);
/// ```
#[derive(Clone, Copy)]
pub struct Head<'a> {
    pub(crate) status: u16,
    pub(crate) fields: &'a dyn Fields,
    pub(crate) body: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    /// A response without its body.
    ///
    /// `status` may be any number: one that HTTP does not know says nothing.
    #[must_use]
    pub fn new(status: u16, fields: &'a dyn Fields) -> Self {
        Self { status, fields, body: None }
    }

    /// The same response with its body, or as much of it as was read.
    ///
    /// Only the first 64 KiB are looked at, and a longer JSON text not at all.
    #[must_use]
    pub const fn with_body(mut self, body: &'a [u8]) -> Self {
        self.body = Some(body);
        self
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The header fields.
    #[must_use]
    pub const fn fields(&self) -> &'a dyn Fields {
        self.fields
    }

    /// The body, or as much of it as was read.
    #[must_use]
    pub const fn body(&self) -> Option<&'a [u8]> {
        self.body
    }
}

impl<'a, B> From<&'a http::Response<B>> for Head<'a> {
    /// The head alone: a body of any type is left unread.
    fn from(response: &'a http::Response<B>) -> Self {
        Self::new(response.status().as_u16(), response.headers())
    }
}

/// The status and the sizes: values may be secrets.
impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = 0_usize;
        self.fields.for_each(&mut |_, _| lines += 1);
        f.debug_struct("Head")
            .field("status", &self.status)
            .field("field_lines", &lines)
            .field("body_bytes", &self.body.map(<[u8]>::len))
            .finish()
    }
}

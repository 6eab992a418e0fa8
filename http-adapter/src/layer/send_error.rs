//! What an error of the transport says about the request.

use std::any::Any;
use std::error::Error as StdError;
use std::io;

use forbear_core::{Observation, Outcome, Throttle};

/// What an error of the transport says about the request.
///
/// # Examples
///
/// ```
/// use std::io::{Error, ErrorKind};
/// use forbear_http::SendError;
///
/// let refused = Error::from(ErrorKind::ConnectionRefused);
/// assert_eq!(SendError::of(&refused), SendError::NotSent);
/// let reset = Error::from(ErrorKind::ConnectionReset);
/// assert_eq!(SendError::of(&reset), SendError::MaybeSent);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a request was sent, was not, or nobody knows")]
pub enum SendError {
    /// There was no connection, or HTTP/2 says that the request was not processed: it is
    /// sent again whatever the method.
    NotSent,
    /// The connection broke or was too slow: the server may have done the work. The
    /// request is sent again only if it is idempotent.
    MaybeSent,
    /// It was refused for reasons of load before it was sent, as a load shedder under the
    /// layer does: it is sent again whatever the method, unless the quota is used up for
    /// good. No built-in rule says so; see
    /// [`ForbearLayer::reading_errors`](crate::ForbearLayer::reading_errors).
    Refused(Throttle),
    /// It fails the same way each time, as a malformed address does.
    Permanent,
}

impl SendError {
    /// Reads an error of a known type, or of none.
    ///
    /// Known are [`std::io::Error`], boxed errors (by what caused them), and with the
    /// features of their names reqwest's and hyper-util's. With the feature `http2` streams
    /// that a server refused, or closed unread when it shut down, are
    /// [`NotSent`](Self::NotSent). Any other is [`MaybeSent`](Self::MaybeSent).
    #[must_use]
    pub fn of(error: &dyn Any) -> Self {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Self::of_chain(error);
        }
        #[cfg(feature = "reqwest")]
        if let Some(error) = error.downcast_ref::<reqwest::Error>() {
            return Self::of_chain(error);
        }
        #[cfg(feature = "reqwest-middleware")]
        if let Some(reqwest_middleware::Error::Reqwest(error)) = error.downcast_ref() {
            return Self::of_chain(error);
        }
        #[cfg(feature = "hyper-util")]
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return Self::of_chain(error);
        }
        if let Some(error) = error.downcast_ref::<Box<dyn StdError + Send + Sync>>() {
            return Self::of_chain(error.as_ref());
        }
        Self::MaybeSent
    }

    /// The first error that says something, from the outermost to the cause.
    fn of_chain(error: &(dyn StdError + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(said) = Self::of_one(error) {
                return said;
            }
            // The source of an I/O error is that of the error inside, not the error itself.
            let inside = error.downcast_ref().and_then(io::Error::get_ref);
            next = inside.map(|inside| inside as _).or_else(|| error.source());
        }
        Self::MaybeSent
    }

    fn of_one(error: &(dyn StdError + 'static)) -> Option<Self> {
        #[cfg(feature = "reqwest")]
        if let Some(error) = error.downcast_ref::<reqwest::Error>() {
            return of_reqwest(error);
        }
        #[cfg(feature = "hyper-util")]
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return error.is_connect().then_some(Self::NotSent);
        }
        #[cfg(feature = "http2")]
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return of_http2(error);
        }
        of_kind(error.downcast_ref::<io::Error>()?.kind())
    }

    /// Whether the server did nothing of what was asked.
    #[must_use]
    pub const fn was_not_done(self) -> bool {
        matches!(self, Self::NotSent | Self::Refused(_))
    }

    /// What it is to a policy.
    #[must_use]
    pub const fn observation(self) -> Observation {
        Observation::new(match self {
            Self::Refused(kind) => Outcome::Throttled(kind),
            Self::NotSent | Self::MaybeSent => Outcome::Transient,
            Self::Permanent => Outcome::Permanent,
        })
    }
}

/// Only those kinds that a socket cannot have once it is connected say that nothing was
/// sent.
const fn of_kind(kind: io::ErrorKind) -> Option<SendError> {
    use io::ErrorKind as Kind;
    Some(match kind {
        Kind::ConnectionRefused | Kind::AddrNotAvailable => SendError::NotSent,
        Kind::InvalidInput | Kind::PermissionDenied | Kind::Unsupported => SendError::Permanent,
        // Perhaps another error is inside of it.
        Kind::Other => return None,
        _ => SendError::MaybeSent,
    })
}

#[cfg(feature = "reqwest")]
fn of_reqwest(error: &reqwest::Error) -> Option<SendError> {
    Some(if error.is_connect() || error.is_dns() {
        SendError::NotSent
    } else if error.is_builder() || error.is_redirect() {
        // An address that cannot be asked, or a circle of them.
        SendError::Permanent
    } else if error.is_timeout() {
        SendError::MaybeSent
    } else {
        return None;
    })
}

/// "The `REFUSED_STREAM` error code [..] indicates that the stream is being closed prior to
/// any processing having occurred"; streams above the last of a GOAWAY were not processed
/// either: RFC 9113, section 8.7. h2 gives the latter error to those only.
#[cfg(feature = "http2")]
fn of_http2(error: &h2::Error) -> Option<SendError> {
    let is_shut_down = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
    let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    let is_theirs = error.is_remote() && (is_shut_down || is_refused);
    is_theirs.then_some(SendError::NotSent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boxed_error_is_read_by_its_cause() {
        let inner = io::Error::from(io::ErrorKind::ConnectionRefused);
        let outer: Box<dyn StdError + Send + Sync> = Box::new(io::Error::other(inner));
        assert_eq!(SendError::of(&outer), SendError::NotSent);
        let text: Box<dyn StdError + Send + Sync> = "something".into();
        assert_eq!(SendError::of(&text), SendError::MaybeSent);
    }

    #[test]
    fn an_unknown_type_may_have_been_sent() {
        assert_eq!(SendError::of(&7), SendError::MaybeSent);
    }
}

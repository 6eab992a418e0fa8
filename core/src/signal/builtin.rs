//! Signals of the types that everybody has.

use super::{Observation, Outcome, RateSignal};

/// An answer is a success; an error says what it is.
impl<T, E: RateSignal> RateSignal for Result<T, E> {
    fn outcome(&self) -> Outcome {
        self.as_ref().map_or_else(RateSignal::outcome, |_| Outcome::Success)
    }

    fn observe(&self) -> Observation {
        self.as_ref().map_or_else(RateSignal::observe, |_| Observation::new(Outcome::Success))
    }
}

/// Transient where trying again can help, by [`ErrorKind`](std::io::ErrorKind).
///
/// A missing file, a refused permission or invalid data stays what it is; a
/// connection that was refused, reset or timed out may not.
#[cfg(feature = "std")]
impl RateSignal for std::io::Error {
    fn outcome(&self) -> Outcome {
        use std::io::ErrorKind as Kind;
        match self.kind() {
            Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::NotConnected
            | Kind::BrokenPipe
            | Kind::ResourceBusy
            | Kind::TimedOut
            | Kind::Interrupted
            | Kind::UnexpectedEof
            | Kind::WouldBlock => Outcome::Transient,
            _ => Outcome::Permanent,
        }
    }
}

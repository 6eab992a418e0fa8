//! Signals of the types that everybody has.

use core::time::Duration;

use super::{Observation, Outcome, Quotas, RateSignal, Scope};
use crate::Cost;

/// An answer is a success; an error says what it is.
impl<T, E: RateSignal> RateSignal for Result<T, E> {
    fn outcome(&self) -> Outcome {
        self.as_ref().map_or_else(RateSignal::outcome, |_| Outcome::Success)
    }

    fn retry_after(&self) -> Option<Duration> {
        self.as_ref().err().and_then(RateSignal::retry_after)
    }

    fn quotas(&self) -> Quotas {
        self.as_ref().map_or_else(RateSignal::quotas, |_| Quotas::NONE)
    }

    fn scope(&self) -> Option<Scope> {
        self.as_ref().err().and_then(RateSignal::scope)
    }

    fn usage(&self) -> Option<Cost> {
        self.as_ref().err().and_then(RateSignal::usage)
    }

    fn code(&self) -> Option<u16> {
        self.as_ref().err().and_then(RateSignal::code)
    }

    fn timed_out_after(&self) -> Option<Duration> {
        self.as_ref().err().and_then(RateSignal::timed_out_after)
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

//! The verdict: was the request held back, and can another attempt help.

use crate::body::signature::Verdict;
use crate::gather::Signs;
use crate::grpc::{Grpc, Pushback};
use forbear_core::Throttle;

/// The evidence of one response, gathered from its fields and its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    pub(crate) status: u16,
    /// A field asks for a wait.
    pub(crate) has_wait: bool,
    /// Some window has nothing left.
    pub(crate) has_empty_window: bool,
    /// `x-should-retry` or its twin.
    pub(crate) advice: Option<bool>,
    pub(crate) grpc: Grpc,
    pub(crate) signs: Signs,
    /// What a signature in the body says.
    pub(crate) signature: Option<Verdict>,
}

impl Evidence {
    /// Why the request was held back, if it was.
    pub(crate) fn throttle(&self) -> Option<Throttle> {
        self.is_throttled().then(|| self.kind())
    }

    fn is_throttled(&self) -> bool {
        let by_status = match self.status {
            // 420 is Twitter's first 429, 529 is Anthropic's overload.
            420 | 529 => true,
            // Stripe answers a held object lock with a 429 too.
            429 => self.signs.has_stripe_reason || self.signature != Some(Verdict::LockHeld),
            503 => self.has_wait || self.signs.is_shedding,
            403 => self.has_empty_window || self.has_wait,
            // Binance's ban; without a hint it is a teapot.
            418 => self.has_wait,
            _ => false,
        };
        let by_code = matches!(self.signature, Some(Verdict::Throttled(_)))
            || (self.signs.has_aws_code && self.status >= 400);
        let by_grpc = self.grpc.is_exhausted()
            || (self.grpc.is_unavailable() && self.grpc.pushback().is_some());
        by_status || by_code || by_grpc || self.signs.has_sentry_groups
    }

    fn kind(&self) -> Throttle {
        match self.signature {
            Some(Verdict::Throttled(Throttle::QuotaExhausted)) => Throttle::QuotaExhausted,
            _ if matches!(self.status, 503 | 529) || self.grpc.is_unavailable() => {
                Throttle::Overload
            }
            Some(Verdict::Throttled(kind)) => kind,
            _ => Throttle::RateLimit,
        }
    }

    /// Whether another attempt can help, `None` if nothing says so.
    ///
    /// `throttle` is what [`throttle`](Self::throttle) says.
    pub(crate) fn retryable(&self, throttle: Option<Throttle>) -> Option<bool> {
        if self.advice.is_some() {
            return self.advice;
        }
        if self.grpc.pushback() == Some(Pushback::Refused) {
            return Some(false);
        }
        match throttle {
            Some(Throttle::QuotaExhausted) => return Some(false),
            Some(_) if !self.is_only_a_warning() => return Some(true),
            _ => {}
        }
        match self.status {
            _ if self.grpc.is_unavailable() => Some(true),
            408 | 425 | 500 | 502 | 503 | 504 => Some(true),
            413 if self.has_wait => Some(true),
            409 => None,
            501 | 400..=499 => Some(false),
            _ => None,
        }
    }

    /// Sentry limits the next envelopes on a response that took this one.
    const fn is_only_a_warning(&self) -> bool {
        self.signs.has_sentry_groups && self.status < 400 && self.signature.is_none()
    }
}

//! What a layer was told beside its policy.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use forbear_core::{Cost, Observation};
use http::{HeaderMap, HeaderName, Method};

use super::hedging::Armed;
use super::{SendError, safety};
use crate::{Head, Reader};

/// The settings of a layer, shared by its services.
#[derive(Clone, Default)]
pub(super) struct Rules {
    pub(super) reader: Reader,
    pub(super) add_idempotency_key: bool,
    pub(super) cost_of: Option<CostOf>,
    pub(super) errors: Vec<ErrorRule>,
    pub(super) judge: Option<Judge>,
    pub(super) attempt_field: Option<HeaderName>,
    pub(super) deadline_field: Option<HeaderName>,
    /// Methods of which doing a request twice does no harm, beside the idempotent ones.
    pub(super) repeatable: Vec<Method>,
    pub(super) hedging: Option<Armed>,
    #[cfg(feature = "record")]
    pub(super) recorder: Option<crate::trace::Recorder>,
}

/// Estimates a request; `None` for one of another type.
pub(super) type CostOf = Arc<dyn Fn(&dyn Any) -> Option<Cost> + Send + Sync>;

/// Reads an error; `None` for one of another type.
pub(super) type ErrorRule = Arc<dyn Fn(&dyn Any) -> Option<SendError> + Send + Sync>;

/// Changes what was read of a response.
pub(super) type Judge = Arc<dyn Fn(&Head<'_>, Observation) -> Observation + Send + Sync>;

impl Rules {
    /// What `request` is expected to cost.
    pub(super) fn cost_of(&self, request: &dyn Any) -> Cost {
        let estimate = self.cost_of.as_ref().and_then(|cost_of| cost_of(request));
        estimate.unwrap_or(Cost::REQUEST)
    }

    /// Whether doing the request twice does no harm.
    pub(super) fn is_idempotent(&self, method: &Method, headers: &HeaderMap) -> bool {
        safety::is_idempotent(method, headers) || self.repeatable.contains(method)
    }

    /// What `error` says about the request: by a rule of the user's, or by its type.
    pub(super) fn read_error(&self, error: &dyn Any) -> SendError {
        let told = self.errors.iter().find_map(|rule| rule(error));
        told.unwrap_or_else(|| SendError::of(error))
    }

    /// What is made of a response.
    pub(super) fn read(&self, head: &Head<'_>, now_unix: std::time::Duration) -> Observation {
        let seen = forbear_core::RateSignal::observe(&self.reader.read(head, now_unix));
        self.judge.as_ref().map_or(seen, |judge| judge(head, seen))
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("reader", &self.reader)
            .field("add_idempotency_key", &self.add_idempotency_key)
            .finish_non_exhaustive()
    }
}

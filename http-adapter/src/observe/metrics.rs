//! Counters and histograms of what calls did.

use forbear_core::driver::{Attempts, Observer, Wait};
use forbear_core::{GiveUp, Observation, Outcome};
use metrics::{
    Label, SharedString, Unit, counter, describe_counter, describe_histogram, histogram,
};

use super::label;
use crate::call_end::CallEnd;

const REQUEST_DURATION: &str = "http.client.request.duration";
const CALL_DURATION: &str = "forbear.call.duration";
const CALL_ATTEMPTS: &str = "forbear.call.attempts";
const HEDGES: &str = "forbear.hedges";
const WAITS: &str = "forbear.waits";
const WAIT_DURATION: &str = "forbear.wait.duration";

/// Counts what the calls of a policy did, with the recorder of the crate
/// [`metrics`](https://docs.rs/metrics); see [`observe`](super) for the table of names.
///
/// # Examples
///
/// ```
/// use forbear_core::Policy;
/// use forbear_http::observe::MetricsObserver;
///
/// let metrics = MetricsObserver::new().label("server.address", "api.example");
/// let policy = Policy::builder().observe(metrics).build()?;
/// # let _ = policy;
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug)]
pub struct MetricsObserver {
    labels: Vec<Label>,
}

impl MetricsObserver {
    /// An observer without labels of its own.
    ///
    /// It describes the metrics to the recorder that is installed then, if there is one;
    /// they are counted all the same by one that is installed later.
    #[must_use]
    pub fn new() -> Self {
        describe_histogram!(REQUEST_DURATION, Unit::Seconds, "Duration of one attempt.");
        describe_histogram!(CALL_DURATION, Unit::Seconds, "Duration of a call, waits included.");
        describe_histogram!(CALL_ATTEMPTS, Unit::Count, "How many times a call was sent.");
        describe_counter!(HEDGES, Unit::Count, "Requests sent because an answer was late.");
        describe_counter!(WAITS, Unit::Count, "Waits that began.");
        describe_histogram!(WAIT_DURATION, Unit::Seconds, "How long waits were to be.");
        Self { labels: Vec::new() }
    }

    /// Puts a label on every metric, such as `server.address` of a policy that is for one
    /// host, or the name of the policy.
    #[must_use]
    pub fn label(mut self, name: impl Into<SharedString>, value: impl Into<SharedString>) -> Self {
        self.labels.push(Label::new(name, value));
        self
    }

    fn labels(&self, name: &'static str, value: &'static str) -> Vec<Label> {
        // One more may follow, and two if it failed.
        let mut labels = Vec::with_capacity(self.labels.len() + 3);
        labels.extend_from_slice(&self.labels);
        labels.push(Label::from_static_parts(name, value));
        labels
    }

    fn end(&self, call: &Attempts, how: CallEnd) {
        let labels = self.labels("forbear.end", how.name());
        histogram!(CALL_ATTEMPTS, labels.clone()).record(call.sends());
        histogram!(CALL_DURATION, labels).record(call.elapsed());
    }
}

impl Default for MetricsObserver {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for MetricsObserver {
    fn before_hedge(&self, _: &Attempts) {
        counter!(HEDGES, self.labels.clone()).increment(1);
    }

    fn after(&self, call: &Attempts, seen: &Observation) {
        let outcome = label::outcome(seen.outcome);
        let mut labels = self.labels("forbear.outcome", outcome);
        let status = seen.code.map(|code| SharedString::from(code.to_string()));
        if seen.outcome != Outcome::Success {
            let error = status.clone().filter(|_| seen.code >= Some(400));
            let otherwise = if seen.timed_out_after.is_some() { "timeout" } else { outcome };
            labels.push(Label::new("error.type", error.unwrap_or(otherwise.into())));
        }
        if let Some(status) = status {
            labels.push(Label::new("http.response.status_code", status));
        }
        histogram!(REQUEST_DURATION, labels).record(call.since_send());
    }

    fn before_wait(&self, _: &Attempts, wait: &Wait) {
        let labels = self.labels("forbear.wait.reason", label::wait(wait.reason));
        counter!(WAITS, labels.clone()).increment(1);
        if let Some(delay) = wait.delay {
            histogram!(WAIT_DURATION, labels).record(delay);
        }
    }

    fn on_success(&self, call: &Attempts) {
        self.end(call, CallEnd::Success);
    }

    fn on_give_up(&self, call: &Attempts, why: GiveUp) {
        self.end(call, why.into());
    }
}

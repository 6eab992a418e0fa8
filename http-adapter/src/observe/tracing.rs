//! Events of what calls did.

use std::time::Duration;

use forbear_core::driver::{Attempts, Observer, Wait};
use forbear_core::{GiveUp, Observation};
use tracing::{debug, field, warn};

use super::label;

/// The target of all events.
const TARGET: &str = "forbear";

/// Tells what the calls of a policy do, as events of the crate
/// [`tracing`](https://docs.rs/tracing); see [`observe`](super) for the table of events.
///
/// ```
/// use forbear_core::Policy;
/// use forbear_http::observe::TracingObserver;
///
/// let policy = Policy::builder().observe(TracingObserver::new()).build()?;
/// # let _ = policy;
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver(());

impl TracingObserver {
    /// The one observer of its kind.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

/// A duration that may be missing, as a field.
fn seconds(duration: Option<Duration>) -> Option<f64> {
    duration.map(|duration| duration.as_secs_f64())
}

impl Observer for TracingObserver {
    fn before_send(&self, call: &Attempts) {
        let resends = call.sends().saturating_sub(1);
        debug!(target: TARGET, { http.request.resend_count = resends }, "sending");
    }

    fn before_hedge(&self, call: &Attempts) {
        let resends = call.sends().saturating_sub(1);
        debug!(
            target: TARGET,
            {
                http.request.resend_count = resends,
                duration_s = call.since_send().as_secs_f64()
            },
            "hedging"
        );
    }

    fn after(&self, call: &Attempts, seen: &Observation) {
        debug!(
            target: TARGET,
            {
                forbear.outcome = label::outcome(seen.outcome),
                http.response.status_code = seen.code,
                duration_s = call.since_send().as_secs_f64(),
                retry_after_s = seconds(seen.retry_after),
                timed_out_after_s = seconds(seen.timed_out_after)
            },
            "answered"
        );
    }

    fn before_wait(&self, _: &Attempts, wait: &Wait) {
        debug!(
            target: TARGET,
            {
                forbear.wait.reason = label::wait(wait.reason),
                duration_s = seconds(wait.delay)
            },
            "waiting"
        );
    }

    fn on_success(&self, call: &Attempts) {
        debug!(
            target: TARGET,
            {
                forbear.call.attempts = call.sends(),
                duration_s = call.elapsed().as_secs_f64()
            },
            "succeeded"
        );
    }

    fn on_give_up(&self, call: &Attempts, why: GiveUp) {
        macro_rules! gave_up {
            ($level:ident) => {
                $level!(
                    target: TARGET,
                    {
                        forbear.call.attempts = call.sends(),
                        duration_s = call.elapsed().as_secs_f64(),
                        forbear.reason = field::display(why),
                        forbear.history = field::display(call.history())
                    },
                    "gave up"
                )
            };
        }
        // A caller that goes away knows that it did.
        if why == GiveUp::Abandoned { gave_up!(debug) } else { gave_up!(warn) }
    }
}

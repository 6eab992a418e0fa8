//! What calls did, as metrics and as events.
//!
//! Both are [`Observer`](forbear_core::driver::Observer)s of a policy: give them to
//! [`PolicyBuilder::observe`](forbear_core::PolicyBuilder::observe). Names are those of
//! OpenTelemetry's conventions for HTTP where there is one
//! (<https://opentelemetry.io/docs/specs/semconv/http/>, stable since 1.23), and begin with
//! `forbear` where there is none.
//!
//! # Metrics
//!
//! Of [`MetricsObserver`], feature `metrics`. Durations are in seconds.
//!
//! | metric | kind | what | labels |
//! | --- | --- | --- | --- |
//! | `http.client.request.duration` | histogram | one attempt, from its permit to its answer | `forbear.outcome`, `http.response.status_code`, `error.type` |
//! | `forbear.call.duration` | histogram | one call, from its start to its end, waits included | `forbear.end` |
//! | `forbear.call.attempts` | histogram | how many times it was sent | `forbear.end` |
//! | `forbear.hedges` | counter | requests sent because the answer to another was late | |
//! | `forbear.waits` | counter | waits that began | `forbear.wait.reason` |
//! | `forbear.wait.duration` | histogram | how long they are to be, of those that can tell | `forbear.wait.reason` |
//!
//! | label | values |
//! | --- | --- |
//! | `forbear.outcome` | `success`, `rate_limit`, `overload`, `concurrency`, `quota_exhausted`, `transient`, `permanent`, `ignored` |
//! | `http.response.status_code` | the status, where there was a response |
//! | `error.type` | of an attempt that failed: the status if it is an error, `timeout` if it was [cut off](forbear_core::PolicyBuilder::attempt_timeout), otherwise the outcome |
//! | `forbear.end` | `success`, `attempts`, `time`, `stopped`, `budget`, `not_retryable`, `not_repeatable`, `refused`, `hint`, `abandoned` |
//! | `forbear.wait.reason` | `backoff`, `server_hint`, `cooldown`, `line`, or the name of the limiter |
//!
//! # Events
//!
//! Of [`TracingObserver`], feature `tracing`, target `forbear`, in the span of the caller.
//!
//! | event | level | fields |
//! | --- | --- | --- |
//! | `sending` | debug | `http.request.resend_count`, 0 for the first send |
//! | `hedging` | debug | `http.request.resend_count`, `duration_s` since the last send |
//! | `answered` | debug | `forbear.outcome`, `http.response.status_code`, `duration_s`, `retry_after_s`, `timed_out_after_s` if it was cut off |
//! | `waiting` | debug | `forbear.wait.reason`, `duration_s` |
//! | `succeeded` | debug | `forbear.call.attempts`, `duration_s` |
//! | `gave up` | warn, debug if the caller went away | `forbear.call.attempts`, `duration_s`, `forbear.reason`, `forbear.history` |

mod label;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "tracing")]
mod tracing;

#[cfg(feature = "metrics")]
pub use self::metrics::MetricsObserver;
#[cfg(feature = "tracing")]
pub use self::tracing::TracingObserver;

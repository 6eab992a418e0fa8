//! What no policy can beat, metric by metric.
//!
//! The bound of a run is that of the best policy which brings as many calls to success:
//! giving up is fast and cheap, and must not look like beating the bound. The calls that
//! are given up are counted against the success itself.

use forbear_sim::results::RunResult;

use super::{Better, Group, Metric};
use crate::number::float;

impl Metric {
    /// Whether a bound of it can be known, so that it can have a regret.
    #[must_use]
    pub const fn has_bound(self) -> bool {
        let is_unbounded = matches!(
            self,
            Self::Calls
                | Self::OfferedLoad
                | Self::CompletionP50
                | Self::CompletionP95
                | Self::CompletionP99
        );
        !is_unbounded && !matches!(self.group(), Group::Redis)
    }

    /// Whether its bound is nothing, so that its regret is the metric itself.
    #[must_use]
    pub(crate) const fn is_bounded_by_nothing(self) -> bool {
        matches!(
            self,
            Self::Failed
                | Self::Collapsed
                | Self::Throttled
                | Self::ThrottledRate
                | Self::Wasted
                | Self::BeforeHint
                | Self::MissedDeadlines
                | Self::ShareError
        )
    }

    /// The best value that any policy could have reached in this run's storm with as many
    /// calls brought to success; `None` where no bound is known.
    ///
    /// A send for each success, none of them throttled; of the time, what the server's
    /// limits ask for: `(N - burst) / rate` for a token bucket, the windows that have to
    /// begin for a window. Completion times have none: how early a call can succeed
    /// depends on the order in which calls are served.
    #[must_use]
    pub fn bound(self, run: &RunResult) -> Option<f64> {
        let metrics = &run.metrics;
        let succeeded = float(metrics.succeeded);
        let bound = match self {
            Self::SuccessShare | Self::Amplification if metrics.calls == 0 => return None,
            Self::SuccessShare | Self::Fairness | Self::QuotaUtilisation => 1.0,
            Self::Succeeded => float(metrics.calls),
            Self::TimeToDrain => metrics.drain_bound?,
            Self::Goodput => succeeded / metrics.drain_bound.filter(|bound| *bound > 0.0)?,
            Self::Amplification => succeeded / float(metrics.calls),
            Self::Sends => succeeded,
            _ if self.is_bounded_by_nothing() => 0.0,
            _ => return None,
        };
        bound.is_finite().then_some(bound)
    }

    /// How far a run is from its [bound](Self::bound), 0 or more, in the unit of the
    /// metric; `None` where the run has no value or no bound is known.
    #[must_use]
    pub fn regret(self, run: &RunResult) -> Option<f64> {
        let (value, bound) = (self.value(run)?, self.bound(run)?);
        match self.better() {
            Better::Lower => Some(value - bound),
            Better::Higher => Some(bound - value),
            Better::Neither => None,
        }
    }
}

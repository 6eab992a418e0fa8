//! What the layer keeps to hedge requests.

mod latencies;

use std::sync::Arc;
use std::time::Duration;

use forbear_core::Hedging;

pub(super) use self::latencies::Latencies;

/// The hedging of a layer, and the latencies of requests without a scope of their own.
#[derive(Clone, Debug)]
pub(super) struct Armed {
    hedging: Hedging,
    common: Arc<Latencies>,
}

impl Armed {
    pub(super) fn new(hedging: Hedging) -> Self {
        Self { hedging, common: Arc::default() }
    }

    /// How many more requests are sent at most.
    pub(super) const fn most(&self) -> u8 {
        self.hedging.most()
    }

    /// How long an answer may take in a scope with these latencies; `None` while that is
    /// not known.
    pub(super) fn delay(&self, scope: Option<&Latencies>) -> Option<Duration> {
        let latencies = scope.unwrap_or(&self.common);
        self.hedging.delay(|percent| latencies.percentile(percent))
    }

    /// Takes in how long an answer took.
    pub(super) fn learn(&self, scope: Option<&Latencies>, took: Duration) {
        if self.hedging.is_learning() {
            scope.unwrap_or(&self.common).add(took);
        }
    }
}

//! Whether a trace can tell that refused requests count.

use super::sample::Sample;
use crate::scenario::LimitSpec;
use crate::server::{Limit, Opening};

/// What is to be said of a window if nothing in `samples` tells whether requests that it
/// refuses count; empty where that shows, or makes no difference.
///
/// `is_named` says whether the server names what is left.
pub(super) fn note_twin(spec: &LimitSpec, samples: &[Sample<'_>], is_named: bool) -> &'static str {
    let (dimension, twin) = match *spec {
        LimitSpec::FixedWindow { dimension, limit, window, start, refusals_count, offset } => {
            let refusals_count = !refusals_count;
            let twin =
                LimitSpec::FixedWindow { dimension, limit, window, start, refusals_count, offset };
            (dimension, twin)
        }
        // Others are rarely alike with and without.
        _ => return "",
    };
    let mut units = samples.iter().map(|sample| sample.cost.get(dimension));
    let first = units.next();
    if units.all(|units| Some(units) == first) || !samples.iter().any(Sample::is_refused) {
        return "";
    }
    let (mut limit, mut twin) = (Limit::new(spec), Limit::new(&twin));
    for sample in samples {
        let is_open = |limit: &Limit| limit.opening(sample.at, sample.cost) == Opening::Now;
        let left = |limit: &Limit| is_named.then(|| limit.state(sample.at).left);
        let decides = |limit: &Limit| (is_open(limit), left(limit));
        if decides(&limit) != decides(&twin) {
            return "";
        }
        for limit in [&mut limit, &mut twin] {
            if sample.is_let_in() {
                limit.take(sample.at, sample.cost);
            } else if sample.is_refused() {
                limit.refuse(sample.at, sample.cost);
            }
        }
    }
    "; whether it counts refused requests, too, does not show in the trace, and it is taken not to"
}

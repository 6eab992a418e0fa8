//! What the pages of comparisons and of sweeps have in common.

use serde::Serialize;

use crate::metric::Metric;

/// A number or a name with what it is, at the top of a page or at its end.
#[derive(Serialize)]
pub(crate) struct Fact {
    pub(crate) term: &'static str,
    pub(crate) value: String,
}

impl Fact {
    /// The seeds of so many replications, from `first` on.
    pub(crate) fn seeds(first: u64, replications: u32) -> Self {
        let last = first.saturating_add(u64::from(replications).saturating_sub(1));
        let value = if replications > 1 { format!("{first} to {last}") } else { first.to_string() };
        Self { term: "Seeds", value }
    }
}

/// What the name of a metric means.
#[derive(Serialize)]
pub(crate) struct Definition {
    label: &'static str,
    unit: &'static str,
    text: &'static str,
}

impl Definition {
    /// Those of `metrics`, in their order.
    pub(crate) fn all<'a>(metrics: impl IntoIterator<Item = &'a Metric>) -> Vec<Self> {
        let of = |metric: &Metric| Self {
            label: metric.label(),
            unit: metric.unit_name(),
            text: metric.definition(),
        };
        metrics.into_iter().map(of).collect()
    }
}

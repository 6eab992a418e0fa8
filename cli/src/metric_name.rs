//! Metrics that are named on the command line.

use forbear_reports::{Better, Metric};

use crate::diagnose::nearest;

/// The metric of that name, which must be better one way or the other.
///
/// # Errors
///
/// If there is none, or neither more nor less of it is better.
pub(crate) fn parse_objective(name: &str) -> Result<Metric, String> {
    match Metric::named(name) {
        Some(metric) if metric.better() == Better::Neither => {
            Err(format!("neither more nor less {name} is better, so it is no objective"))
        }
        Some(metric) => Ok(metric),
        None => {
            let names: Vec<&str> = Metric::ALL
                .into_iter()
                .filter(|metric| metric.better() != Better::Neither)
                .map(Metric::key)
                .collect();
            Err(nearest(name, &names).map_or_else(
                || format!("must be one of {}", names.join(", ")),
                |right| format!("did you mean '{right}'?"),
            ))
        }
    }
}

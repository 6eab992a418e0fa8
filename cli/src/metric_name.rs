//! Metrics that are named on the command line.

use forbear_reports::{Better, Metric, Quantity, Threshold, ThresholdError, UnknownQuantity};

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

/// The metric or regret of that name.
///
/// # Errors
///
/// If there is none; for a name that is nearly one of a metric, the one that was meant.
pub(crate) fn parse_quantity(name: &str) -> Result<Quantity, String> {
    name.parse().map_err(|error: UnknownQuantity| meant(name).unwrap_or_else(|| error.to_string()))
}

/// The threshold that `text` says.
///
/// # Errors
///
/// If it says none; for a name that is nearly one of a metric, the one that was meant.
pub(crate) fn parse_threshold(text: &str) -> Result<Threshold, String> {
    text.parse().map_err(|error: ThresholdError| {
        let name = text.find(['<', '>']).map(|at| text[..at].trim());
        name.and_then(meant).unwrap_or_else(|| error.to_string())
    })
}

/// Which metric was meant by a name that is none.
fn meant(name: &str) -> Option<String> {
    let key = name.strip_suffix(".regret").unwrap_or(name);
    if Metric::named(key).is_some() {
        return None;
    }
    let right = nearest(key, &Metric::ALL.map(Metric::key))?;
    Some(format!("no metric is called '{key}', did you mean '{right}'?"))
}

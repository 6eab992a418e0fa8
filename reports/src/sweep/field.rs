//! The heat maps of a sweep of two parameters.

use forbear_sim::sweep::{Parameter, Sweep};

use super::SweepRow;
use crate::chart::HeatMap;
use crate::metric::Metric;
use crate::name::shown;

/// One map a metric; none unless the points are a grid in which exactly two parameters
/// have several values.
pub(super) fn heat_maps<'a>(
    sweep: &'a Sweep,
    rows: &[SweepRow],
    metrics: &[Metric],
) -> Vec<HeatMap<'a>> {
    let parameters: Vec<(usize, &Parameter)> = sweep
        .parameters
        .iter()
        .enumerate()
        .filter(|(_, parameter)| parameter.values().len() > 1)
        .collect();
    let (None, [(across_at, across), (up_at, up)]) = (sweep.sample, &parameters[..]) else {
        return Vec::new();
    };
    let place = |parameter: &Parameter, value: &str| {
        parameter.values().iter().position(|other| other == value)
    };
    let map = |metric: &Metric| {
        let mut means = vec![vec![None; across.values().len()]; up.values().len()];
        for (point, row) in sweep.points.iter().zip(rows) {
            let column = place(across, &point.values[*across_at]);
            let line = place(up, &point.values[*up_at]);
            let mean = row.cell(*metric).and_then(|cell| cell.estimate);
            if let (Some(column), Some(line)) = (column, line) {
                means[line][column] = mean.map(|estimate| estimate.mean);
            }
        }
        let labels = |parameter: &Parameter| parameter.values().iter().map(|v| shown(v)).collect();
        HeatMap {
            metric: *metric,
            across: (across.key(), labels(across)),
            up: (up.key(), labels(up)),
            means,
        }
    };
    metrics.iter().map(map).collect()
}

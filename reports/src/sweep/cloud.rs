//! The scatter plots of a sweep of a sample.

use forbear_sim::sweep::{Parameter, Sweep};

use super::effect::size;
use super::{Effect, Standing, SweepRow};
use crate::chart::{Dot, Panel, Scatter};
use crate::metric::Metric;
use crate::name::shown;
use crate::number::{Unit, float};

/// One chart a metric; none unless the points are a sample.
pub(super) fn scatters(
    sweep: &Sweep,
    rows: &[SweepRow],
    effects: &[Effect],
    metrics: &[Metric],
) -> Vec<Scatter> {
    if sweep.sample.is_none() {
        return Vec::new();
    }
    let chart = |metric: &Metric| {
        let panels = sweep.parameters.iter().enumerate();
        let panels = panels.map(|(at, parameter)| {
            let explains =
                |effect: &&Effect| effect.metric == *metric && effect.key == shown(parameter.key());
            let explains = effects.iter().find(explains).and_then(|effect| effect.explains);
            let explains = explains.map(|share| Unit::Share.text(share)).unwrap_or_default();
            panel(sweep, rows, (at, parameter), *metric, explains)
        });
        Scatter { metric: *metric, panels: panels.collect() }
    };
    let is_drawn = |chart: &Scatter| chart.panels.iter().any(|panel| !panel.dots.is_empty());
    metrics.iter().map(chart).filter(is_drawn).collect()
}

fn panel(
    sweep: &Sweep,
    rows: &[SweepRow],
    (at, parameter): (usize, &Parameter),
    metric: Metric,
    explains: String,
) -> Panel {
    let values: Vec<&str> =
        sweep.points.iter().filter_map(|point| Some(point.values.get(at)?.as_str())).collect();
    let mut words: Vec<&str> = Vec::new();
    if values.iter().any(|value| !size(value).is_finite()) {
        words.clone_from(&values);
        words.sort_unstable();
        words.dedup();
    }
    let across = |value: &str| match words.binary_search(&value) {
        Ok(place) => float(place as u64),
        Err(_) => size(value),
    };
    let dots = sweep.points.iter().zip(rows).filter_map(|(point, row)| {
        let estimate = row.cell(metric)?.estimate?;
        let is_on_front = row.standing == Some(Standing::Front);
        Some(Dot { across: across(point.values.get(at)?), up: estimate.mean, is_on_front })
    });
    Panel {
        key: shown(parameter.key()),
        unit: if words.is_empty() { unit(&values) } else { String::new() },
        words: words.iter().map(|word| shown(word)).collect(),
        explains,
        dots: dots.collect(),
    }
}

/// The unit that sizes of these values are in.
fn unit(values: &[&str]) -> String {
    let Some(first) = values.first() else { return String::new() };
    if let Some((_, time)) = first.split_once('/') {
        return format!("per {}", shown(time));
    }
    // A duration, of which the size is in seconds.
    let is_time = first.parse::<f64>().is_err() && size(first).is_finite();
    if is_time { "s".to_owned() } else { String::new() }
}

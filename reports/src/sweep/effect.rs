//! What each parameter does: its main effects.
//!
//! The main effect of a value is the mean over the points that have it, less the mean
//! over all points (Montgomery, "Design and Analysis of Experiments", 8th ed. 2013,
//! chapter 5). In a grid the points with one value and those with another differ in
//! nothing else, and they met the same storms: the interval is over the storms. In a
//! sample they differ in everything else too, and that is most of the uncertainty: the
//! interval is over the points.
//!
//! How much a parameter matters is the share of the variance between the points that goes
//! with it (the correlation ratio: Saltelli and others, "Global Sensitivity Analysis",
//! 2008, section 1.2.5). What is left to 100 % in a grid are interactions: what one value
//! does depends on another.

use std::collections::{BTreeMap, BTreeSet};

use forbear_sim::sweep::{Point, Sweep};

use crate::metric::Metric;
use crate::name::shown;
use crate::number::float;
use crate::stats::{Estimate, mean};
use crate::table::values;

/// Groups of a parameter that has more values than that.
const GROUPS: usize = 4;

/// What one parameter does to one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The key of the parameter.
    pub key: String,
    /// The metric.
    pub metric: Metric,
    /// The share of the variance between the points that goes with the parameter, 0 to 1;
    /// `None` where the points do not differ.
    pub explains: Option<f64>,
    /// One entry a value, or a group of neighbouring values of a sample.
    pub levels: Vec<Level>,
}

/// The points with one value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The value, or the first and the last of a group; safe to print.
    pub value: String,
    /// Points that have it.
    pub points: usize,
    /// The mean of the metric over them.
    pub mean: f64,
    /// How far that is from the mean over all points.
    pub effect: Estimate,
}

/// Every parameter that has several values, and what it does to `metrics`.
pub(super) fn effects(sweep: &Sweep, metrics: &[Metric]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for index in 0..sweep.parameters.len() {
        let levels = levels(sweep, index);
        if levels.len() < 2 {
            continue;
        }
        for &metric in metrics {
            effects.extend(effect(sweep, index, &levels, metric));
        }
    }
    effects
}

/// Labels with the points that have the value, as indices.
fn levels(sweep: &Sweep, parameter: usize) -> Vec<(String, Vec<usize>)> {
    let points = sweep.points.iter().enumerate();
    let values: Vec<(usize, &str)> = points
        .filter_map(|(index, point)| Some((index, point.values.get(parameter)?.as_str())))
        .collect();
    let mut order: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    for (_, value) in &values {
        if seen.insert(*value) {
            order.push(value);
        }
    }
    if sweep.sample.is_some() {
        order.sort_by(|a, b| size(a).total_cmp(&size(b)).then_with(|| a.cmp(b)));
        let is_number = order.iter().all(|value| size(value).is_finite());
        if order.len() > 2 * GROUPS && is_number {
            return grouped(&values, &order);
        }
    }
    order
        .into_iter()
        .map(|value| {
            let points = values.iter().filter(|(_, other)| *other == value);
            (shown(value), points.map(|(index, _)| *index).collect())
        })
        .collect()
}

/// Neighbouring values in groups of about as many points.
fn grouped(values: &[(usize, &str)], order: &[&str]) -> Vec<(String, Vec<usize>)> {
    let rank: BTreeMap<&str, usize> =
        order.iter().enumerate().map(|(rank, value)| (*value, rank)).collect();
    let mut sorted = values.to_vec();
    sorted.sort_by_key(|(index, value)| (rank.get(value).copied(), *index));
    let size = sorted.len().div_ceil(GROUPS);
    sorted
        .chunks(size.max(1))
        .map(|group| {
            let (first, last) = (group[0].1, group[group.len() - 1].1);
            let label = format!("{} to {}", shown(first), shown(last));
            (label, group.iter().map(|(index, _)| *index).collect())
        })
        .collect()
}

/// A value as a number: its seconds, or what stands before its unit. What is none comes
/// last.
pub(crate) fn size(value: &str) -> f64 {
    if let Ok(number) = value.parse::<f64>() {
        return number;
    }
    if let Ok(duration) = forbear_core::text::parse_duration(value) {
        return duration.as_secs_f64();
    }
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    value[..digits].parse().unwrap_or(f64::INFINITY)
}

fn effect(
    sweep: &Sweep,
    parameter: usize,
    levels: &[(String, Vec<usize>)],
    metric: Metric,
) -> Option<Effect> {
    let by_point: Vec<Option<f64>> =
        sweep.points.iter().map(|point| average(metric, point)).collect();
    let all: Vec<f64> = by_point.iter().copied().flatten().collect();
    let middle = mean(&all)?;
    let total: f64 = all.iter().map(|value| (value - middle) * (value - middle)).sum();
    let mut between = 0.0;
    let mut shown = Vec::new();
    for (value, points) in levels {
        let means: Vec<f64> = points.iter().filter_map(|index| by_point[*index]).collect();
        let Some(mean) = mean(&means) else { continue };
        between += float(means.len() as u64) * (mean - middle) * (mean - middle);
        let effect = if sweep.sample.is_some() {
            Estimate::of(&means.iter().map(|value| value - middle).collect::<Vec<_>>())
        } else {
            over_storms(sweep, points, metric)
        };
        let points = means.len();
        shown.extend(effect.map(|effect| Level { value: value.clone(), points, mean, effect }));
    }
    // Equal but for the last bits is equal.
    let differs = total > 1e-18 * middle * middle * float(all.len() as u64);
    Some(Effect {
        key: crate::name::shown(sweep.parameters[parameter].key()),
        metric,
        explains: differs.then(|| (between / total).min(1.0)),
        levels: shown,
    })
}

/// The effect of the value that `points` have, storm by storm.
fn over_storms(sweep: &Sweep, points: &[usize], metric: Metric) -> Option<Estimate> {
    let by_seed = |points: &mut dyn Iterator<Item = &Point>| {
        let mut by_seed = BTreeMap::<u64, Vec<f64>>::new();
        for (seed, value) in points.flat_map(|point| values(metric, &point.runs)) {
            by_seed.entry(seed).or_default().push(value);
        }
        by_seed
    };
    let all = by_seed(&mut sweep.points.iter());
    let ours = by_seed(&mut points.iter().map(|index| &sweep.points[*index]));
    let effects = ours.iter().filter_map(|(seed, ours)| Some(mean(ours)? - mean(all.get(seed)?)?));
    Estimate::of(&effects.collect::<Vec<_>>())
}

fn average(metric: Metric, point: &Point) -> Option<f64> {
    mean(&values(metric, &point.runs).into_iter().map(|(_, value)| value).collect::<Vec<_>>())
}

impl Effect {
    /// One sentence: how much the parameter matters, and between which values most.
    #[must_use]
    pub fn sentence(&self) -> String {
        let label = self.metric.label().to_lowercase();
        let Some(explains) = self.explains else {
            return format!("{} makes no difference to {label}.", self.key);
        };
        let order = |a: &&Level, b: &&Level| a.mean.total_cmp(&b.mean);
        let ends = self.levels.iter().min_by(order).zip(self.levels.iter().max_by(order));
        let Some((least, most)) = ends else { return String::new() };
        let unit = self.metric.unit();
        // With more digits a share of nothing would look like a finding.
        let share = if explains < 0.001 {
            "less than 0.1\u{a0}%".to_owned()
        } else {
            crate::number::Unit::Share.text(explains)
        };
        format!(
            "{} explains {share} of the differences in {label}: {} at {}, {} at {}.",
            self.key,
            unit.text(least.mean),
            least.value,
            unit.text(most.mean),
            most.value
        )
    }
}

impl Level {
    /// The effect and its interval with the unit of `metric`.
    #[must_use]
    pub fn text(&self, metric: Metric) -> String {
        let unit = metric.unit();
        let range = crate::table::range_text(Some(self.effect), |mean, low, high| {
            unit.difference_range_text(mean, low, high)
        });
        let effect = unit.difference_text(self.effect.mean);
        if range.is_empty() { effect } else { format!("{effect} ({range})") }
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn values_are_in_the_order_of_their_size() {
        let mut values = ["10s", "90ms", "2m", "5/s", "0.5", "full"];
        values.sort_by(|a, b| size(a).total_cmp(&size(b)));
        assert_eq!(values, ["90ms", "0.5", "5/s", "10s", "2m", "full"]);
    }
}

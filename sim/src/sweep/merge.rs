//! Parts of one sweep, put together.

use super::grid::{sampled, values};
use super::{Point, Shard, Sweep};

/// Parts that do not make one sweep.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}{reason}", part.map_or_else(String::new, |part| format!("part {} ", part + 1)))]
pub struct MergeError {
    part: Option<usize>,
    reason: String,
}

impl MergeError {
    /// The part that is wrong, as an index, if it is one only.
    #[must_use]
    pub const fn part(&self) -> Option<usize> {
        self.part
    }

    /// What is wrong with it, or with all.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    fn of(part: usize, reason: impl Into<String>) -> Self {
        Self { part: Some(part), reason: reason.into() }
    }

    fn of_all(reason: impl Into<String>) -> Self {
        Self { part: None, reason: reason.into() }
    }
}

/// The whole sweep of which `parts` are the shards, in any order: equal to the sweep
/// that was never divided.
///
/// # Errors
///
/// If the parts differ in version, scenario, policy, parameters, seed or replications;
/// if one was interrupted, comes twice or is missing.
pub fn merge(parts: Vec<Sweep>) -> Result<Sweep, MergeError> {
    let mut whole: Option<Sweep> = None;
    let mut points = Vec::new();
    for (index, mut part) in parts.into_iter().enumerate() {
        if let Some(what) = whole.as_ref().and_then(|whole| mismatch(whole, &part)) {
            let reason = format!("has another {what} than the first part");
            return Err(MergeError::of(index, reason));
        }
        if part.partial {
            return Err(MergeError::of(index, "was interrupted, run it again"));
        }
        for point in std::mem::take(&mut part.points) {
            if !is_of_grid(&point, &part) {
                let reason = format!("has a point {} that is not of its grid", point.index);
                return Err(MergeError::of(index, reason));
            }
            if !has_all_runs(&point, &part) {
                let (point, runs) = (point.index, part.replications);
                let reason = format!(
                    "has other runs of point {point} than the {runs} from seed {} on",
                    part.seed
                );
                return Err(MergeError::of(index, reason));
            }
            points.push(point);
        }
        whole.get_or_insert(part);
    }
    let Some(whole) = whole else {
        return Err(MergeError::of_all("there is nothing to merge"));
    };
    points.sort_by_key(|point| point.index);
    if let Some(pair) = points.windows(2).find(|pair| pair[0].index == pair[1].index) {
        let shard = shard_with(pair[0].index, &whole);
        return Err(MergeError::of_all(format!("point {}{shard} comes twice", pair[0].index)));
    }
    let expected = whole.points_in_all();
    let missing = (0..expected).zip(&points).find(|(index, point)| point.index != *index);
    let missing = missing.map_or(points.len() as u64, |(index, _)| index);
    if missing < expected {
        let (found, shard) = (points.len(), shard_with(missing, &whole));
        return Err(MergeError::of_all(format!(
            "there are {found} of {expected} points; the first that is missing is {missing}{shard}"
        )));
    }
    Ok(Sweep { shard: None, points, ..whole })
}

/// Whether the point has the values of its number.
fn is_of_grid(point: &Point, sweep: &Sweep) -> bool {
    point.index < sweep.points_in_all()
        && point.values
            == match sweep.sample {
                Some(_) => sampled(point.index, &sweep.parameters),
                None => values(point.index, &sweep.parameters),
            }
}

/// Whether the point has a run for each seed.
fn has_all_runs(point: &Point, sweep: &Sweep) -> bool {
    let seeds = (0..sweep.replications).map(|run| sweep.seed.wrapping_add(u64::from(run)));
    point.runs.iter().map(|run| run.seed).eq(seeds)
}

/// The first thing in which two parts differ that must be one.
fn mismatch(one: &Sweep, other: &Sweep) -> Option<&'static str> {
    let shards = |sweep: &Sweep| sweep.shard.map(Shard::of);
    [
        ("version of forbear", one.version == other.version),
        ("scenario", one.scenario == other.scenario),
        ("policy", one.policy == other.policy),
        ("set of parameters", one.parameters == other.parameters),
        ("sample", one.sample == other.sample),
        ("first seed", one.seed == other.seed),
        ("number of replications", one.replications == other.replications),
        ("number of shards", shards(one) == shards(other)),
        ("command", one.command == other.command),
    ]
    .into_iter()
    .find_map(|(what, is_same)| (!is_same).then_some(what))
}

/// ` (shard 2/4)`.
fn shard_with(point: u64, whole: &Sweep) -> String {
    whole.shard.map_or_else(String::new, |shard| {
        let of = u64::from(shard.of());
        format!(" (shard {}/{of})", point % of + 1)
    })
}

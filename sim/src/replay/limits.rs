//! The limits that a server's own windows tell of.
//!
//! A window says how much it allows, what is left and when it is whole again, and not what
//! kind of limit it is: a bucket that refills all the time, or a count that begins anew.
//! Each kind is tried on the recorded requests, and the one is taken that predicts best
//! what the server said was left.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use forbear_core::{Cost, Dimension, Quantity, Quota, Rate};

use super::latency::median;
use super::sample::Sample;
use super::twin::note_twin;
use crate::rng::Luck;
use crate::scenario::{Count, LimitSpec, WindowStart, nanos};
use crate::server::{Limit, Opening, Request};

/// Lengths of windows that servers have.
pub(super) const USUAL: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(3600),
    Duration::from_secs(86_400),
    Duration::from_secs(30 * 86_400),
];

const SECOND: u64 = 1_000_000_000;

/// A limit, and where it was found.
#[derive(Clone, Debug)]
pub(super) struct Guess {
    pub(super) spec: LimitSpec,
    pub(super) why: String,
}

/// What a server says of one window: the sample and the window, over time.
type Told<'a> = Vec<(usize, &'a Quota)>;

/// The limits that the windows in `samples` tell of, and what they leave open.
pub(super) fn of_quotas(samples: &[Sample<'_>]) -> (Vec<Guess>, Vec<String>) {
    let mut windows = BTreeMap::<(Dimension, Option<u64>, usize), Told<'_>>::new();
    for (index, sample) in samples.iter().enumerate() {
        let mut seen = BTreeMap::<Dimension, usize>::new();
        for quota in sample.seen.quotas.as_slice() {
            let Some(dimension) = quota.dimension() else { continue };
            let ordinal = seen.entry(dimension).or_default();
            let key = (dimension, quota.window().map(nanos), *ordinal);
            windows.entry(key).or_default().push((index, quota));
            *ordinal += 1;
        }
    }
    let (mut guesses, mut open) = (Vec::new(), Vec::new());
    for ((dimension, window, _), told) in windows {
        match guess(dimension, window.map(Duration::from_nanos), &told, samples) {
            Some(guess) => guesses.push(guess),
            None => open.push(format!(
                "the server told of a window of {dimension} without saying enough to model it"
            )),
        }
    }
    (guesses, open)
}

fn guess(
    dimension: Dimension,
    window: Option<Duration>,
    told: &Told<'_>,
    samples: &[Sample<'_>],
) -> Option<Guess> {
    let units = |quota: &Quota| quota.limit().map(Quantity::whole);
    let limit = most_frequent(told.iter().filter_map(|(_, quota)| units(quota)))?;
    let limit = Count::clamped(limit);
    let candidates = candidates(dimension, window, limit, told, samples);
    let scored = candidates.into_iter().map(|spec| (off_by(&spec, dimension, told, samples), spec));
    // Of equally good ones the first, in the order of the candidates.
    let (parts, spec) = scored.min_by_key(|&(parts, _)| parts)?;
    let limits: Vec<u64> = told.iter().filter_map(|(_, quota)| units(quota)).collect();
    let (least, most) = (limits.iter().min()?, limits.iter().max()?);
    let varied = if least == most {
        String::new()
    } else {
        format!("; it named {least} to {most}, and the most frequent is taken")
    };
    let why = format!(
        "the server named it in its header fields, and what it said was left is met within {} of \
         the limit on average{varied}{}",
        percent(parts),
        note_twin(&spec, samples, true)
    );
    Some(Guess { spec, why })
}

/// The limits that may be behind a window.
fn candidates(
    dimension: Dimension,
    window: Option<Duration>,
    limit: Count<{ u32::MAX }>,
    told: &Told<'_>,
    samples: &[Sample<'_>],
) -> Vec<LimitSpec> {
    let resets = || told.iter().filter_map(|(_, quota)| quota.resets_in().map(nanos));
    let mut candidates = Vec::new();
    let mut per_unit: Vec<u64> = told
        .iter()
        .filter_map(|(_, quota)| {
            let left = quota.remaining()?.whole();
            let missing = u64::from(limit.get()).checked_sub(left).filter(|&units| units > 0)?;
            Some(nanos(quota.resets_in()?) / missing).filter(|&ns| ns > 0)
        })
        .collect();
    per_unit.sort_unstable();
    // What is left is rounded down, so that each of these is short and the longest best; a
    // few are left out, which may be wrong.
    let per_unit = per_unit.get(per_unit.len() * 19 / 20).copied();
    let refill = match window {
        Some(window) => rate(u64::from(limit.get()), nanos(window)),
        None => per_unit.and_then(rounded_rate),
    };
    // Whether refusals count shows only where some were, and whether what was not used goes
    // back only where some was not used.
    let refused =
        samples.iter().any(|sample| sample.is_refused() && sample.cost.get(dimension) > 0);
    let spared = samples.iter().any(|sample| sample.used(dimension) < sample.cost.get(dimension));
    let rules = [(false, true), (false, false), (true, true), (true, false)];
    let shows = |&(counts, refund): &(bool, bool)| (refused || !counts) && (spared || refund);
    if let Some(rate) = refill {
        let burst = limit;
        candidates.extend(rules.into_iter().filter(shows).map(|(refusals_count, refund)| {
            LimitSpec::TokenBucket { dimension, rate, burst, refusals_count, refund }
        }));
    }
    let longest = resets().max();
    let length = window.or_else(|| {
        let longest = longest?;
        // What is said in whole seconds may be a second too long.
        USUAL.into_iter().find(|usual| nanos(*usual) + 1_000_000_000 >= longest)
    });
    if let Some(window) = length.filter(|window| !window.is_zero()) {
        let ends = told
            .iter()
            .filter_map(|&(index, quota)| Some((samples[index].at, nanos(quota.resets_in()?))));
        let offset = phase(ends, nanos(window));
        let counting = || [false, true].into_iter().filter(|counts| refused || !counts);
        for refusals_count in counting() {
            for start in [WindowStart::Clock, WindowStart::FirstCall] {
                let offset = if start == WindowStart::Clock { offset } else { Duration::ZERO };
                candidates.push(LimitSpec::FixedWindow {
                    dimension,
                    limit,
                    window,
                    start,
                    refusals_count,
                    offset,
                });
            }
        }
        for refusals_count in counting() {
            candidates.push(LimitSpec::SlidingWindow {
                dimension,
                limit,
                window,
                refusals_count,
                offset,
            });
        }
    }
    candidates
}

/// How far a limit is off on average, in millionths of the limit: by what it has left, and
/// a whole limit for each request that it decides otherwise than the server.
fn off_by(spec: &LimitSpec, dimension: Dimension, told: &Told<'_>, samples: &[Sample<'_>]) -> u64 {
    let mut limit = Limit::new(spec);
    let (mut parts, mut count) = (0_u128, 0_u128);
    let mut told = told.iter().peekable();
    let mut leaves = BinaryHeap::<Reverse<(u64, usize)>>::new();
    for (index, sample) in samples.iter().enumerate() {
        while let Some(&Reverse((at, leaving))) = leaves.peek()
            && at <= sample.at
        {
            leaves.pop();
            let (reserved, used) = (samples[leaving].cost, samples[leaving].used(dimension));
            limit.give_back(at, &request(reserved, &reserved.with(dimension, used)));
        }
        let is_open = limit.opening(sample.at, sample.cost) == Opening::Now;
        if sample.is_let_in() {
            limit.take(sample.at, sample.cost);
            let used = sample.cost.with(dimension, sample.used(dimension));
            if limit.holds(&request(sample.cost, &used)) {
                leaves.push(Reverse((sample.at.saturating_add(sample.worked), index)));
            }
        } else if sample.is_refused() {
            limit.refuse(sample.at, sample.cost);
        }
        let said = told.next_if(|(at, _)| *at == index).map(|&(_, quota)| quota);
        let Some(said) = said else { continue };
        let (Some(all), Some(left)) = (said.limit(), said.remaining()) else { continue };
        let state = limit.state(sample.at);
        let distance = u128::from(state.left.abs_diff(left.whole()).min(all.whole()));
        parts += distance * 1_000_000 / u128::from(all.whole().max(1));
        // Another limit may refuse what this one lets in, not the other way round.
        let counts = sample.cost.get(dimension) > 0;
        parts += if counts && sample.is_let_in() && !is_open { 1_000_000 } else { 0 };
        count += 1;
    }
    u64::try_from(parts / count.max(1)).unwrap_or(u64::MAX)
}

/// A request of which the limits look at the cost alone.
const fn request<'a>(reserved: &'a Cost, actual: &'a Cost) -> Request<'a> {
    Request { reserved, actual, luck: Luck::new(0, 1), script: None }
}

/// Where in a window these times are, as an offset from its start.
///
/// Each is the end of a window, said at a time and so long from then, and may be late by the
/// rounding of what was said. So the earliest counts that is near where most are.
pub(super) fn phase(said: impl Iterator<Item = (u64, u64)>, window: u64) -> Duration {
    let said: Vec<(u64, u64)> = said.collect();
    let in_seconds = said.iter().all(|(_, wait)| wait.is_multiple_of(SECOND));
    let rounding = if in_seconds { SECOND } else { SECOND / 1000 };
    let end = |&(at, wait): &(u64, u64)| at.saturating_add(wait);
    let Some(first) = said.first().map(end) else { return Duration::ZERO };
    // Around the first, so that the middle of 59 s and 1 s is not 30 s.
    let half = window / 2;
    let mut around: Vec<u64> = said
        .iter()
        .map(|said| (end(said) % window + window - first % window + half) % window)
        .collect();
    around.sort_unstable();
    let most = median(&around);
    let earliest = around.iter().find(|&&at| at + rounding > most).copied().unwrap_or(most);
    Duration::from_nanos((first % window + earliest + window - half) % window)
}

/// `units` in `period`, in ns.
pub(super) fn rate(units: u64, period: u64) -> Option<Rate> {
    format!("{units}/{period}ns").parse().ok()
}

/// One unit in `per_unit`, in ns, as the roundest rate that is within 1 % of it.
fn rounded_rate(per_unit: u64) -> Option<Rate> {
    let round = round_rates(per_unit, 100).into_iter().next_back();
    round.map_or_else(|| rate(1, per_unit), |(units, window)| rate(units, window))
}

/// Rates that are a number in a usual time and no further than one part in `within` from one
/// unit in `per_unit`, the roundest last: units, and the time in ns.
pub(super) fn round_rates(per_unit: u64, within: u64) -> Vec<(u64, u64)> {
    let mut rates = Vec::new();
    if per_unit == 0 {
        // Requests that came at one instant tell of no rate.
        return rates;
    }
    for roundness in [1, 5, 10, 50, 100, 500, 1000] {
        // The shortest time last, since it says the same in fewer digits.
        for window in USUAL.map(nanos).into_iter().rev() {
            let step = per_unit.saturating_mul(roundness);
            let units = window.saturating_add(step / 2) / step * roundness;
            let is_near =
                units > 0 && (window / units).abs_diff(per_unit).saturating_mul(within) <= per_unit;
            // Tokens are many, and counted by the minute.
            let is_usual = units <= 100_000 || (roundness == 1000 && window == 60 * SECOND);
            if is_near && is_usual {
                rates.push((units, window));
            }
        }
    }
    // 100 in 10 s are 10 in 1 s.
    for (units, window) in &mut rates {
        for shorter in USUAL.map(nanos).into_iter().filter(|shorter| shorter < window) {
            let in_shorter = u128::from(*units) * u128::from(shorter);
            if in_shorter.is_multiple_of(u128::from(*window)) {
                *units = u64::try_from(in_shorter / u128::from(*window)).unwrap_or(*units);
                *window = shorter;
                break;
            }
        }
    }
    rates
}

/// The most frequent value; of several the greatest.
pub(super) fn most_frequent(values: impl Iterator<Item = u64>) -> Option<u64> {
    let mut counts = BTreeMap::<u64, usize>::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts.into_iter().max_by_key(|&(value, count)| (count, value)).map(|(value, _)| value)
}

/// Millionths as a percentage.
pub(super) fn percent(parts: u64) -> String {
    format!("{}.{} %", parts / 10_000, parts % 10_000 / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_circle_is_where_the_times_are() {
        let seconds = |list: &[u64]| {
            let said = list.iter().map(|second| (second * SECOND, 1)).collect::<Vec<_>>();
            phase(said.into_iter(), 60 * SECOND).as_secs()
        };
        assert_eq!(seconds(&[59, 60, 61, 120, 180]), 0);
        assert_eq!(seconds(&[130, 130, 131, 190]), 10);
        assert_eq!(seconds(&[]), 0);
    }

    #[test]
    fn ends_that_are_told_in_whole_seconds_are_told_late() {
        // A window that ends at 10 s, of which each is told rounded up.
        let said = (0..10).map(|tenth: u64| {
            let at = 7 * SECOND + tenth * SECOND / 10;
            (at, (10 * SECOND - at).div_ceil(SECOND) * SECOND)
        });
        assert_eq!(phase(said, 60 * SECOND), Duration::from_secs(10));
    }

    #[test]
    fn rates_are_round_where_they_can_be() {
        let roundest = |per_unit| round_rates(per_unit, 100).into_iter().next_back();
        assert_eq!(roundest(99_700_000), Some((10, SECOND)));
        assert_eq!(roundest(120_500_000), Some((500, 60 * SECOND)));
        assert_eq!(roundest(720_000_000), Some((5000, 3600 * SECOND)));
        assert_eq!(percent(12_345), "1.2 %");
    }
}

//! Limits in one field and their use in another: Strava by place, Riot by window.

use std::borrow::Cow;
use std::time::Duration;

use forbear_core::Dimension;

use crate::amount::Amount;
use crate::dialect::REQUESTS;
use crate::dialect::field::{Pair, Side};
use crate::reading::LimitReading;
use crate::sheet::Sheet;
use crate::value::duration::{self, DAY, SECOND_NS};
use crate::value::text::{split, split_once};

/// The values of one pair, as far as they came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pairing<'a> {
    pub(crate) limit: Option<&'a [u8]>,
    pub(crate) used: Option<&'a [u8]>,
}

/// Whether each field of a pair said anything usable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usable {
    pub(crate) limit: bool,
    pub(crate) used: bool,
}

/// All pairs, and their fields' names: the limit first.
pub(crate) const PAIRS: [(Pair, [&str; 2]); 4] = [
    (Pair::Strava, ["x-ratelimit-limit", "x-ratelimit-usage"]),
    (Pair::StravaRead, ["x-readratelimit-limit", "x-readratelimit-usage"]),
    (Pair::RiotApp, ["x-app-rate-limit", "x-app-rate-limit-count"]),
    (Pair::RiotMethod, ["x-method-rate-limit", "x-method-rate-limit-count"]),
];

/// The pairs of one response.
#[derive(Debug, Default)]
pub(crate) struct Pairings<'a> {
    pairs: [Pairing<'a>; PAIRS.len()],
    any: bool,
}

impl<'a> Pairings<'a> {
    /// Notes a field of a pair; of repeated lines the first counts.
    pub(crate) fn note(&mut self, pair: Pair, side: Side, value: &'a [u8]) {
        let pairing = &mut self.pairs[pair as usize];
        self.any = true;
        match side {
            Side::Limit => pairing.limit.get_or_insert(value),
            Side::Used => pairing.used.get_or_insert(value),
        };
    }

    /// Whether no field of any pair came.
    pub(crate) const fn is_empty(&self) -> bool {
        !self.any
    }

    /// What is known of `pair`, if anything.
    pub(crate) fn of(&self, pair: Pair) -> Option<Pairing<'a>> {
        let pairing = self.pairs[pair as usize];
        (pairing.limit.is_some() || pairing.used.is_some()).then_some(pairing)
    }
}

/// Reads a pair into the sheet.
pub(crate) fn join(pair: Pair, pairing: Pairing<'_>, sheet: &mut Sheet<'_>) -> Usable {
    match pair {
        Pair::Strava => by_place(pairing, REQUESTS, sheet),
        Pair::StravaRead => by_place(pairing, "read", sheet),
        Pair::RiotApp => by_window(pairing, "app", sheet),
        Pair::RiotMethod => by_window(pairing, "method", sheet),
    }
}

/// `600,30000` with `314,27536`: a quarter of an hour, then a day.
///
/// <https://developers.strava.com/docs/rate-limits>. A single number has no place, and so
/// no window: then the use is that of an ordinary limit.
fn by_place(pairing: Pairing<'_>, name: &'static str, sheet: &mut Sheet<'_>) -> Usable {
    let windows = [Some(Duration::from_secs(900)), Some(DAY)];
    let numbers = |value: Option<&[u8]>| {
        let mut places = value.unwrap_or_default().split(|&byte| byte == b',');
        windows.map(|_| Some(Amount::parse(crate::value::text::trim(places.next()?))))
    };
    let (limits, uses) = (numbers(pairing.limit), numbers(pairing.used));
    let has_places = limits[1].is_some() || uses[1].is_some();
    for ((limit, used), window) in limits.into_iter().zip(uses).zip(windows) {
        let Some(limit) = limit.flatten() else { continue };
        sheet.push_whole(LimitReading {
            limit: Some(limit),
            remaining: used.flatten().map(|used| limit.saturating_sub(used)),
            window: window.filter(|_| has_places),
            ..LimitReading::new(Cow::Borrowed(name))
        });
    }
    let any = |numbers: [Option<Option<Amount>>; 2]| numbers.iter().flatten().any(Option::is_some);
    Usable { limit: any(limits), used: any(uses) }
}

/// `20:1,100:120` with `3:1,57:120`: number and seconds, joined on the seconds.
///
/// Riven, the client of record, warns that the order may differ:
/// <https://github.com/MingweiSamuel/Riven/blob/v/2.x.x/riven/src/req/rate_limit.rs>.
fn by_window(pairing: Pairing<'_>, name: &'static str, sheet: &mut Sheet<'_>) -> Usable {
    let counts = |value: Option<&'_ [u8]>| -> Vec<(Duration, Amount)> {
        let members = split(value.unwrap_or_default(), b',');
        members.take(MAX_WINDOWS).filter_map(windowed_count).collect()
    };
    let (limits, uses) = (counts(pairing.limit), counts(pairing.used));
    for (window, limit) in &limits {
        let count = uses.iter().find(|(of, _)| of == window);
        sheet.push_whole(LimitReading {
            limit: Some(*limit),
            remaining: count.map(|(_, used)| limit.saturating_sub(*used)),
            window: Some(*window),
            dimension: (name == "app").then_some(Dimension::Requests),
            ..LimitReading::new(Cow::Borrowed(name))
        });
    }
    Usable { limit: !limits.is_empty(), used: !uses.is_empty() }
}

/// Riot sends two; more than this is noise.
const MAX_WINDOWS: usize = 16;

fn windowed_count(member: &[u8]) -> Option<(Duration, Amount)> {
    let (count, window) = split_once(member, b':')?;
    let window = duration::decimal(window, SECOND_NS).filter(|window| !window.is_zero())?;
    Some((window, Amount::parse(count)?))
}

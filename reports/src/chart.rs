//! The charts of a report.
//!
//! Drawn by a small SVG writer of our own. `plotters` writes whole pixels and
//! literal colours only: no class and no variable, so no dark theme; no dashes,
//! so colour would be the only cue; no title and description for a screen reader.
//!
//! A chart names its styles by class. The page defines them once; a standalone
//! file carries them along.

mod attempts;
mod axis;
mod bars;
mod bins;
mod completion;
mod drawing;
mod extent;
mod figure;
mod front;
mod heat_map;
mod legend;
mod mark;
mod outstanding;
mod palette;
mod rows;
mod scale;
mod scatter;
mod send_rate;
mod storms;
mod style;
mod svg;
mod text;

use std::fmt;

use serde::Serialize;

pub(crate) use self::drawing::Drawing;
pub(crate) use self::figure::Figure;
pub(crate) use self::heat_map::{HeatMap, rules as heat_rules};
pub(crate) use self::scatter::{Dot, Panel, Scatter, rules as scatter_rules};
pub(crate) use self::style::{rules, variables};
use crate::report::Report;

/// A chart of a report.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChartName {
    /// Sends a second against the permitted rate, with 429s marked.
    SendRate,
    /// The share of the calls that have succeeded after a time.
    Completion,
    /// Calls that are begun and not ended, over time.
    Outstanding,
    /// How many sends a call took.
    Attempts,
    /// Amplification, wasted sends and 429 rate.
    Cost,
    /// Fairness, share of the calls that succeeded, and quota used.
    Fairness,
    /// Goodput against wasted sends and slow calls, with the Pareto front.
    Front,
    /// Every storm as a dot.
    Storms,
}

impl ChartName {
    /// Every chart, in the order in which reports show them.
    pub const ALL: [Self; 8] = [
        Self::SendRate,
        Self::Completion,
        Self::Outstanding,
        Self::Attempts,
        Self::Cost,
        Self::Fairness,
        Self::Front,
        Self::Storms,
    ];

    /// Its name in file names and fragments: lower-case words with dashes.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::SendRate => "send-rate",
            Self::Completion => "completion",
            Self::Outstanding => "outstanding",
            Self::Attempts => "attempts",
            Self::Cost => "cost",
            Self::Fairness => "fairness",
            Self::Front => "front",
            Self::Storms => "storms",
        }
    }
}

impl fmt::Display for ChartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// Draws one chart.
pub(crate) fn draw(report: &Report<'_>, name: ChartName) -> Drawing {
    match name {
        ChartName::SendRate => send_rate::draw(report),
        ChartName::Completion => completion::draw(report),
        ChartName::Outstanding => outstanding::draw(report),
        ChartName::Attempts => attempts::draw(report),
        ChartName::Cost => bars::draw(report, &bars::COST),
        ChartName::Fairness => bars::draw(report, &bars::FAIRNESS),
        ChartName::Front => front::draw(report),
        ChartName::Storms => storms::draw(report),
    }
}

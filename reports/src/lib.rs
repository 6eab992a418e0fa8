//! What a comparison showed, for people and for machines.
//!
//! A [`Report`] takes a [`Comparison`](forbear_sim::results::Comparison) and
//! writes it as one self-contained HTML file, as SVG charts, Markdown, CSV and
//! JSON. All of them, and the terminal, take their numbers from one [`Table`],
//! so no two outputs of one comparison disagree. The same comparison gives the
//! same bytes: nothing here reads a clock, draws from the system's randomness or
//! iterates a hash map.
//!
//! ```
//! use forbear_reports::Report;
//! # use forbear_sim::results::{Comparison, ScenarioInfo};
//! # let scenario = ScenarioInfo {
//! #     name: "storm".into(), title: "A storm".into(), description: String::new(),
//! #     foremost: Vec::new(),
//! #     hash: String::new(), source: String::new(), calls: 0, permitted_per_s: None,
//! #     drain_bound_s: None,
//! # };
//! # let comparison = Comparison {
//! #     version: String::new(), command: String::new(), scenario, seed: 0, replications: 0,
//! #     partial: false, policies: vec![],
//! # };
//! let report = Report::new(&comparison);
//! assert_eq!(report.verdict().headline, "Nothing was run");
//! assert!(report.html()?.starts_with("<!DOCTYPE html>"));
//! # Ok::<(), forbear_reports::ReportError>(())
//! ```

#![expect(clippy::float_arithmetic, reason = "a report describes what integers have decided")]

mod chart;
mod check;
mod error;
mod metric;
mod name;
mod number;
mod render;
mod report;
mod runs;
mod stats;
mod sweep;
mod table;
mod tune;
mod verdict;

pub use crate::{
    chart::ChartName,
    check::{
        Asker, Baseline, BaselineError, Finding, Threshold, ThresholdError, Tolerance,
        ToleranceError, check_assertions, check_thresholds,
    },
    error::ReportError,
    metric::{Better, Group, Metric, Quantity, UnknownQuantity},
    number::Unit,
    report::Report,
    stats::{Estimate, Interval, Modes, Proportion},
    sweep::{Effect, Level, Standing, SweepReport, SweepRow},
    table::{Cell, Row, Table},
    tune::{Goal, GoalError, Measured, Outcome, TuneReport},
    verdict::Verdict,
};

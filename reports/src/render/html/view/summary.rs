//! The tables of all policies: means, distances from what is possible, differences.

use serde::Serialize;

use crate::metric::{Group, Metric};
use crate::render::notes;
use crate::report::Report;
use crate::table::{Cell, Row};

#[derive(Serialize)]
pub(super) struct Summary {
    title: &'static str,
    /// What is said below; may be nothing.
    note: &'static str,
    columns: Vec<ColumnHead>,
    rows: Vec<SummaryRow>,
}

#[derive(Serialize)]
struct ColumnHead {
    label: &'static str,
    unit: &'static str,
}

#[derive(Serialize)]
struct SummaryRow {
    policy: String,
    best: bool,
    cells: Vec<SummaryCell>,
}

#[derive(Default, Serialize)]
struct SummaryCell {
    text: String,
    interval: String,
    /// Whether that names two groups, and not the ends of an interval.
    is_split: bool,
    leads: bool,
    /// `better`, `worse` or nothing.
    class: &'static str,
}

impl Summary {
    /// The groups of metrics, and how far each is from what is possible.
    pub(super) fn all(report: &Report<'_>) -> Vec<Self> {
        let groups = Group::ALL.into_iter().filter(|group| report.table().tells_of(*group));
        let means = groups.map(|group| match group {
            Group::Redis => Self::redis(report),
            _ => Self::means(report, group),
        });
        means.chain(Self::regrets(report)).collect()
    }

    /// Every group less the reference; none without another policy.
    pub(super) fn differences(report: &Report<'_>) -> Vec<Self> {
        let table = report.table();
        if table.rows.len() < 2 || table.reference.is_none() {
            return Vec::new();
        }
        let differs = |group: &Group| {
            let metrics = table.metrics_of(*group);
            let mut cells = table.rows.iter().flat_map(|row| &row.cells);
            // A reference that shares nothing has nothing to differ from.
            *group != Group::Redis
                || cells.any(|cell| metrics.contains(&cell.metric) && cell.difference.is_some())
        };
        let groups = Group::ALL.into_iter().filter(differs);
        groups.map(|group| Self::difference(report, group)).collect()
    }

    fn means(report: &Report<'_>, group: Group) -> Self {
        Self::of(report, group, |cell| SummaryCell {
            text: cell.text(),
            interval: cell.interval_text(),
            is_split: cell.modes.is_some(),
            leads: cell.leads,
            class: "",
        })
    }

    /// With what a client does without Redis, which the numbers come of.
    fn redis(report: &Report<'_>) -> Self {
        let mut summary = Self { note: notes::REDIS, ..Self::means(report, Group::Redis) };
        let [label, unit] = notes::RULE;
        summary.columns.insert(0, ColumnHead { label, unit });
        let rows = report.table().rows_of(Group::Redis);
        for (shown, (_, row)) in summary.rows.iter_mut().zip(rows) {
            let text = row.rule_text().to_owned();
            shown.cells.insert(0, SummaryCell { text, ..SummaryCell::default() });
        }
        summary
    }

    /// `None` where no bound is known.
    fn regrets(report: &Report<'_>) -> Option<Self> {
        let metrics = report.table().regretted();
        if metrics.is_empty() {
            return None;
        }
        let rows = report.table().rows.iter().enumerate();
        let regrets = Self::new(report, notes::REGRETS, &metrics, rows, |cell| SummaryCell {
            text: cell.regret_text(),
            interval: cell.regret_interval_text(),
            ..SummaryCell::default()
        });
        Some(Self { note: notes::REGRET, ..regrets })
    }

    fn difference(report: &Report<'_>, group: Group) -> Self {
        Self::of(report, group, |cell| SummaryCell {
            text: cell.difference_text(),
            interval: cell.difference_interval_text(),
            class: match cell.is_improvement() {
                Some(true) => "better",
                Some(false) => "worse",
                None => "",
            },
            ..SummaryCell::default()
        })
    }

    fn of(report: &Report<'_>, group: Group, cell: impl Fn(&Cell) -> SummaryCell) -> Self {
        let table = report.table();
        Self::new(report, group.title(), &table.metrics_of(group), table.rows_of(group), cell)
    }

    fn new<'a>(
        report: &'a Report<'_>,
        title: &'static str,
        metrics: &[Metric],
        rows: impl Iterator<Item = (usize, &'a Row)>,
        cell: impl Fn(&Cell) -> SummaryCell,
    ) -> Self {
        let table = report.table();
        let row = |(index, row): (usize, &Row)| SummaryRow {
            policy: row.policy.clone(),
            best: report.verdict().winner() == Some(index),
            cells: metrics
                .iter()
                .filter_map(|metric| table.cell(index, *metric))
                .map(&cell)
                .collect(),
        };
        Self {
            title,
            note: "",
            columns: metrics
                .iter()
                .map(|metric| ColumnHead { label: metric.label(), unit: metric.unit_name() })
                .collect(),
            rows: rows.map(row).collect(),
        }
    }
}

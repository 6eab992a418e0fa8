//! A sweep as GitHub-flavoured Markdown.

use std::fmt::Write;

use super::{Standing, SweepReport};
use crate::metric::{Group, Metric};
use crate::name::shown;
use crate::render::{code, escaped};
use crate::table::told;

/// Writes the report.
pub(super) fn markdown(report: &SweepReport<'_>) -> String {
    let mut out = String::new();
    write(&mut out, report).expect("a string takes any text");
    out
}

fn write(out: &mut String, report: &SweepReport<'_>) -> std::fmt::Result {
    let sweep = report.sweep();
    writeln!(out, "# {}\n", escaped(&report.headline()))?;
    for caution in report.cautions() {
        writeln!(out, "> {}\n", escaped(&caution))?;
    }
    let told = told(report.rows().iter().flat_map(|row| &row.cells));
    for group in Group::ALL {
        let metrics = told.iter().copied().filter(|metric| metric.group() == group);
        let metrics: Vec<Metric> = metrics.collect();
        if !metrics.is_empty() {
            writeln!(out, "## {}\n", group.title())?;
            table(out, report, &metrics)?;
        }
    }
    writeln!(
        out,
        "Means over {} replications of each point, all with the same seeds; in brackets the 95 % \
         interval, unless it is narrower than the digits shown. **front**: no other point of the \
         same scenario is at least as good in every objective and better in one. *near*: another \
         is, but not clearly.\n",
        sweep.replications
    )?;
    effects(out, report)?;
    writeln!(out, "## Scenario: {}\n", escaped(&shown(&sweep.scenario.name)))?;
    code(out, "toml", &sweep.scenario.source)?;
    writeln!(out, "## Policy: {}\n", escaped(&shown(&sweep.policy.name)))?;
    code(out, "toml", &sweep.policy.source)?;
    writeln!(out, "## Make it again\n")?;
    writeln!(out, "With forbear {}, from seed {}:\n", escaped(&sweep.version), sweep.seed)?;
    code(out, "sh", &sweep.command)
}

fn effects(out: &mut String, report: &SweepReport<'_>) -> std::fmt::Result {
    if report.effects().is_empty() {
        return Ok(());
    }
    writeln!(out, "## What each parameter does\n")?;
    for effect in report.effects() {
        writeln!(out, "{}\n", escaped(&effect.sentence()))?;
        writeln!(
            out,
            "| {} | Points | {} | Effect |",
            escaped(&effect.key),
            effect.metric.label()
        )?;
        writeln!(out, "| ---: | ---: | ---: | ---: |")?;
        for level in &effect.levels {
            let (value, points) = (escaped(&level.value), level.points);
            let mean = effect.metric.unit().text(level.mean);
            writeln!(out, "| {value} | {points} | {mean} | {} |", level.text(effect.metric))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}\n", report.effects_note())
}

fn table(out: &mut String, report: &SweepReport<'_>, metrics: &[Metric]) -> std::fmt::Result {
    let parameters = &report.sweep().parameters;
    write!(out, "|")?;
    parameters.iter().try_for_each(|key| write!(out, " {} |", escaped(&shown(key.key()))))?;
    write!(out, " Pareto |")?;
    metrics.iter().try_for_each(|metric| write!(out, " {} |", metric.label()))?;
    write!(out, "\n|")?;
    parameters.iter().try_for_each(|_| write!(out, " ---: |"))?;
    write!(out, " --- |")?;
    metrics.iter().try_for_each(|_| write!(out, " ---: |"))?;
    writeln!(out)?;
    for row in report.rows() {
        write!(out, "|")?;
        row.values.iter().try_for_each(|value| write!(out, " {} |", escaped(value)))?;
        let standing = match row.standing {
            Some(Standing::Front) => "**front**",
            Some(Standing::Near) => "*near*",
            _ => "",
        };
        write!(out, " {standing} |")?;
        for &metric in metrics {
            let (text, interval) = (row.text(metric), row.interval_text(metric));
            let interval = if interval.is_empty() { interval } else { format!(" ({interval})") };
            write!(out, " {text}{interval} |")?;
        }
        writeln!(out)?;
    }
    writeln!(out)
}

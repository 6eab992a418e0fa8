//! The report as GitHub-flavoured Markdown, to paste into an issue or a pull request.

use std::fmt::Write;

use crate::metric::{Group, Metric};
use crate::name;
use crate::number::{Unit, whole};
use crate::render::notes;
use crate::report::Report;
use crate::table::{Cell, Table};
use crate::verdict::Verdict;

/// Writes the report.
pub(crate) fn markdown(report: &Report<'_>) -> String {
    let mut out = String::new();
    write(&mut out, report).expect("a string takes any text");
    out
}

fn write(out: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let (comparison, verdict) = (report.comparison(), report.verdict());
    let scenario = &comparison.scenario;
    writeln!(out, "# {}\n", escaped(&verdict.headline))?;
    if !verdict.reason.is_empty() {
        writeln!(out, "{}\n", escaped(&verdict.reason))?;
    }
    for caution in &verdict.cautions {
        writeln!(out, "> {}\n", escaped(caution))?;
    }
    let table = report.table();
    for group in Group::ALL.into_iter().filter(|group| table.tells_of(*group)) {
        writeln!(out, "## {}\n", group.title())?;
        summary(out, table, group)?;
    }
    if !table.rows.is_empty() {
        writeln!(
            out,
            "Means over the replications; in brackets the 95 % interval, unless it is narrower than \
             the digits shown. Bold: the best of its column, or not clearly worse than the best \
             in the same storms. Giving up is fast and cheap, so from the second table on only \
             those policies can be bold that bring as many calls to success as any.\n"
        )?;
    }
    regrets(out, table)?;
    writeln!(out, "## Scenario: {}\n", escaped(&name::shown(&scenario.title)))?;
    writeln!(out, "{}\n", escaped(&name::printable(&scenario.description)))?;
    facts(out, report)?;
    code(out, "toml", &scenario.source)?;
    writeln!(out, "## Policies\n")?;
    for policy in &comparison.policies {
        writeln!(out, "### {}\n", escaped(&name::shown(&policy.name)))?;
        code(out, "toml", &policy.source)?;
    }
    writeln!(out, "## Make it again\n")?;
    writeln!(
        out,
        "With the version above, this command gives the same numbers on every machine, to the \
         last digit; `--md report.md` writes this report.\n"
    )?;
    code(out, "sh", &comparison.command)?;
    writeln!(out, "## What the words mean\n")?;
    for metric in &table.metrics {
        writeln!(
            out,
            "- **{}** [{}]: {}",
            metric.label(),
            metric.unit_name(),
            metric.definition()
        )?;
    }
    writeln!(out, "- **Verdict**: {}", Verdict::METHOD)
}

fn summary(out: &mut String, table: &Table, group: Group) -> std::fmt::Result {
    let metrics = table.metrics_of(group);
    let is_redis = group == Group::Redis;
    let rule = is_redis.then(|| notes::RULE.join(": "));
    head(out, rule.as_deref(), &metrics)?;
    for (index, row) in table.rows_of(group) {
        write!(out, "| {} |", escaped(&row.policy))?;
        if is_redis {
            write!(out, " {} |", row.rule_text())?;
        }
        let cells = metrics.iter().filter_map(|metric| table.cell(index, *metric));
        cells.into_iter().try_for_each(|cell| write!(out, " {} |", cell_text(cell)))?;
        writeln!(out)?;
    }
    if is_redis { writeln!(out, "\n{}\n", notes::REDIS) } else { writeln!(out) }
}

/// The line of column names, and the one that aligns them: words left, numbers right.
fn head(out: &mut String, words: Option<&str>, metrics: &[Metric]) -> std::fmt::Result {
    write!(out, "| Policy |")?;
    words.iter().try_for_each(|words| write!(out, " {words} |"))?;
    metrics.iter().try_for_each(|metric| write!(out, " {} |", metric.label()))?;
    write!(out, "\n| --- |")?;
    words.iter().try_for_each(|_| write!(out, " --- |"))?;
    metrics.iter().try_for_each(|_| write!(out, " ---: |"))?;
    writeln!(out)
}

/// How far each policy is from what no policy can beat; nothing where no bound is known.
fn regrets(out: &mut String, table: &Table) -> std::fmt::Result {
    let shown = table.regretted();
    if shown.is_empty() {
        return Ok(());
    }
    writeln!(out, "## {}\n", notes::REGRETS)?;
    head(out, None, &shown)?;
    for row in &table.rows {
        write!(out, "| {} |", escaped(&row.policy))?;
        for cell in row.cells.iter().filter(|cell| shown.contains(&cell.metric)) {
            match cell.regret_interval_text() {
                interval if interval.is_empty() => write!(out, " {} |", cell.regret_text())?,
                interval => write!(out, " {} ({interval}) |", cell.regret_text())?,
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "\n{}\n", notes::REGRET)
}

fn cell_text(cell: &Cell) -> String {
    let mean = if cell.leads { format!("**{}**", cell.text()) } else { cell.text() };
    match cell.interval_text() {
        interval if interval.is_empty() => mean,
        interval => format!("{mean} ({interval})"),
    }
}

fn facts(out: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let comparison = report.comparison();
    let scenario = &comparison.scenario;
    writeln!(out, "- calls in a run: {}", whole(scenario.calls))?;
    if let Some(rate) = report.permitted_per_s() {
        writeln!(out, "- permitted in the long run: {}", Unit::PerSecond.text(rate))?;
    }
    if let Some(bound) = report.drain_bound_s() {
        writeln!(out, "- shortest possible time to drain: {}", Unit::Seconds.text(bound))?;
    }
    writeln!(out, "- replications: {}, from seed {}", comparison.replications, comparison.seed)?;
    let plain = |text: &str| escaped(&name::shown(text));
    writeln!(out, "- scenario {}, hash {}", plain(&scenario.name), plain(&scenario.hash))?;
    writeln!(out, "- forbear {}\n", plain(&comparison.version))
}

/// A fenced block, with a fence longer than any in `text`.
pub(crate) fn code(out: &mut String, language: &str, text: &str) -> std::fmt::Result {
    let text = name::printable(text);
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest.max(2) + 1);
    writeln!(out, "{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

/// `text` with nothing in it that Markdown or HTML would act on.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '@' | '!' => {
                out.push('\\');
                out.push(character);
            }
            '\n' => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

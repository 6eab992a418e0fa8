//! What came of a batch, and what is forecast of it.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use forbear_batch::{End, Forecast, Money, Price, Scan, Summary};
use forbear_core::Dimension;
use forbear_http::trace::Recorder;
use serde_json::{Value, json};

use crate::output::Output;
use crate::problem::Problem;
use crate::table::Table;

/// Prints the summary: to standard output, or to standard error where the results went there.
pub(super) fn summary(
    summary: &Summary,
    prices: &[Price],
    is_piped: bool,
    output: &mut Output,
) -> io::Result<()> {
    let text = if output.is_json() {
        format!("{}\n", summary_json(summary, prices))
    } else {
        summary_table(summary, prices)
    };
    if is_piped {
        output.remark(text.trim_end());
        return Ok(());
    }
    output.data().write_all(text.as_bytes())
}

/// Prints the forecast.
pub(super) fn forecast(
    forecast: &Forecast,
    scan: &Scan,
    prices: &[Price],
    output: &mut Output,
) -> io::Result<()> {
    let text = if output.is_json() {
        let value = json!({
            "jobs": forecast.jobs,
            "takes_ms": millis(forecast.takes),
            "cost": by_name(&forecast.cost),
            "money": money(prices, &forecast.cost).map(|money| money.to_string()),
            "in_flight": forecast.in_flight,
            "refused": forecast.refused,
            "malformed": scan.malformed,
            "hosts": scan.hosts,
            "assumed": {
                "latency_ms": millis(forecast.assumed.latency),
                "used_percent": forecast.assumed.used_percent,
                "measured_jobs": forecast.measured,
            },
        });
        format!("{value}\n")
    } else {
        forecast_table(forecast, scan, prices)
    };
    output.data().write_all(text.as_bytes())
}

/// Tells of a trace that is not whole.
pub(super) fn recorded(recorder: Option<&Recorder>, output: &mut Output) {
    let Some(status) = recorder.map(Recorder::status) else { return };
    if let Some(error) = status.error {
        output.problem(&Problem::new(format!("the trace cannot be written: {error}")));
    } else if status.lost > 0 {
        output.remark(&format!("{} entries are missing in the trace", status.lost));
    }
}

fn summary_table(summary: &Summary, prices: &[Price]) -> String {
    let seen = &summary.progress;
    let mut table = Table::new(["batch", ""]);
    let mut row = |name: &str, value: String| table.push([name.to_owned(), value]);
    row("requests", seen.jobs.to_string());
    row("succeeded", (seen.done - seen.failed).to_string());
    row("failed", seen.failed.to_string());
    if summary.left > 0 {
        row("left", summary.left.to_string());
    }
    if summary.malformed > 0 {
        row("malformed lines", summary.malformed.to_string());
    }
    if seen.done_before > 0 {
        row("done before", seen.done_before.to_string());
    }
    row("sends", seen.sends.to_string());
    row("throttled", seen.throttled.to_string());
    row("retries", seen.retries.to_string());
    for (dimension, units) in &seen.usage {
        row(&format!("used {dimension}"), units.to_string());
    }
    if let Some(money) = money(prices, &seen.usage) {
        row("money", money.to_string());
    }
    row("time", words(seen.elapsed));
    table.render()
}

fn summary_json(summary: &Summary, prices: &[Price]) -> Value {
    let seen = &summary.progress;
    let end = match &summary.end {
        End::Interrupted => "interrupted",
        End::Stopped(_) => "stopped",
        _ => "complete",
    };
    let stopped = match &summary.end {
        End::Stopped(error) => Some(error.to_string()),
        _ => None,
    };
    json!({
        "end": end,
        "error": stopped,
        "jobs": seen.jobs,
        "succeeded": seen.done - seen.failed,
        "failed": seen.failed,
        "left": summary.left,
        "malformed": summary.malformed,
        "done_before": seen.done_before,
        "sends": seen.sends,
        "throttled": seen.throttled,
        "retries": seen.retries,
        "unrecorded": summary.unrecorded,
        "usage": by_name(&seen.usage),
        "money": money(prices, &seen.usage).map(|money| money.to_string()),
        "took_ms": millis(seen.elapsed),
    })
}

fn forecast_table(forecast: &Forecast, scan: &Scan, prices: &[Price]) -> String {
    let mut table = Table::new(["forecast", ""]);
    let mut row = |name: &str, value: String| table.push([name.to_owned(), value]);
    row("requests", forecast.jobs.to_string());
    if forecast.refused > 0 {
        row("never admitted", forecast.refused.to_string());
    }
    if scan.malformed > 0 {
        row("malformed lines", scan.malformed.to_string());
    }
    row("time", words(forecast.takes));
    row("most in flight", forecast.in_flight.to_string());
    for (dimension, units) in &forecast.cost {
        row(dimension.name(), units.to_string());
    }
    if let Some(money) = money(prices, &forecast.cost) {
        row("money", money.to_string());
    }
    let assumed = &forecast.assumed;
    let how = match forecast.measured {
        0 => "assumed".to_owned(),
        jobs => format!("the mean of {jobs} requests"),
    };
    row("latency", format!("{}, {how}", words(assumed.latency)));
    table.render()
}

fn money(prices: &[Price], used: &BTreeMap<Dimension, u64>) -> Option<Money> {
    (!prices.is_empty()).then(|| Price::sum(prices, used))
}

fn by_name(units: &BTreeMap<Dimension, u64>) -> BTreeMap<&'static str, u64> {
    units.iter().map(|(dimension, units)| (dimension.name(), *units)).collect()
}

/// A duration as a person says it: `2h 3m`, `4m 55s`, `4.9s`, `120ms`.
pub(super) fn words(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    match seconds {
        0 => format!("{millis}ms"),
        1..60 => format!("{seconds}.{}s", millis / 100),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_two_units_at_most() {
        for (millis, said) in
            [(0, "0ms"), (999, "999ms"), (4_949, "4.9s"), (295_500, "4m 55s"), (7_380_000, "2h 3m")]
        {
            assert_eq!(words(Duration::from_millis(millis)), said);
        }
    }
}

//! A derived scenario as a file that people read and change.

use std::fmt::Write as _;
use std::time::Duration;

use forbear_core::text::format_duration;
use toml::Value;

use super::failures::Failures;
use super::latency::Latency;
use super::limits::Guess;
use crate::scenario::{RecordedSpec, RetryAfterSpec};

/// The policies that a storm compares where nobody says which.
const POLICIES: &str = r#"
[[policy]]
name = "none"
[policy.retry]
max_attempts = 1
budget       = "none"
hint         = "none"

[[policy]]
name = "fixed-retry"
[policy.retry]
backoff = { kind = "constant", delay = "1s" }
budget  = "none"
hint    = "none"

[[policy]]
name = "exponential"
[policy.retry]
backoff = { kind = "exponential", base = "500ms", max = "60s" }
budget  = "none"
hint    = "none"

[[policy]]
name = "full-jitter"
[policy.retry]
backoff = { kind = "exponential", base = "500ms", max = "60s", jitter = "full" }
budget  = "none"
hint    = "none"

[[policy]]
name = "recommended"
"#;

/// `text` as a string of TOML.
pub(super) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// A comment of lines no longer than 90 columns.
pub(super) fn comment(text: &mut String, words: &str) {
    let mut width = 0;
    for word in words.split_whitespace() {
        let length = word.chars().count() + 1;
        if width == 0 || width + length > 90 {
            text.push_str(if width == 0 { "#" } else { "\n#" });
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += length;
    }
    text.push('\n');
}

/// The `[network]` table.
pub(super) fn network(latency: &Latency) -> String {
    format!("[network]\nround_trip = {}\n", distribution(&latency.round_trip))
}

/// The `[server]` table with its limits.
pub(super) fn server(
    latency: &Latency,
    retry_after: RetryAfterSpec,
    quota_headers: bool,
    guesses: &[Guess],
) -> String {
    let mut text = String::from("[server]\n");
    let hint = match retry_after {
        RetryAfterSpec::None => quoted("none"),
        RetryAfterSpec::Milliseconds => quoted("milliseconds"),
        RetryAfterSpec::Fixed(fixed) => {
            format!("{{ fixed = {} }}", quoted(&format_duration(fixed.0)))
        }
        _ => quoted("seconds"),
    };
    let _ = writeln!(text, "retry_after   = {hint}");
    let _ = writeln!(text, "quota_headers = {quota_headers}");
    let _ = writeln!(text, "service       = {}", distribution(&latency.service));
    for guess in guesses {
        text.push('\n');
        comment(&mut text, &guess.why);
        text.push_str("[[server.limit]]\n");
        text.push_str(&toml::to_string(&guess.spec).unwrap_or_default());
    }
    text
}

/// The `[[fault]]` tables.
pub(super) fn faults(failures: &[Failures]) -> String {
    let mut text = String::new();
    for failures in failures {
        let ns = |ns: u64| quoted(&format_duration(Duration::from_nanos(ns)));
        text.push_str("\n[[fault]]\n");
        if let Some(until) = failures.until {
            let _ = writeln!(text, "from   = {}\nuntil  = {}", ns(failures.from), ns(until));
        }
        // Millionths, so that the file has a decimal and no float of ours.
        let parts = failures.failed * 1_000_000 / failures.of.max(1);
        let _ = writeln!(text, "fail   = {}.{:06}", parts / 1_000_000, parts % 1_000_000);
        let _ = writeln!(text, "status = {}\nafter  = {}", failures.status, ns(failures.after));
    }
    text
}

/// The `[clients]` and `[arrivals]` tables, with a list a line.
pub(super) fn arrivals(recorded: &RecordedSpec) -> String {
    let mut text = format!("[clients]\ncount = 1\ncalls = {}\n\n", recorded.at_ns.len());
    text.push_str("[arrivals]\nkind  = \"recorded\"\n");
    let _ = writeln!(text, "at_ns = {}", list(recorded.at_ns.iter()));
    if !recorded.service_ns.is_empty() {
        let _ = writeln!(text, "service_ns = {}", list(recorded.service_ns.iter()));
    }
    if !recorded.status.is_empty() {
        let _ = writeln!(text, "status = {}", list(recorded.status.iter()));
    }
    if let Some(answers) = &recorded.answers {
        let within = quoted(&format_duration(answers.within));
        let _ = writeln!(text, "\n[arrivals.answers]\nwithin = {within}");
        let times = [
            ("at_ns", &answers.at_ns),
            ("worked_ns", &answers.worked_ns),
            ("wait_ns", &answers.wait_ns),
        ];
        for (name, lists) in times {
            let _ =
                writeln!(text, "{name} = {}", list(lists.iter().map(|times| list(times.iter()))));
        }
        let status = list(answers.status.iter().map(|status| list(status.iter())));
        let _ = writeln!(text, "status = {status}");
    }
    for (name, lists) in [("reserved", &recorded.reserved), ("used", &recorded.used)] {
        if lists.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n[arrivals.{name}]");
        for (dimension, units) in lists {
            let _ = writeln!(text, "{dimension} = {}", list(units.iter()));
        }
    }
    text
}

/// The `[[policy]]` tables of those that are usually compared.
pub(super) const fn policies() -> &'static str {
    POLICIES
}

fn list<T: ToString>(values: impl Iterator<Item = T>) -> String {
    let values: Vec<String> = values.map(|value| value.to_string()).collect();
    format!("[{}]", values.join(", "))
}

/// One value, or evenly spaced quantiles.
fn distribution(values: &[u64]) -> String {
    let text = |ns: &u64| quoted(&format_duration(Duration::from_nanos(*ns)));
    match values {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => text(first),
        values => {
            let quantiles: Vec<String> = values.iter().map(text).collect();
            format!("{{ kind = \"empirical\", quantiles = [{}] }}", quantiles.join(", "))
        }
    }
}

/// A time in seconds, to the millisecond; a short one in smaller units.
pub(super) fn format_seconds(ns: u64) -> String {
    let ms = ns / 1_000_000;
    if ms < 1000 {
        return if ms == 0 { format!("{} us", ns / 1000) } else { format!("{ms} ms") };
    }
    match (ms / 1000, ms % 1000) {
        (seconds, 0) => format!("{seconds} s"),
        (seconds, ms) => format!("{} s", format!("{seconds}.{ms:03}").trim_end_matches('0')),
    }
}

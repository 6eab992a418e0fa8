//! How things stand at a moment, in groups.

use std::fmt::Write;

use forbear_sim::explain::{LimiterSays, Moment, Opinion, Stage};

use super::Storm;
use super::timeline::for_what;
use crate::span::{count, moment, seconds};
use crate::table::stressed;
use crate::wrap::wrapped;

/// A head, and a part each for who waits, what is under way, the limiters and the server.
pub(super) fn of(now: &Moment, storm: &Storm) -> String {
    let mut text = String::new();
    write(&mut text, now, storm).expect("a string takes any text");
    text
}

fn write(text: &mut String, now: &Moment, storm: &Storm) -> std::fmt::Result {
    let at = now.at_ns;
    let (title, policy, seed) = (storm.scenario.title(), storm.policy.name(), storm.seed);
    let head = format!("{title}: at {} under {policy}, seed {seed}", moment(at));
    writeln!(text, "{}", stressed(&head))?;
    let calls = &now.calls;
    let counts = format!(
        "{} waiting, {} in flight, {} succeeded, {} given up, {} to come",
        calls.waiting, calls.in_flight, calls.succeeded, calls.failed, calls.to_come
    );
    writeln!(text, "{counts}\n\n{}", stressed("Waiting"))?;
    for group in &now.waiting {
        let mut line = format!("{} for {}", count(group.count, "call"), for_what(group.reason));
        line.push_str(&until(group.until_ns));
        text.push_str(&wrapped(&line, "  ", "    "));
        for example in &group.examples {
            let (number, since) = (storm.number(example.call), moment(example.since_ns));
            let attempts = count(u64::from(example.attempts), "attempt");
            let client = example.client + 1;
            let mut line = format!("call {number} of client {client}, since {since}, {attempts}");
            if let Some(until) = example.until_ns {
                let left = seconds(until.saturating_sub(at));
                let _ = write!(line, ", {left} left");
            }
            text.push_str(&wrapped(&line, "    ", "      "));
        }
    }
    nothing(text, now.waiting.is_empty())?;
    writeln!(text, "\n{}", stressed("In flight"))?;
    for group in &now.in_flight {
        let stage = match group.stage {
            Stage::ToServer => "on the way to the server",
            Stage::AtServer => "at the server",
            Stage::ToClient => "answered, on the way back",
            Stage::Lost => "answered, and the answer is lost",
        };
        let examples: Vec<String> = group
            .examples
            .iter()
            .map(|&(call, since)| format!("call {} since {}", storm.number(call), moment(since)))
            .collect();
        let more = if group.count > examples.len() as u64 { ", .." } else { "" };
        let line = format!("{} {stage}: {}{more}", group.count, examples.join(", "));
        text.push_str(&wrapped(&line, "  ", "    "));
    }
    nothing(text, now.in_flight.is_empty())?;
    writeln!(text, "\n{}", stressed("What the limiters say of the next request"))?;
    for group in &now.limiters {
        let says = match group.says {
            Opinion::Admits => "may go",
            Opinion::Waits => "must wait",
            Opinion::WaitsForCompletion => "must wait for another to end",
            Opinion::Refuses => "is refused",
        };
        let clients = count(group.clients, "client");
        let is_other = |other: &&LimiterSays| other.limiter == group.limiter;
        let several = now.limiters.iter().filter(is_other).any(|other| other.number > 1);
        let number = if several { format!(" {}", group.number) } else { String::new() };
        let line =
            format!("{}{number}: {says}{}, at {clients}", group.limiter, still(group.until_ns, at));
        text.push_str(&wrapped(&line, "  ", "    "));
    }
    nothing(text, now.limiters.is_empty())?;
    writeln!(text, "\n{}", stressed("Server"))?;
    for limit in &now.server {
        let mut line = format!("{}: {} left", limit.title, limit.left);
        if let Some(resets) = limit.resets_in_ns.filter(|&ns| ns > 0) {
            let _ = write!(line, ", whole again in {}", seconds(resets));
        }
        text.push_str(&wrapped(&line, "  ", "    "));
    }
    if let Some(queue) = now.queue {
        let (busy, workers, waiting) = (queue.busy, queue.workers, queue.waiting);
        writeln!(text, "  {busy} of {workers} workers busy, {waiting} waiting for one")?;
    }
    nothing(text, now.server.is_empty() && now.queue.is_none())
}

fn nothing(text: &mut String, is_empty: bool) -> std::fmt::Result {
    if is_empty { writeln!(text, "  nothing") } else { Ok(()) }
}

/// Until when a group waits.
fn until(span: Option<(u64, u64)>) -> String {
    match span {
        None => String::new(),
        Some((first, last)) if first == last => format!(", until {}", moment(first)),
        Some((first, last)) => {
            format!(", the first until {}, the last until {}", moment(first), moment(last))
        }
    }
}

/// For how long a limiter says to wait from `now` on: moments that are near would read the
/// same.
fn still(span: Option<(u64, u64)>, now: u64) -> String {
    let left = |until: u64| seconds(until.saturating_sub(now));
    match span {
        None => String::new(),
        Some((first, last)) if first == last => format!(" {}", left(first)),
        Some((first, last)) => format!(" {} to {}", left(first), left(last)),
    }
}

//! The life of a call, a line for each thing that happened.

use std::fmt::Write;

use forbear_sim::explain::{DecidedBy, Entry, Reason, Timeline, What};

use super::Storm;
use crate::span::{count, moment, seconds};
use crate::table::stressed;
use crate::wrap::wrapped;

/// A head, and the things that happened with their times.
pub(super) fn of(timeline: &Timeline, storm: &Storm) -> String {
    let mut text = String::new();
    write(&mut text, timeline, storm).expect("a string takes any text");
    text
}

fn write(text: &mut String, timeline: &Timeline, storm: &Storm) -> std::fmt::Result {
    let number = storm.number(timeline.call);
    let (title, policy) = (storm.scenario.title(), storm.policy.name());
    let (seed, client) = (storm.seed, timeline.client + 1);
    let head = format!("{title}: call {number} under {policy}, seed {seed}");
    writeln!(text, "{}", stressed(&head))?;
    let cost: Vec<String> =
        timeline.cost.iter().map(|&(what, units)| units_of(what, units)).collect();
    text.push_str(&wrapped(&format!("client {client}; costs {}", cost.join(", ")), "", ""));
    writeln!(text)?;
    let last = timeline.entries.last().map_or(0, |entry| entry.at_ns);
    let width = moment(last).len();
    let rest = " ".repeat(width + 2);
    let mut before = None;
    for entry in &timeline.entries {
        // A time is said once.
        let time = if before == Some(entry.at_ns) { String::new() } else { moment(entry.at_ns) };
        before = Some(entry.at_ns);
        text.push_str(&wrapped(&said(entry, storm), &format!("{time:>width$}  "), &rest));
    }
    if timeline.entries.is_empty() {
        writeln!(text, "it was not wanted before the run was over")?;
    }
    Ok(())
}

/// `1 request`, `900 input tokens`.
fn units_of(what: &str, units: u32) -> String {
    let words = what.replace('_', " ");
    let one = if units == 1 { words.strip_suffix('s') } else { None };
    format!("{units} {}", one.unwrap_or(&words))
}

fn said(entry: &Entry, storm: &Storm) -> String {
    let now = entry.at_ns;
    match &entry.what {
        What::Arrives => "arrives".to_owned(),
        What::TakenUp => "is taken up by a caller".to_owned(),
        What::Waits { reason, until_ns, gives_up_at_ns, ahead, told_by } => {
            let mut text = match until_ns {
                Some(until) => format!("waits {} for ", seconds(until.saturating_sub(now))),
                None => "waits for ".to_owned(),
            };
            text.push_str(&for_what(*reason));
            if *reason == Reason::Line {
                let _ = write!(text, ", {} ahead", count(u64::from(*ahead), "call"));
            }
            if let Some(told) = told_by {
                let (other, at) = (storm.number(told.call), moment(told.at_ns));
                let _ = write!(text, ": call {other} was told so at {at}");
            }
            if let Some(until) = until_ns {
                let _ = write!(text, ", until {}", moment(*until));
            } else if let Some(at) = gives_up_at_ns {
                let _ = write!(text, "; would give up at {}", moment(*at));
            }
            text
        }
        What::Sent { attempt } => format!("attempt {attempt} leaves"),
        What::Server { status, decided_by, leaves_at_ns, is_lost, .. } => {
            let mut text = format!("the server {}", decided(decided_by, *status));
            if *leaves_at_ns > now {
                let _ = write!(text, ", after {}", seconds(leaves_at_ns - now));
            }
            if *is_lost {
                text.push_str("; its answer is lost");
            }
            text
        }
        What::Written { status } => format!("the server answers its write with {status}"),
        What::Answer { attempt, status, outcome, asked_ns, cut_off_after_ns } => {
            let mut text = match (status, cut_off_after_ns) {
                (0, Some(after)) => {
                    format!("attempt {attempt} is cut off by the policy after {}", seconds(*after))
                }
                (0, None) => format!("attempt {attempt} has no answer in time"),
                (status, _) => format!("answer {attempt}: {status}, {outcome}"),
            };
            if let Some(asked) = asked_ns {
                let _ = write!(text, "; the server asks to wait {}", seconds(*asked));
            }
            text
        }
        What::Ends { succeeded: true, .. } => "succeeds".to_owned(),
        What::Ends { why, .. } => {
            format!("is given up: {}", why.as_deref().unwrap_or("for no known reason"))
        }
        What::CutOff => "the run is over, and so is the call".to_owned(),
        What::Restart => "its client dies and starts anew".to_owned(),
        _ => "something happens that this version has no words for".to_owned(),
    }
}

/// What a call waits for.
pub(super) fn for_what(reason: Reason) -> String {
    match reason {
        Reason::Caller => "a caller that is free".to_owned(),
        Reason::Line => "a turn in line".to_owned(),
        Reason::Limiter(name) => format!("the limiter {name}"),
        Reason::Cooldown => "the server's wait after another call".to_owned(),
        Reason::ServerHint => "the server's wait".to_owned(),
        Reason::Backoff => "a backoff".to_owned(),
        _ => "something else".to_owned(),
    }
}

fn decided(by: &DecidedBy, status: u16) -> String {
    match by {
        DecidedBy::Served if status < 400 => "lets it in".to_owned(),
        DecidedBy::Served => format!("lets it in and answers {status}"),
        DecidedBy::Limit { title, never: true, .. } => {
            format!("refuses it with {status}: it is larger than the {title}")
        }
        DecidedBy::Limit { title, left, opens_at_ns, .. } => {
            let opens = match opens_at_ns {
                Some(at) => format!("opens at {}", moment(*at)),
                None => "opens when another ends".to_owned(),
            };
            format!("refuses it with {status}: {left} left of the {title}, {opens}")
        }
        DecidedBy::Fault => format!("fails with {status}, by a fault"),
        DecidedBy::Recorded => format!("answers {status}, as it was recorded to"),
        DecidedBy::QueueFull => format!("refuses it with {status}: its queue is full"),
        _ => format!("answers {status}"),
    }
}

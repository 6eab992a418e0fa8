//! The form in which an entry is written.

use std::collections::BTreeMap;
use std::fmt;

use forbear_core::{Cost, Dimension, Observation, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CallEnd, TraceAttempt, TraceEnd, TraceEntry};

/// The members of a line, in the order in which they are written.
///
/// Flat, with each part of an attempt optional: serde's own flattening of an optional
/// struct would take a broken attempt for a missing one.
#[derive(Deserialize, Serialize)]
pub(super) struct Line {
    call: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    arrived_ns: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_ns: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered_ns: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(serialize_with = "write_cost", deserialize_with = "read_cost")]
    cost: Cost,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    observation: Option<Observation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<CallEnd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_ns: Option<Timestamp>,
}

impl From<TraceEntry> for Line {
    fn from(entry: TraceEntry) -> Self {
        let TraceEntry { call, arrived_at, scope, cost, attempt, end } = entry;
        Self {
            call,
            attempt: attempt.map(|attempt| attempt.number),
            arrived_ns: arrived_at,
            sent_ns: attempt.map(|attempt| attempt.sent_at),
            answered_ns: attempt.map(|attempt| attempt.answered_at),
            scope,
            cost,
            observation: attempt.map(|attempt| attempt.observation),
            end: end.map(|end| end.how),
            ended_ns: end.map(|end| end.at),
        }
    }
}

impl TryFrom<Line> for TraceEntry {
    type Error = Inconsistent;

    fn try_from(line: Line) -> Result<Self, Inconsistent> {
        let Line { call, arrived_ns: arrived_at, scope, cost, end, ended_ns, .. } = line;
        let attempt = match (line.attempt, line.sent_ns, line.answered_ns, line.observation) {
            (None, None, None, None) => None,
            (Some(0), ..) => return Err(Inconsistent::NoSuchAttempt),
            (Some(number), Some(sent_at), Some(answered_at), Some(observation)) => {
                in_order(("arrived_ns", arrived_at), ("sent_ns", sent_at))?;
                in_order(("sent_ns", sent_at), ("answered_ns", answered_at))?;
                Some(TraceAttempt { number, sent_at, answered_at, observation })
            }
            _ => return Err(Inconsistent::HalfAnAttempt),
        };
        let end = match (end, ended_ns) {
            (None, None) => None,
            (Some(how), Some(at)) => {
                in_order(("arrived_ns", arrived_at), ("ended_ns", at))?;
                Some(TraceEnd { at, how })
            }
            _ => return Err(Inconsistent::HalfAnEnd),
        };
        if attempt.is_none() && end.is_none() {
            return Err(Inconsistent::Empty);
        }
        Ok(Self { call, arrived_at, scope, cost, attempt, end })
    }
}

type Named = (&'static str, Timestamp);

fn in_order(earlier: Named, later: Named) -> Result<(), Inconsistent> {
    if earlier.1 <= later.1 { Ok(()) } else { Err(Inconsistent::Backwards { earlier, later }) }
}

/// Members of a line that do not go together.
pub(super) enum Inconsistent {
    NoSuchAttempt,
    HalfAnAttempt,
    HalfAnEnd,
    Empty,
    Backwards { earlier: Named, later: Named },
}

impl fmt::Display for Inconsistent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchAttempt => f.write_str("attempt is 0, must be at least 1"),
            Self::HalfAnAttempt => f.write_str(
                "some of attempt, sent_ns, answered_ns and observation are missing, must be all \
                 or none",
            ),
            Self::HalfAnEnd => f.write_str("one of end and ended_ns is missing, must be both"),
            Self::Empty => f.write_str("neither attempt nor end is there, must be at least one"),
            Self::Backwards { earlier: (earlier, bound), later: (later, time) } => {
                let (time, bound) = (time.as_nanos(), bound.as_nanos());
                write!(f, "{later} is {time}, must be at least {earlier}, which is {bound}")
            }
        }
    }
}

fn write_cost<S: Serializer>(cost: &Cost, serializer: S) -> Result<S::Ok, S::Error> {
    let units = Dimension::ALL.map(|dimension| (dimension.name(), cost.get(dimension)));
    serializer.collect_map(units.into_iter().filter(|(_, units)| *units > 0))
}

fn read_cost<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cost, D::Error> {
    let mut cost = Cost::ZERO;
    for (name, units) in BTreeMap::<String, u32>::deserialize(deserializer)? {
        let Some(dimension) = Dimension::from_name(&name) else {
            let names = Dimension::ALL.map(Dimension::name).join(", ");
            return Err(D::Error::custom(format!("cost has {name:?}, must be one of {names}")));
        };
        cost = cost.with(dimension, units);
    }
    Ok(cost)
}

//! A trace as it was read: calls with their attempts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::BufRead;

use forbear_core::{Cost, Observation, Timestamp};
use forbear_http::trace::{CallEnd, TraceEntry, TraceReader};

use super::error::{Kind, ReplayError};

/// The calls of one or several traces that were put one after another.
#[derive(Clone, Debug)]
pub struct Recording {
    /// In the order in which they arrived.
    pub(super) calls: Vec<RecordedCall>,
    /// The names of the scopes; calls without one have none.
    pub(super) scopes: Vec<String>,
    /// When the first part was started, in ms since 1970.
    pub(super) started_unix_ms: u64,
    lost: u64,
    skipped: Vec<Skipped>,
}

/// A line that could not be read and was left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Skipped {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// A call.
#[derive(Clone, Debug)]
pub(super) struct RecordedCall {
    /// The part of the trace, and the number there.
    pub(super) key: (u32, u64),
    /// Since the start of the first part, in ns.
    pub(super) arrived_at: u64,
    pub(super) scope: Option<usize>,
    pub(super) cost: Cost,
    pub(super) attempts: Vec<RecordedAttempt>,
    pub(super) end: Option<(u64, CallEnd)>,
}

/// An attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordedAttempt {
    pub(super) number: u32,
    pub(super) sent_at: u64,
    pub(super) answered_at: u64,
    pub(super) seen: Observation,
}

impl Recording {
    /// Reads a trace.
    ///
    /// # Errors
    ///
    /// If a line is none of a trace, or goes against another one.
    pub fn read(source: impl BufRead) -> Result<Self, ReplayError> {
        let mut gathered = Gathered::default();
        let mut reader = TraceReader::new(source)?;
        gathered.begin(&reader);
        while let Some(entry) = reader.next() {
            gathered.take(entry?, &reader)?;
        }
        gathered.finish(reader.lost())
    }

    /// Reads what can be read of a trace; what cannot is [skipped](Self::skipped).
    ///
    /// # Errors
    ///
    /// If it has no header of this version, or nothing else can be read.
    pub fn read_leniently(source: impl BufRead) -> Result<Self, ReplayError> {
        let mut gathered = Gathered::default();
        let mut reader = TraceReader::new(source)?;
        gathered.begin(&reader);
        loop {
            let taken = match reader.next() {
                None => break,
                Some(Ok(entry)) => gathered.take(entry, &reader),
                Some(Err(error)) => Err(error.into()),
            };
            if let Err(error) = taken {
                let line = error.line().unwrap_or(reader.line());
                gathered.skipped.push(Skipped { line, reason: error.reason() });
                reader.resume();
            }
        }
        gathered.finish(reader.lost())
    }

    /// Entries that the recorder could not write in time.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Lines that could not be read.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The scopes with the number of their calls, the busiest first; calls without a scope
    /// are not among them.
    #[must_use]
    pub fn scopes(&self) -> Vec<(String, u64)> {
        let mut counts: Vec<(String, u64)> =
            self.scopes.iter().map(|name| (name.clone(), 0)).collect();
        for scope in self.calls.iter().filter_map(|call| call.scope) {
            counts[scope].1 += 1;
        }
        counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        counts
    }
}

/// A trace while it is read.
#[derive(Debug, Default)]
struct Gathered {
    calls: BTreeMap<(u32, u64), Reading>,
    scopes: BTreeMap<String, usize>,
    /// When each part was started, in ms since 1970.
    starts: Vec<u64>,
    skipped: Vec<Skipped>,
}

#[derive(Debug)]
struct Reading {
    call: RecordedCall,
    first_line: u64,
    /// The lines of its attempts.
    lines: Vec<u64>,
    end_line: u64,
}

impl Gathered {
    fn begin<R: BufRead>(&mut self, reader: &TraceReader<R>) {
        self.starts.resize(reader.part() as usize, reader.started_unix_ms());
    }

    fn take<R: BufRead>(
        &mut self,
        entry: TraceEntry,
        reader: &TraceReader<R>,
    ) -> Result<(), ReplayError> {
        self.begin(reader);
        let line = reader.line();
        let wrong = |what: String| Err(ReplayError::new(Kind::Inconsistent { line, what }));
        let TraceEntry { call, arrived_at, scope, cost, attempt, end } = entry;
        let key = (reader.part(), call);
        let scopes = self.scopes.len();
        let scope = scope.map(|name| *self.scopes.entry(name).or_insert(scopes));
        let reading = match self.calls.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Reading {
                call: RecordedCall {
                    key,
                    arrived_at: arrived_at.as_nanos(),
                    scope,
                    cost,
                    attempts: Vec::new(),
                    end: None,
                },
                first_line: line,
                lines: Vec::new(),
                end_line: 0,
            }),
        };
        let known = &mut reading.call;
        if known.arrived_at != arrived_at.as_nanos() {
            let (now, before) = (arrived_at.as_nanos(), known.arrived_at);
            let first = reading.first_line;
            return wrong(format!(
                "arrived_ns of call {call} is {now}, and was {before} in line {first}"
            ));
        }
        if known.end.is_some() {
            let end = reading.end_line;
            return wrong(format!("call {call} is over since line {end}"));
        }
        if let Some(attempt) = attempt {
            let twin = known.attempts.iter().position(|other| other.number == attempt.number);
            if let Some(twin) = twin {
                let (number, other) = (attempt.number, reading.lines[twin]);
                return wrong(format!("attempt {number} of call {call} is in line {other}, too"));
            }
            reading.lines.push(line);
            known.attempts.push(RecordedAttempt {
                number: attempt.number,
                sent_at: attempt.sent_at.as_nanos(),
                answered_at: attempt.answered_at.as_nanos(),
                seen: attempt.observation,
            });
        }
        if let Some(end) = end {
            known.end = Some((Timestamp::as_nanos(end.at), end.how));
            reading.end_line = line;
        }
        Ok(())
    }

    fn finish(self, lost: u64) -> Result<Recording, ReplayError> {
        const MOST: u64 = 1_000_000;
        if self.calls.len() as u64 > MOST {
            return Err(ReplayError::new(Kind::TooLong(self.calls.len() as u64)));
        }
        let origin = self.starts.iter().copied().min().unwrap_or(0);
        let mut scopes = vec![String::new(); self.scopes.len()];
        for (name, index) in self.scopes {
            scopes[index] = name;
        }
        let mut calls: Vec<RecordedCall> = Vec::with_capacity(self.calls.len());
        for mut call in self.calls.into_values().map(|reading| reading.call) {
            // Parts are put on one clock by when they were started.
            let start_ms = self.starts[call.key.0 as usize - 1] - origin;
            let shift = start_ms.saturating_mul(1_000_000);
            call.arrived_at = call.arrived_at.saturating_add(shift);
            for attempt in &mut call.attempts {
                attempt.sent_at = attempt.sent_at.saturating_add(shift);
                attempt.answered_at = attempt.answered_at.saturating_add(shift);
            }
            call.attempts.sort_by_key(|attempt| attempt.number);
            call.end = call.end.map(|(at, how)| (at.saturating_add(shift), how));
            calls.push(call);
        }
        calls.sort_by_key(|call| (call.arrived_at, call.key));
        let skipped = self.skipped;
        Ok(Recording { calls, scopes, started_unix_ms: origin, lost, skipped })
    }
}

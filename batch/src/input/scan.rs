//! The first reading: what is in the file, and what is wrong with it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use forbear_core::Dimension;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::job_line::JobName;
use super::{Complaint, Expectations, JobLine, Lines};
use crate::line_set::LineSet;
use crate::{BatchError, ErrorKind};

/// As many complaints are kept; beyond, they are counted.
const COMPLAINTS: usize = 1000;

/// What the first reading of an input found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scan {
    /// Requests that can be sent.
    pub jobs: u64,
    /// Lines that are none, at most 1000, in the order of the file.
    pub complaints: Vec<Complaint>,
    /// All such lines.
    pub malformed: u64,
    /// What the jobs are estimated to cost, in each dimension.
    pub cost: BTreeMap<Dimension, u64>,
    /// The hosts that they go to, each with its jobs.
    pub hosts: BTreeMap<String, u64>,
    /// The tenants that are named, each with its jobs.
    pub tenants: BTreeMap<String, u64>,
    pub(crate) name: InputName,
    /// Lines of the file.
    pub(crate) lines: u64,
    /// Those that are jobs.
    pub(crate) job_lines: LineSet,
    /// Whether some job is encrypted on its way.
    pub(crate) has_tls: bool,
}

/// What an input is known by in the journal.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputName {
    /// Of all octets, in hexadecimal digits.
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
}

/// Reads the whole file at `path`.
pub(crate) fn scan(path: &Path, expected: &Expectations) -> Result<Scan, BatchError> {
    let wrong = |error: &std::io::Error| BatchError::io(ErrorKind::Input, path, "", error);
    let file = File::open(path).map_err(|error| wrong(&error))?;
    let is_file = file.metadata().map_err(|error| wrong(&error))?.is_file();
    if !is_file {
        let message = "must be a file: a batch that is resumed reads it again";
        return Err(BatchError::new(ErrorKind::Input, message).in_file(path));
    }
    let mut lines = Lines::new(BufReader::with_capacity(1 << 16, file));
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut found = Found::default();
    loop {
        let next = lines.next(|part| {
            hash.update(part);
            bytes += part.len() as u64;
        });
        let Some(line) = next.map_err(|error| wrong(&error))? else { break };
        found.take(line.number, JobLine::parse(line, expected));
    }
    found
        .end(InputName { sha256: hex(&hash.finalize()), bytes }, lines.count())
        .map_err(|error| error.in_file(path))
}

/// What was found so far.
#[derive(Default)]
struct Found {
    names: Vec<(u128, u64)>,
    complaints: BTreeMap<u64, Complaint>,
    malformed: u64,
    cost: [u64; Dimension::ALL.len()],
    hosts: BTreeMap<String, u64>,
    tenants: BTreeMap<String, u64>,
    has_tls: bool,
}

impl Found {
    fn take(&mut self, line: u64, job: Result<JobLine, Complaint>) {
        match job {
            Ok(job) => self.count(line, &job),
            Err(complaint) => self.complain(complaint),
        }
    }

    fn count(&mut self, line: u64, job: &JobLine) {
        self.names.push((name_hash(&job.id), line));
        for dimension in Dimension::ALL {
            let sum = &mut self.cost[dimension as usize];
            *sum = sum.saturating_add(u64::from(job.cost.get(dimension)));
        }
        // Without a copy of a name that is known.
        match self.hosts.get_mut(&job.target.scope) {
            Some(jobs) => *jobs += 1,
            None => drop(self.hosts.insert(job.target.scope.clone(), 1)),
        }
        if let Some(tenant) = &job.tenant {
            match self.tenants.get_mut(tenant) {
                Some(jobs) => *jobs += 1,
                None => drop(self.tenants.insert(tenant.clone(), 1)),
            }
        }
        self.has_tls |= job.target.uri.scheme_str() == Some("https");
    }

    fn complain(&mut self, complaint: Complaint) {
        self.malformed += 1;
        self.complaints.insert(complaint.line, complaint);
        if self.complaints.len() > COMPLAINTS {
            self.complaints.pop_last();
        }
    }

    fn end(mut self, name: InputName, lines: u64) -> Result<Scan, BatchError> {
        if lines > u64::from(u32::MAX) {
            let message = format!("has {lines} lines, must have at most {}", u32::MAX);
            return Err(BatchError::new(ErrorKind::Input, message));
        }
        let mut job_lines = LineSet::default();
        for (_, line) in &self.names {
            job_lines.insert(*line);
        }
        self.names.sort_unstable();
        let twins: Vec<_> = self
            .names
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|same| same.len() > 1)
            .flat_map(|same| same[1..].iter().map(|&(_, line)| (line, same[0].1)))
            .collect();
        let repeated = twins.len();
        for (line, first) in twins {
            job_lines.remove(line);
            let message = format!("its id is that of line {first}; each id must be there once");
            self.complain(Complaint::new(line, message));
        }
        let Self { names, complaints, malformed, cost, hosts, tenants, has_tls } = self;
        let cost =
            Dimension::ALL.into_iter().map(|dimension| (dimension, cost[dimension as usize]));
        Ok(Scan {
            jobs: (names.len() - repeated) as u64,
            complaints: complaints.into_values().collect(),
            malformed,
            cost: cost.filter(|(_, units)| *units > 0).collect(),
            hosts,
            tenants,
            name,
            lines,
            job_lines,
            has_tls,
        })
    }
}

/// Half of a SHA-256, which no two names share by chance.
fn name_hash(name: &JobName) -> u128 {
    let mut hash = Sha256::new();
    match name {
        JobName::Text(text) => hash.update(text),
        JobName::Number(number) => hash.update([&[0xff][..], &number.to_be_bytes()].concat()),
    }
    let half: [u8; 16] = hash.finalize()[..16].try_into().unwrap_or_default();
    u128::from_be_bytes(half)
}

pub(crate) fn hex(octets: &[u8]) -> String {
    use std::fmt::Write;
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

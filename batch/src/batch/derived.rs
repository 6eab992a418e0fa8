//! What follows from the settings of a batch.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use forbear_core::Policy;

use super::Batch;
use crate::input::Scan;
use crate::journal::{Header, VERSION};
use crate::key::Keys;

impl Batch {
    /// Where the journal is: `results.jsonl.journal` for `results.jsonl`, and
    /// `requests.jsonl.journal` where results go to standard output or to a device.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        if let Some(path) = &self.journal {
            return path.clone();
        }
        let is_file = std::fs::metadata(&self.out).map_or(true, |metadata| metadata.is_file());
        let beside = if is_file && self.out != Path::new("-") { &self.out } else { &self.input };
        let mut name = OsString::from(beside);
        name.push(".journal");
        name.into()
    }

    /// The first line of the journal.
    pub(crate) fn journal_header(&self, scan: &Scan) -> Header {
        Header { forbear_batch: VERSION, input: scan.name.clone(), name: self.name.clone() }
    }

    pub(crate) fn keys(&self, scan: &Scan) -> Option<Keys> {
        self.has_keys.then(|| Keys::new(&self.name, &scan.name))
    }

    /// The time for one attempt, of the hosts whose policies have less than the batch.
    pub(crate) fn timeouts(&self, scan: &Scan) -> BTreeMap<String, Duration> {
        let of = |host: &String| {
            let timeout = self.policy_of(host).attempt_timeout()?;
            (timeout < self.timeout).then(|| (host.clone(), timeout))
        };
        scan.hosts.keys().filter_map(of).collect()
    }

    /// The policy of a host.
    pub(crate) fn policy_of(&self, host: &str) -> &Policy {
        self.policies.get(host).unwrap_or(&self.policy)
    }
}

//! The `[arrivals.answers]` table: what each recorded attempt was answered.

use std::time::Duration;

use forbear_core::InvalidConfig;
use serde::{Deserialize, Serialize};

use super::bounded::{nanos, positive};
use forbear_core::text::serde_duration;

/// Answers by call and attempt; each list has a list for each call, with an entry for each
/// of its recorded attempts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswersSpec {
    /// How far an attempt may be from the recorded one to be answered as that was.
    #[serde(deserialize_with = "positive", serialize_with = "serde_duration::serialize")]
    pub(crate) within: Duration,
    /// When the recorded attempt reached the server, in ns.
    pub(crate) at_ns: Vec<Vec<u64>>,
    /// What it was answered.
    pub(crate) status: Vec<Vec<u16>>,
    /// How long the server worked on it, in ns.
    pub(crate) worked_ns: Vec<Vec<u64>>,
    /// What wait the answer asked for, in ns; 0 for none.
    pub(crate) wait_ns: Vec<Vec<u64>>,
}

/// What one recorded attempt was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) at: u64,
    pub(crate) status: u16,
    pub(crate) worked_ns: u64,
    pub(crate) wait_ns: Option<u64>,
}

impl AnswersSpec {
    /// Checks the lengths of its lists for so many calls.
    pub(super) fn check(&self, calls: usize) -> Result<(), InvalidConfig> {
        let lengths = |lists: &[Vec<u64>]| lists.iter().map(Vec::len).collect::<Vec<_>>();
        let at = lengths(&self.at_ns);
        let status: Vec<usize> = self.status.iter().map(Vec::len).collect();
        let others = [status, lengths(&self.worked_ns), lengths(&self.wait_ns)];
        if at.len() != calls || others.iter().any(|other| *other != at) {
            let must = "of one length for each call, and one for each of its attempts";
            return Err(InvalidConfig::new("lists of arrivals.answers", at.len(), must));
        }
        let is_answer = |status: &&u16| (100..=599).contains(*status);
        if let Some(status) = self.status.iter().flatten().find(|status| !is_answer(status)) {
            return Err(InvalidConfig::new("status", status, "100 to 599"));
        }
        Ok(())
    }

    /// How far an attempt may be from the recorded one, in ns.
    pub(crate) fn within_ns(&self) -> u64 {
        nanos(self.within)
    }

    /// The answers to call `index`, in the order of its attempts.
    pub(crate) fn of(&self, index: usize) -> Vec<Answer> {
        let times = self.at_ns[index].iter().zip(&self.status[index]);
        let rest = self.worked_ns[index].iter().zip(&self.wait_ns[index]);
        let answer = |((&at, &status), (&worked_ns, &wait_ns)): ((&u64, &u16), (&u64, &u64))| {
            Answer { at, status, worked_ns, wait_ns: Some(wait_ns).filter(|&wait| wait > 0) }
        };
        times.zip(rest).map(answer).collect()
    }
}

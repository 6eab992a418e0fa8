//! What became of the attempts of one call.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::collections::vec_deque;
use core::fmt;
use core::time::Duration;

use crate::{Observation, Outcome, WaitReason};

/// The attempts of a call that failed, the oldest first.
///
/// The last [`CAPACITY`](Self::CAPACITY) are kept and the others counted. Nothing
/// is allocated before a first failure.
///
/// # Examples
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use forbear_core::backoff::Constant;
/// use forbear_core::{Outcome, Policy};
///
/// let backoff = Constant::new(Duration::from_millis(1));
/// let policy = Policy::builder().max_attempts(2).backoff(backoff).build()?;
/// let gave_up = policy
///     .retry(|| Err::<(), _>(io::Error::from(io::ErrorKind::TimedOut)))
///     .blocking()
///     .unwrap_err();
/// let waits: Vec<_> =
///     gave_up.history().iter().map(|past| (past.outcome, past.wait.map(|w| w.delay))).collect();
/// let delay = Some(Duration::from_millis(1));
/// assert_eq!(waits, [(Outcome::Transient, Some(delay)), (Outcome::Transient, None)]);
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct History {
    kept: VecDeque<PastAttempt>,
    left_out: u32,
}

/// One attempt that failed, and what was decided then.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PastAttempt {
    /// 1 for the first send of the call.
    pub number: u32,
    /// When it was sent, since the call began.
    pub sent_at: Duration,
    /// When it ended, since the call began.
    pub ended_at: Duration,
    /// How it ended.
    pub outcome: Outcome,
    /// The protocol's own code, such as a status of HTTP.
    pub code: Option<u16>,
    /// The time-out that cut it off, if one did.
    pub timed_out_after: Option<Duration>,
    /// How long the server asked to [wait](Observation::wait).
    pub hint: Option<Duration>,
    /// The wait that followed; `None` if the call ended instead.
    pub wait: Option<Wait>,
}

/// A wait that a call is about to make.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Wait {
    /// How long, if nothing more comes in between; `None` where no time can be
    /// named, since it ends when other calls end.
    pub delay: Option<Duration>,
    /// What for.
    pub reason: WaitReason,
}

/// The history of a call that has none.
pub(super) static NO_HISTORY: History = History { kept: VecDeque::new(), left_out: 0 };

impl History {
    /// How many attempts are kept.
    pub const CAPACITY: usize = 32;

    /// The attempts that are kept, the oldest first.
    #[must_use]
    pub fn iter(&self) -> vec_deque::Iter<'_, PastAttempt> {
        self.kept.iter()
    }

    /// The attempt that failed last.
    #[must_use]
    pub fn last(&self) -> Option<&PastAttempt> {
        self.kept.back()
    }

    /// How many attempts are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether no attempt failed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many older attempts were left out.
    #[must_use]
    pub const fn left_out(&self) -> u32 {
        self.left_out
    }

    /// Adds to the words for a call that it ended with an attempt that timed out, if the
    /// last of `sends` did.
    pub(super) fn tell_time_out(&self, sends: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.last().filter(|last| last.number == sends);
        let Some(timeout) = last.and_then(|last| last.timed_out_after) else { return Ok(()) };
        let what = if sends == 1 { "it" } else { "the last one" };
        write!(f, "; {what} timed out after {timeout:?}")
    }

    pub(super) fn push(history: &mut Option<Box<Self>>, past: PastAttempt) {
        let history = history.get_or_insert_default();
        if history.kept.len() == Self::CAPACITY {
            history.kept.pop_front();
            history.left_out = history.left_out.saturating_add(1);
        }
        history.kept.push_back(past);
    }
}

impl<'a> IntoIterator for &'a History {
    type Item = &'a PastAttempt;
    type IntoIter = vec_deque::Iter<'a, PastAttempt>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One line an attempt.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if self.left_out > 0 {
            let plural = if self.left_out == 1 { "" } else { "s" };
            write!(f, "{} older attempt{plural} left out", self.left_out)?;
            separator = "\n";
        }
        for past in self {
            write!(f, "{separator}{past}")?;
            separator = "\n";
        }
        Ok(())
    }
}

impl PastAttempt {
    pub(super) fn new(
        number: u32,
        [sent_at, ended_at]: [Duration; 2],
        seen: &Observation,
        wait: Option<Wait>,
    ) -> Self {
        let Observation { outcome, code, timed_out_after, .. } = *seen;
        let hint = seen.wait();
        Self { number, sent_at, ended_at, outcome, code, timed_out_after, hint, wait }
    }
}

/// Such as `attempt 1 at 0ns: throttled (429), asked to wait 5s; waits 5s for the
/// server's wait`.
impl fmt::Display for PastAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {} at {:?}: {}", self.number, self.sent_at, self.outcome)?;
        if let Some(code) = self.code {
            write!(f, " ({code})")?;
        }
        if let Some(timeout) = self.timed_out_after {
            write!(f, ", timed out after {timeout:?}")?;
        }
        if let Some(hint) = self.hint {
            write!(f, ", asked to wait {hint:?}")?;
        }
        self.wait.map_or(Ok(()), |wait| write!(f, "; waits {wait}"))
    }
}

impl Wait {
    pub(super) const fn new(delay: Option<Duration>, reason: WaitReason) -> Self {
        Self { delay, reason }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(delay) = self.delay {
            write!(f, "{delay:?} ")?;
        }
        write!(f, "for {}", self.reason)
    }
}

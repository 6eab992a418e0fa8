//! Those who look on at a run.

use forbear_core::Observation;

use crate::check::Checker;
use crate::explain::Chronicle;
use crate::fact::{Fact, Instant};
use crate::scribe::Scribe;

/// A checker, a chronicle, a scribe, or several of them.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) checker: Option<Checker>,
    pub(crate) chronicle: Option<Chronicle>,
    pub(crate) scribe: Option<Scribe>,
    /// Every fact, for tests that change some.
    #[cfg(test)]
    pub(crate) log: Vec<(Instant, Fact)>,
}

impl Probe {
    /// One who checks.
    pub(crate) const fn checking(checker: Checker) -> Self {
        Self {
            checker: Some(checker),
            chronicle: None,
            scribe: None,
            #[cfg(test)]
            log: Vec::new(),
        }
    }

    pub(crate) fn note(&mut self, when: Instant, fact: Fact) {
        #[cfg(test)]
        self.log.push((when, fact));
        if let Some(checker) = &mut self.checker {
            checker.note(when, &fact);
        }
        if let Some(scribe) = &mut self.scribe {
            scribe.note(when, &fact);
        }
        if let Some(chronicle) = &mut self.chronicle {
            chronicle.note(when, fact);
        }
    }

    /// A client has an answer; what it says is too large for a fact.
    pub(crate) fn answered(&mut self, when: Instant, call: u32, attempt: u32, seen: &Observation) {
        if let Some(scribe) = &mut self.scribe {
            scribe.answered(when, call, attempt, seen);
        }
    }

    /// An event is over.
    pub(crate) fn step(&mut self, when: Instant) {
        if let Some(checker) = &mut self.checker {
            checker.step(when);
        }
    }

    /// Whether a rule was broken.
    pub(crate) fn is_broken(&self) -> bool {
        self.checker.as_ref().is_some_and(Checker::is_broken)
    }
}

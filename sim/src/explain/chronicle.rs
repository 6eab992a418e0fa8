//! What is kept of a run while it goes, to be told afterwards.

use crate::fact::{Fact, Instant};
use crate::storm::Storm;

/// The facts of one call, and the last fact of every call.
#[derive(Debug)]
pub(crate) struct Chronicle {
    /// The call whose facts are all kept.
    watched: Option<u32>,
    pub(super) kept: Vec<Kept>,
    pub(super) latest: Vec<Option<Latest>>,
    /// The client of each call.
    clients: Vec<u32>,
    /// Who was asked last to wait, by client.
    pub(super) told: Vec<Option<Told>>,
}

/// A fact with what was known when it happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) when: Instant,
    pub(super) fact: Fact,
    /// Whose answer closed the client, where the fact is a wait for that.
    pub(super) told: Option<Told>,
}

/// What a call does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latest {
    pub(super) fact: Fact,
    /// Since when, in ns: a wait that is confirmed began earlier.
    pub(super) since: u64,
}

/// The server asked for a wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) call: u32,
    pub(super) at: u64,
    pub(super) until: u64,
}

impl Chronicle {
    /// An empty one of the calls of `storm`, that keeps all of call `watched`.
    pub(crate) fn of(storm: &Storm, watched: Option<u32>) -> Self {
        Self {
            watched,
            kept: Vec::new(),
            latest: vec![None; storm.calls() as usize],
            clients: (0..storm.calls()).map(|call| storm.client_of(call)).collect(),
            told: vec![None; storm.clients() as usize],
        }
    }

    /// Whether all facts of this call are kept.
    pub(crate) fn watches(&self, call: u32) -> bool {
        self.watched == Some(call)
    }

    pub(crate) fn note(&mut self, when: Instant, fact: Fact) {
        let watched_client = self.watched.map(|call| self.clients[call as usize]);
        let Some(call) = fact.call() else {
            if let Fact::Restarted { client } = fact {
                self.told[client as usize] = None;
                if watched_client == Some(client) {
                    self.kept.push(Kept { when, fact, told: None });
                }
            }
            return;
        };
        let client = self.clients[call as usize] as usize;
        if let Fact::Answered { asked_ns: Some(asked), outcome, .. } = fact {
            let until = when.at.saturating_add(asked);
            let is_later = self.told[client].is_none_or(|told| told.until <= until);
            if outcome.is_throttled() && is_later {
                self.told[client] = Some(Told { call, at: when.at, until });
            }
        }
        let latest = &mut self.latest[call as usize];
        let is_same = latest.is_some_and(|latest| is_confirmed(&latest.fact, &fact));
        // What a request gives back to the server is no state of the call.
        if !matches!(fact, Fact::Left { .. } | Fact::Permitted { .. }) {
            let since = latest.filter(|_| is_same).map_or(when.at, |latest| latest.since);
            *latest = Some(Latest { fact, since });
            if self.watched == Some(call) && !is_same {
                self.kept.push(Kept { when, fact, told: self.told[client] });
            }
        }
    }
}

/// Whether a wait goes on as it was: only who stands before it may have changed.
fn is_confirmed(before: &Fact, after: &Fact) -> bool {
    match (before, after) {
        (
            Fact::Waits { until, reason, gives_up_at, .. },
            Fact::Waits {
                until: now_until, reason: now_reason, gives_up_at: now_gives_up_at, ..
            },
        ) => until == now_until && reason == now_reason && gives_up_at == now_gives_up_at,
        _ => false,
    }
}

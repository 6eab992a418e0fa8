//! Whose turn it is, by deficit round robin.
//!
//! M. Shreedhar and G. Varghese, "Efficient Fair Queueing using Deficit Round
//! Robin", SIGCOMM 1995. Each member is given `quantum * weight` units at its turn,
//! spends them on its jobs and keeps the rest while it has jobs left.
//!
//! The paper's quantum is a constant, at least the largest packet, so that every
//! turn serves somebody. Costs are not known beforehand here, so the quantum of a
//! round is the largest cost seen in the round before: jobs of one unit alternate
//! as finely as the weights let them, and a job of a million units waits two turns,
//! not a million.

use alloc::collections::VecDeque;

/// The members that have jobs, in turn.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    turns: VecDeque<Turn>,
    /// Turns until the round is over.
    left_in_round: usize,
    /// Whether the front was given its quantum.
    is_paid: bool,
    quantum: u64,
    /// The largest cost seen in this round.
    largest: u64,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    member: u32,
    deficit: u64,
}

/// What the next job of a member costs, and what the member weighs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) units: u64,
    pub(super) weight: u32,
}

impl Default for Ring {
    fn default() -> Self {
        let turns = VecDeque::new();
        Self { turns, left_in_round: 0, is_paid: false, quantum: 1, largest: 1 }
    }
}

impl Ring {
    /// Gives `member`, which is not in the ring, the last turn.
    pub(super) fn join(&mut self, member: u32) {
        self.turns.push_back(Turn { member, deficit: 0 });
    }

    /// The member whose job goes next, and what that costs.
    ///
    /// `head` says what a member would send; one that has nothing leaves the ring,
    /// and whatever it had left.
    pub(super) fn front(
        &mut self,
        mut head: impl FnMut(u32) -> Option<Head>,
    ) -> Option<(u32, u64)> {
        loop {
            if self.left_in_round == 0 {
                self.left_in_round = self.turns.len();
                self.quantum = self.largest;
                self.largest = 1;
            }
            let turn = self.turns.front_mut()?;
            let Some(Head { units, weight }) = head(turn.member) else {
                self.turns.pop_front();
                self.end_turn();
                continue;
            };
            self.largest = self.largest.max(units);
            if !self.is_paid {
                let given = self.quantum.saturating_mul(u64::from(weight));
                turn.deficit = turn.deficit.saturating_add(given);
                self.is_paid = true;
            }
            if units <= turn.deficit {
                return Some((turn.member, units));
            }
            self.turns.rotate_left(1);
            self.end_turn();
        }
    }

    /// Charges the front for a job that it sends.
    pub(super) fn charge(&mut self, units: u64) {
        if let Some(turn) = self.turns.front_mut() {
            turn.deficit = turn.deficit.saturating_sub(units);
        }
    }

    fn end_turn(&mut self) {
        self.is_paid = false;
        self.left_in_round = self.left_in_round.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// Whose jobs are the next `count`, with these costs and weights.
    fn turns(count: usize, heads: &[(u64, u32)]) -> Vec<u32> {
        let mut ring = Ring::default();
        (0..).take(heads.len()).for_each(|member| ring.join(member));
        let mut next = || {
            let (member, units) = ring.front(|member| {
                let (units, weight) = heads[usize::try_from(member).unwrap()];
                Some(Head { units, weight })
            })?;
            ring.charge(units);
            Some(member)
        };
        (0..count).map(|_| next().unwrap()).collect()
    }

    #[test]
    fn jobs_of_one_unit_alternate_by_weight() {
        assert_eq!(turns(8, &[(1, 1), (1, 2), (1, 1)]), [0, 1, 1, 2, 0, 1, 1, 2]);
    }

    #[test]
    fn a_large_job_waits_two_turns() {
        assert_eq!(turns(3, &[(1, 1), (1_000_000, 1)])[..2], [0, 0]);
        let order = turns(1_000_003, &[(1, 1), (1_000_000, 1)]);
        assert_eq!(order.iter().filter(|&&member| member == 1).count(), 1);
    }
}

//! Whether a server is taken for a bucket or for a window.

use crate::limiter::learned::model::ModelKind;

/// What spoke for a bucket, and what for a window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Votes {
    bucket: u32,
    window: u32,
    /// Whether a bucket agrees with everything, without what is older being forgotten.
    pub(super) is_agreed: bool,
}

/// Votes that are kept: what was learned of a server can be unlearned as fast.
const MOST: u32 = 8;

impl Votes {
    pub(super) fn for_bucket(&mut self, votes: u32) {
        Self::add(&mut self.bucket, &mut self.window, votes);
    }

    pub(super) fn for_window(&mut self, votes: u32) {
        Self::add(&mut self.window, &mut self.bucket, votes);
    }

    /// What is above the most that is kept is taken off the other side.
    fn add(side: &mut u32, other: &mut u32, votes: u32) {
        let all = *side + votes;
        *side = all.min(MOST);
        *other = other.saturating_sub(all - *side);
    }

    pub(super) const fn is_bucket(&self) -> bool {
        self.bucket > self.window
    }

    /// What it is taken for; the votes for that, and all.
    pub(super) const fn kind(&self) -> (ModelKind, (u32, u32)) {
        let all = self.bucket + self.window;
        if self.bucket > self.window {
            (ModelKind::Bucket, (self.bucket, all))
        } else if self.bucket < self.window {
            (ModelKind::Window, (self.window, all))
        } else {
            (ModelKind::Unknown, (self.bucket, all))
        }
    }
}

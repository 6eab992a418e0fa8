//! What Redis keeps of one member.

use crate::message::Part;

/// A member.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// The number of the last call that was heard.
    pub(super) call: u64,
    /// What it was served, in millionths of a capacity.
    pub(super) served: i64,
    /// Until when its claim is kept, in us.
    pub(super) till: i64,
    /// When its lease grows too old, in us.
    pub(super) lease_until: i64,
    pub(super) parts: Vec<Held>,
}

/// What a member was given of one limit, and said of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    pub(super) granted: i64,
    pub(super) spent: i64,
    pub(super) back: i64,
    pub(super) adjusted: i64,
    pub(super) fallen: i64,
    pub(super) need: i64,
    pub(super) want: i64,
}

impl Held {
    /// Of a member that was not known, by what it says of itself.
    pub(super) fn unknown(part: &Part) -> Self {
        let (spent, back) = (int(part.spent), int(part.back));
        Self {
            granted: spent + back,
            spent,
            back,
            // An answer may have been lost: what may count twice counts only against it.
            adjusted: part.adjusted.min(part.adjusted_known),
            fallen: int(part.fallen_known),
            need: 0,
            want: 0,
        }
    }

    /// Units that are neither used nor given back.
    pub(super) fn held(&self) -> i64 {
        (self.granted - self.spent - self.back).max(0)
    }
}

/// A number below 2^53.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

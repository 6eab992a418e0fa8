//! What Redis does in a call of the script, as a state machine without I/O.
//!
//! A simulator has no Redis and a clock of its own. [`Store`] takes the requests of
//! [`Ledger`]s, which are the members' side and the same code as in production, and gives
//! the answers that the script would give. The tests of the script and of whole fleets run
//! both and compare every answer, so the two decide alike.
//!
//! ```
//! use forbear_core::{Cost, Timestamp};
//! use forbear_redis::SharedLimit;
//! use forbear_redis::model::{Ledger, Plan, Reservation, Settings, Store};
//!
//! let limit = SharedLimit::rate("10/s".parse()?);
//! let (mut store, mut member) = (Store::new(), Ledger::new(Settings::new(&[limit])?));
//! let mut own = Reservation::default();
//! let now = Timestamp::ZERO;
//! // Nothing is held yet, so the next call asks for a permit.
//! assert!(!member.check(now, &Cost::REQUEST, &mut own).is_admit());
//! let Plan::Call(request) = member.plan(now) else { unreachable!("there is a need") };
//! let microseconds = 0;
//! member.answered(now, &store.call(microseconds, "one", &request));
//! assert!(member.check(now, &Cost::REQUEST, &mut own).is_admit());
//! # Ok::<(), forbear_core::InvalidConfig>(())
//! ```

mod call;
mod record;
mod rule;
mod state;

pub use crate::ledger::{Ledger, Plan, Reservation, Settings};
pub use crate::message::{Reply, Request};

use self::state::State;

/// What Redis keeps of one quota.
///
/// # Contract
///
/// - The same requests at the same times have the same answers.
/// - Time never goes back within it: an earlier time than that of the last call counts as
///   that time, as in the script.
/// - What expires in Redis is forgotten here, too.
#[derive(Clone, Debug, Default)]
pub struct Store {
    state: Option<State>,
    /// Until when each member counts as present, in us.
    present: std::collections::BTreeMap<String, i64>,
    /// Until when a wait holds that the API asked for, in us.
    hold_until: Option<i64>,
}

impl Store {
    /// One that knows nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets everything, as a Redis does that restarts without its memory.
    pub fn flush(&mut self) {
        *self = Self::default();
    }
}

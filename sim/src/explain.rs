//! Why a request waited, and who waited for what at a moment.
//!
//! The reasons are those of the production engine: what it said when it was asked, down to
//! the limiter that held the request back. Nothing here decides anything, and a run that is
//! explained is the same to the byte as one that is not.

mod chronicle;
mod moment;
mod timeline;

pub(crate) use self::chronicle::Chronicle;
pub use self::{
    moment::{
        Counts, Flight, LimiterSays, Moment, Opinion, ServerLimit, ServerQueue, Stage, Waiting,
        WaitingCall,
    },
    timeline::{DecidedBy, Entry, Reason, Timeline, ToldBy, What},
};

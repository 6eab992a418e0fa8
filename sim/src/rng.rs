//! Where randomness comes from.
//!
//! Every entity draws from a stream of its own, so that two policies meet the
//! same storm (common random numbers: Glasserman and Yao, "Some guidelines and
//! guarantees for common random numbers", 1992) and a client more does not shift
//! what the others draw. The samplers are ours: those of `rand_distr` change with its
//! version and with the features that another crate of the build turns on.

mod luck;
mod normal;
mod stream;
mod uniform;

pub use self::stream::StreamRng;
pub(crate) use self::{
    luck::{Keys, Luck, Purpose},
    normal::standard_normal,
    stream::Stream,
    uniform::{open_unit, scaled},
};

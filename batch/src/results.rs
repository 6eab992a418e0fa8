//! The results: what came of each job, as lines of JSON.
//!
//! They are kept in one file in the order in which jobs ended, and the journal says where in
//! it each is. Where they are wanted in the order of the input, or somewhere that is no
//! file, that file is beside the journal, and they are copied from there as soon as it is
//! their turn: what is kept in memory of a result that waits is its place.

mod again;
mod line;
mod open;
mod order;
mod store;

pub(crate) use self::{
    again::take_out_failed,
    line::{Finished, ResultLine},
    open::{copied_to, kept_in, not_of_this_batch, open},
    order::Sink,
    store::Store,
};

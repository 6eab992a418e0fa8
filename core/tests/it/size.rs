use std::future::IntoFuture;
use std::mem::size_of_val;

use forbear_core::{Call, Cost, Policy, Timestamp};

use crate::support::Failure;

#[test]
fn a_call_is_as_small_as_it_says() {
    assert_eq!(size_of_val(&Call::new(Timestamp::ZERO, Cost::REQUEST)), 136);
}

#[test]
fn a_future_is_at_most_192_bytes_around_an_operation() {
    let policy = Policy::recommended();
    let future = policy.retry(|| async { Ok::<u64, Failure>(7) }).into_future();
    assert!(size_of_val(&future) <= 192, "{} bytes", size_of_val(&future));
}

//! The count of calls that took the short way, which takes no lock and no addition that
//! is one step. In a model one thread has a place of its own, and the others share.
#![cfg(forbear_loom)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test may panic")]

use forbear_core::driver::modelled::Tally;
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

/// A thread that adds twice: what claims a place is counted with the others, so only the
/// second one goes there.
fn add_twice(tally: &Arc<Tally>) -> JoinHandle<()> {
    let tally = Arc::clone(tally);
    thread::spawn(move || {
        tally.add_one();
        tally.add_one();
    })
}

/// A model ends when its closure does, and a thread gives its place back after it is
/// joined.
fn wait_until_places_are_given_back() {
    while Tally::is_any_taken() {
        thread::yield_now();
    }
}

/// The place passes from a thread that ends to one that begins, or both are there at once
/// and one of them shares.
#[test]
fn no_addition_is_lost_when_a_place_changes_hands() {
    loom::model(|| {
        let tally = Arc::new(Tally::new());
        for thread in [add_twice(&tally), add_twice(&tally)] {
            thread.join().unwrap();
        }
        assert_eq!(tally.total(), 4);
        wait_until_places_are_given_back();
    });
}

#[test]
fn a_count_that_is_read_meanwhile_never_shrinks() {
    loom::model(|| {
        let tally = Arc::new(Tally::new());
        let thread = add_twice(&tally);
        let (first, second) = (tally.total(), tally.total());
        thread.join().unwrap();
        assert!(first <= second && second <= tally.total());
        assert_eq!(tally.total(), 2);
        wait_until_places_are_given_back();
    });
}

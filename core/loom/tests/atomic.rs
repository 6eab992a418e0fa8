//! Every order in which two or three threads can take steps on one rate.
#![cfg(forbear_loom)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test may panic")]

use std::hash::{BuildHasherDefault, Hasher};

use forbear_core::atomic::{AtomicGcra, KeyedAtomicGcra};
use forbear_core::{Decision, Timestamp};
use loom::sync::Arc;
use loom::thread;

const ONCE: Timestamp = Timestamp::from_nanos(5);

fn taken(decisions: impl IntoIterator<Item = Decision>) -> usize {
    decisions.into_iter().filter(|decision| decision.is_admit()).count()
}

#[test]
fn no_unit_is_spent_twice() {
    loom::model(|| {
        let gcra = Arc::new(AtomicGcra::new("1/s".parse().unwrap(), 2).unwrap());
        let spend = |gcra: Arc<AtomicGcra>| move || gcra.acquire(ONCE, 1);
        let threads = [1, 2].map(|_| thread::spawn(spend(Arc::clone(&gcra))));
        let mine = gcra.acquire(ONCE, 1);
        let theirs = threads.map(|thread| thread.join().unwrap());
        assert_eq!(taken(theirs) + taken([mine]), 2);
    });
}

#[test]
fn a_dropped_lease_gives_back_what_is_left_and_no_more() {
    loom::model(|| {
        let gcra = Arc::new(AtomicGcra::new("1/s".parse().unwrap(), 3).unwrap());
        let other = Arc::clone(&gcra);
        let thread = thread::spawn(move || {
            let mut lease = other.lease(2).unwrap();
            taken([lease.acquire(ONCE, 1)])
        });
        let mine = taken([gcra.acquire(ONCE, 1), gcra.acquire(ONCE, 1)]);
        let spent = mine + thread.join().unwrap();
        let rest = taken([1, 2, 3].map(|_| gcra.acquire(ONCE, 1)));
        assert_eq!(spent + rest, 3);
    });
}

/// A key is its own hash, with the low bits that choose the first slot.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are numbers")
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// One set of two slots, of which an odd key wants the second.
fn table(burst: u32) -> Arc<KeyedAtomicGcra<BuildHasherDefault<Itself>>> {
    let rate = "1/s".parse().unwrap();
    Arc::new(KeyedAtomicGcra::with_hasher(rate, burst, 1, BuildHasherDefault::new()).unwrap())
}

#[test]
fn a_key_that_two_threads_bring_has_one_bucket() {
    loom::model(|| {
        let table = table(1);
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || other.acquire(ONCE, &1_u64, 1));
        let mine = table.acquire(ONCE, &1_u64, 1);
        assert_eq!(taken([mine, thread.join().unwrap()]), 1);
    });
}

#[test]
fn a_slot_that_changes_hands_charges_its_owner_only() {
    loom::model(|| {
        let table = table(2);
        // Full again by then, so that another key may have the slot.
        let later = Timestamp::from_nanos(10_000_000_000);
        // The second slot is taken, and stays so.
        assert!(table.acquire(later, &3_u64, 2).is_admit());
        assert!(table.acquire(ONCE, &1_u64, 1).is_admit());
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || other.acquire(later, &2_u64, 1));
        let mine = table.acquire(later, &1_u64, 1);
        let theirs = thread.join().unwrap();
        // Whoever came first has the slot, and one unit of two left.
        assert_eq!(taken([mine, theirs]), 1);
        let first = if mine.is_admit() { 1_u64 } else { 2 };
        assert_eq!(taken([1, 2].map(|_| table.acquire(later, &first, 1))), 1);
    });
}

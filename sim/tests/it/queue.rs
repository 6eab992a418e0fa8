//! The event queue against a sorted list.

use std::collections::BTreeSet;

use forbear_core::{Entropy, SplitMix64};
use forbear_sim::EventQueue;
use proptest::prelude::*;

/// What a test does to a queue.
#[derive(Clone, Debug)]
enum Step {
    /// Schedules so long after now; 0 is now.
    Schedule(u64),
    Pop,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let delay = prop_oneof![Just(0), 0_u64..4, 0_u64..1000, Just(u64::MAX)];
    let step = prop_oneof![3 => delay.prop_map(Step::Schedule), 2 => Just(Step::Pop)];
    prop::collection::vec(step, 1..400)
}

proptest! {
    #[test]
    fn events_come_by_time_and_then_in_the_order_of_scheduling(steps in steps()) {
        let mut queue = EventQueue::new();
        let mut reference: Vec<(u64, u64)> = Vec::new();
        let mut next = 0;
        let pop = |queue: &mut EventQueue<u64>, reference: &mut Vec<(u64, u64)>| {
            let earliest = reference.iter().copied().min();
            reference.retain(|&entry| Some(entry) != earliest);
            assert_eq!(queue.next_at(), earliest.map(|(at, _)| at));
            assert_eq!(queue.pop(), earliest);
        };
        for step in steps {
            match step {
                Step::Schedule(delay) => {
                    let at = queue.now().saturating_add(delay);
                    queue.schedule(at, next);
                    reference.push((at, next));
                    next += 1;
                }
                Step::Pop => pop(&mut queue, &mut reference),
            }
        }
        while !reference.is_empty() {
            pop(&mut queue, &mut reference);
        }
        prop_assert_eq!(queue.pop(), None);
    }
}

#[test]
fn what_is_scheduled_in_the_past_happens_now() {
    let mut queue = EventQueue::new();
    queue.schedule(5, 'a');
    assert_eq!(queue.pop(), Some((5, 'a')));
    queue.schedule(3, 'b');
    assert_eq!(queue.pop(), Some((5, 'b')));
}

#[test]
fn thousands_of_events_keep_their_order_while_others_are_scheduled() {
    // So many that buckets have several blocks, and far enough apart that all are dealt out;
    // a few at one time, and some so near that they come between those that are sorted.
    let mut words = SplitMix64::new(1);
    let (mut queue, mut reference) = (EventQueue::new(), BTreeSet::new());
    let mut next = 0_u64;
    let mut schedule = |queue: &mut EventQueue<u64>, reference: &mut BTreeSet<(u64, u64)>| {
        let delay = match next % 5 {
            0 => 0,
            1 => words.next_u64() % 50,
            2 => 25_000,
            3 => words.next_u64() % 100_000,
            _ => words.next_u64() % 10_000_000_000,
        };
        let at = queue.now() + delay;
        queue.schedule(at, next);
        reference.insert((at, next));
        next += 1;
    };
    for _ in 0..20_000 {
        schedule(&mut queue, &mut reference);
    }
    for _ in 0..100_000 {
        assert_eq!(queue.next_at(), reference.first().map(|&(at, _)| at));
        assert_eq!(queue.pop(), reference.pop_first());
        schedule(&mut queue, &mut reference);
    }
    while let Some(first) = reference.pop_first() {
        assert_eq!(queue.pop(), Some(first));
    }
    assert_eq!(queue.pop(), None);
}

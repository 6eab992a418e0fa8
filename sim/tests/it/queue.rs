//! The event queue against a sorted list.

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

use std::sync::{Arc, Mutex};
use std::thread;

use forbear_core::Observation;
use forbear_core::driver::queue::{Answered, SharedQueue};
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::queue::{Overflow, QueueConfig};

use super::{One, limited};

#[test]
fn threads_share_a_queue_and_lose_nothing() {
    let config = QueueConfig::new().capacity(8).unwrap().overflow(Overflow::Block);
    let limiter = Gcra::per("20000/s".parse().unwrap());
    let policy = super::patient()
        .limit(limiter)
        .limit(Concurrency::new(3).unwrap())
        .backoff(forbear_core::backoff::Constant::new(crate::support::ms(1)))
        .build()
        .unwrap();
    let queue: SharedQueue<u32> = SharedQueue::new(config);
    let scope = queue.add_policy("api", &policy);
    let tenant = queue.add_tenant(1).unwrap();
    let done = Arc::new(Mutex::new(Vec::new()));
    thread::scope(|threads| {
        for worker in 0..4_u32 {
            let (queue, done) = (queue.clone(), Arc::clone(&done));
            threads.spawn(move || {
                let mut sends = 0_u32;
                while let Some(turn) = queue.next_blocking() {
                    sends += 1;
                    // Every answer that a worker can give.
                    let answered = match (sends + worker) % 5 {
                        0 if turn.attempt() < 5 => {
                            turn.answer(&Observation::new(forbear_core::Outcome::Transient))
                        }
                        1 if turn.attempt() < 5 => continue,
                        2 => {
                            turn.retract();
                            continue;
                        }
                        _ => turn.answer(Observation::SUCCESS),
                    };
                    if let Answered::Done(number) = answered {
                        done.lock().unwrap().push(number);
                    }
                }
            });
        }
        for half in 0..2 {
            let queue = queue.clone();
            threads.spawn(move || {
                for number in 0..200 {
                    let job = forbear_core::queue::Job::new(scope, tenant, half * 200 + number);
                    queue.push_when_room_blocking(job).unwrap();
                }
            });
        }
        let queue = queue.clone();
        threads.spawn(move || {
            let mut places: Vec<_> = Vec::new();
            while places.len() < 3 {
                let job = forbear_core::queue::Job::new(scope, tenant, 1000);
                places.extend(queue.stand(job).ok());
                thread::yield_now();
            }
            for mut place in places {
                place.turn_blocking().unwrap();
                assert_eq!(
                    place.answer(Observation::SUCCESS),
                    forbear_core::driver::Verdict::Success
                );
            }
            while queue.tally().pushed < 403 {
                thread::yield_now();
            }
            queue.drain();
        });
    });
    let mut done = core::mem::take(&mut *done.lock().unwrap());
    done.sort_unstable();
    assert_eq!(done, (0..400).collect::<Vec<_>>());
    let tally = queue.tally();
    assert_eq!((tally.pushed, tally.completed, tally.queued, tally.in_flight), (403, 403, 0, 0));
}

#[test]
fn a_thread_waits_for_the_limiter_as_long_as_it_says() {
    let one = One::new(&limited(Gcra::per("20/s".parse().unwrap())));
    one.push(&["a", "b"]);
    let begin = one.queue.now();
    assert_eq!(one.queue.next_blocking().unwrap().complete(), "a");
    assert_eq!(one.queue.next_blocking().unwrap().complete(), "b");
    assert!(one.queue.now().since(begin) >= crate::support::ms(50));
}

use forbear_core::driver::queue::SharedQueue;
use forbear_core::queue::{Overflow, QueueConfig, Rejection};
use tokio::time::timeout;

use super::{One, patient};
use crate::support::ms;

fn small(overflow: Overflow) -> One {
    let config = QueueConfig::new().capacity(2).unwrap().overflow(overflow);
    One::of(SharedQueue::new(config), &patient().build().unwrap())
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_room_are_let_in_in_order() {
    let one = small(Overflow::Block);
    one.push(&["a", "b"]);
    let full = one.queue.push(one.job("c")).unwrap_err();
    assert_eq!(full.why, Rejection::Full { capacity: 2 });
    let mut c = Box::pin(one.queue.push_when_room(one.job("c")));
    let mut gone = Box::pin(one.queue.push_when_room(one.job("gone")));
    let mut d = Box::pin(one.queue.push_when_room(one.job("d")));
    assert!(timeout(ms(1), &mut c).await.is_err());
    assert!(timeout(ms(1), &mut gone).await.is_err());
    assert!(timeout(ms(1), &mut d).await.is_err());
    let a = one.queue.next().await.unwrap();
    assert!(timeout(ms(1), &mut d).await.is_err(), "others came before it");
    timeout(ms(1), c).await.unwrap().unwrap();
    let b = one.queue.next().await.unwrap();
    // It was woken, and goes away instead.
    drop(gone);
    timeout(ms(1), d).await.unwrap().unwrap();
    assert_eq!((a.complete(), b.complete()), ("a", "b"));
    assert_eq!(one.queue.next().await.unwrap().complete(), "c");
    assert_eq!(one.queue.next().await.unwrap().complete(), "d");
    assert_eq!(one.queue.tally().rejected, 1, "waiting is no rejection");
}

#[tokio::test(start_paused = true)]
async fn a_drained_queue_rejects_those_who_wait_for_room() {
    let one = small(Overflow::RejectNewest);
    one.push(&["a", "b"]);
    let mut waiting = Box::pin(one.queue.push_when_room(one.job("c")));
    assert!(timeout(ms(1), &mut waiting).await.is_err());
    let mut behind = Box::pin(one.queue.push_when_room(one.job("d")));
    assert!(timeout(ms(1), &mut behind).await.is_err());
    one.queue.drain();
    for waiting in [behind, waiting] {
        let rejected = timeout(ms(1), waiting).await.unwrap().unwrap_err();
        assert_eq!(rejected.why, Rejection::Draining);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_where_another_makes_room() {
    let one = small(Overflow::DropOldest);
    one.push(&["a", "b"]);
    let pushed = timeout(ms(1), one.queue.push_when_room(one.job("c"))).await.unwrap().unwrap();
    assert_eq!(pushed.dropped.unwrap().payload, "a");
    one.queue.pause();
    let mut place = one.queue.stand(one.job("own")).unwrap();
    one.push(&["d", "e"]);
    let told = place.turn().await.unwrap_err();
    assert_eq!(told.to_string(), "the job made room for another in a full queue");
}

use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_core::driver::queue::SharedQueue;
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::queue::QueueConfig;
use tokio::time::timeout;

use super::{One, limited};

type Told = Arc<Mutex<Vec<(Duration, String)>>>;

fn watched(policy: &forbear_core::Policy) -> (One, Told) {
    let told = Told::default();
    let queue = SharedQueue::builder(QueueConfig::new()).on_stall(Duration::from_secs(10), {
        let told = Arc::clone(&told);
        move |quiet_for, stalls| {
            for stall in stalls {
                told.lock().unwrap().push((quiet_for, stall.to_string()));
            }
        }
    });
    (One::of(queue.build(), policy), told)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_told_of_with_what_all_wait_for_and_again_while_it_lasts() {
    let (one, told) = watched(&limited(Concurrency::new(1).unwrap()));
    one.push(&["a", "b"]);
    let a = one.queue.next().await.unwrap();
    let mut next = Box::pin(one.queue.next());
    assert!(timeout(secs(9), &mut next).await.is_err());
    assert!(told.lock().unwrap().is_empty());
    assert!(timeout(secs(16), &mut next).await.is_err());
    let text = "api waits for a request in flight, which its concurrency needs back";
    let expected = [(secs(10), text.to_owned()), (secs(20), text.to_owned())];
    assert_eq!(*told.lock().unwrap(), expected);
    a.complete();
    next.await.unwrap().complete();
    // Nothing waits, however long: no stall.
    assert!(timeout(secs(100), one.queue.next()).await.is_err());
    one.push(&["c"]);
    one.queue.next().await.unwrap().complete();
    assert_eq!(told.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_starts_jobs_in_time_is_no_stall() {
    let (one, told) = watched(&limited(Gcra::per("1/8s".parse().unwrap())));
    one.push(&["a", "b", "c", "d"]);
    for _ in 0..4 {
        one.queue.next().await.unwrap().complete();
    }
    assert!(told.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_notices_that_no_worker_asks() {
    let (one, told) = watched(&limited(Concurrency::new(1).unwrap()));
    one.push(&["a"]);
    tokio::time::sleep(secs(60)).await;
    one.push(&["b"]);
    let text = "api waits for its driver, which does not ask for the next job";
    assert_eq!(*told.lock().unwrap(), [(secs(60), text.to_owned())]);
}

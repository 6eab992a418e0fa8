use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use apalis::prelude::*;
use forbear_apalis::{PaceLayer, Paced, Permit};
use forbear_core::backoff::Constant;
use forbear_core::{Observation, Outcome, Policy};

use crate::{count, database, storage};

/// The task and its attempt, at each send.
type Sends = Arc<Mutex<Vec<(u32, usize, Duration)>>>;

const BUSY: u32 = 0;
const WRONG: u32 = 1;
const BROKEN: u32 = 2;

async fn send(
    task: u32,
    attempt: Attempt,
    permit: Permit,
    sends: Data<Sends>,
    worker: WorkerContext,
) -> Result<(), BoxDynError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let so_far = {
        let mut sends = sends.lock().unwrap();
        sends.push((task, attempt.current(), now));
        sends.len()
    };
    if so_far == 5 {
        worker.stop()?;
    }
    match (task, attempt.current()) {
        (BUSY, 1) => {
            permit.saw(&Observation::throttled(Some(Duration::from_millis(1200))));
            Err("429 Too Many Requests".into())
        }
        (WRONG, _) => {
            permit.saw(&Observation::new(Outcome::Permanent));
            Err("400 Bad Request".into())
        }
        // It says nothing of what it saw.
        (BROKEN, _) => Err("connection reset".into()),
        _ => Ok(()),
    }
}

#[tokio::test]
async fn what_failed_is_handed_back_until_its_time_or_killed() {
    let pool = database().await;
    let mut backend = storage(&pool);
    for task in [WRONG, BROKEN, BUSY] {
        backend.push(task).await.unwrap();
    }
    let policy = Policy::builder()
        .max_attempts(2)
        .no_budget()
        .backoff(Constant::new(Duration::from_millis(1)))
        .build()
        .unwrap();
    let sends = Sends::default();
    let worker = WorkerBuilder::new("paced")
        .backend(Paced::new(backend.poll_with_interval(Duration::from_millis(20)), &policy))
        .data(Arc::clone(&sends))
        .layer(PaceLayer::new(pool.clone()))
        .build(send);
    worker.run().await.unwrap();
    let sends = core::mem::take(&mut *sends.lock().unwrap());
    let of =
        |task| sends.iter().filter(|send| send.0 == task).map(|send| send.1).collect::<Vec<_>>();
    assert_eq!((of(WRONG), of(BROKEN), of(BUSY)), (vec![1], vec![1, 2], vec![1, 2]));
    let at: Vec<_> = sends.iter().filter(|send| send.0 == BUSY).map(|send| send.2).collect();
    // The wait that one task was told is everybody's.
    let over = at[0] + Duration::from_millis(1200);
    assert!(at[1] >= over, "{at:?}");
    let after = sends.iter().filter(|send| send.2 > at[0] && send.2 < over);
    assert_eq!(after.count(), 0, "{sends:?}");
    assert_eq!((count(&pool, "Killed").await, count(&pool, "Done").await), (2, 1));
}

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use apalis::prelude::*;
use apalis_sqlite::SqlitePool;
use forbear_apalis::{PaceLayer, Paced, Permit};
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::{Observation, Policy};

use crate::{count, database, storage};

/// How many are left to be sent, when each was, and how many were claimed then.
#[derive(Clone)]
struct Seen {
    pool: SqlitePool,
    sent: Arc<Mutex<Vec<(Instant, i64)>>>,
}

async fn send(
    _: u32,
    permit: Permit,
    seen: Data<Seen>,
    worker: WorkerContext,
) -> Result<(), BoxDynError> {
    // In one look: a task goes from one state to the other meanwhile.
    let claimed =
        sqlx::query_scalar("SELECT count(*) FROM Jobs WHERE status IN ('Queued', 'Running')");
    let claimed: i64 = claimed.fetch_one(&seen.pool).await?;
    let sent = {
        let mut sent = seen.sent.lock().unwrap();
        sent.push((Instant::now(), claimed));
        sent.len()
    };
    permit.saw(Observation::SUCCESS);
    if sent == 6 {
        worker.stop()?;
    }
    Ok(())
}

/// One after the other.
pub(crate) fn twenty_a_second() -> Policy {
    Policy::builder()
        .limit(Gcra::per("20/s".parse().unwrap()))
        .limit(Concurrency::new(1).unwrap())
        .build()
        .unwrap()
}

/// Asserts that none was sent before [`twenty_a_second`] admits it, counted from before it
/// began: a machine that is late makes it later.
pub(crate) fn assert_paced<T>(begun: Instant, sent: &[(Instant, T)]) {
    for (number, (at, _)) in (0..).zip(sent) {
        let after = *at - begun;
        assert!(after >= number * Duration::from_millis(50), "{number} after {after:?}");
    }
}

#[tokio::test]
async fn a_task_is_claimed_when_it_may_be_sent_and_not_before() {
    let pool = database().await;
    let mut backend = storage(&pool);
    for number in 0..6 {
        backend.push(number).await.unwrap();
    }
    let policy = twenty_a_second();
    let seen = Seen { pool: pool.clone(), sent: Arc::default() };
    let worker = WorkerBuilder::new("paced")
        .backend(Paced::new(backend.poll_with_interval(Duration::from_millis(10)), &policy))
        .data(seen.clone())
        .layer(PaceLayer::new(pool.clone()))
        .build(send);
    let begun = Instant::now();
    worker.run().await.unwrap();
    let sent = core::mem::take(&mut *seen.sent.lock().unwrap());
    assert_paced(begun, &sent);
    assert!(sent.iter().all(|&(_, claimed)| claimed == 1), "{sent:?}");
    assert_eq!(count(&pool, "Done").await, 6);
    assert_eq!(policy.statistics().sends, 6, "a permit without a task is taken back");
}

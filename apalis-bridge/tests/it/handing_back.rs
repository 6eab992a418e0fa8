use std::time::Duration;

use apalis::prelude::*;
use forbear_apalis::{PaceLayer, Paced};

use crate::failing::{Failing, TASKS, send, twice};
use crate::{count, database, storage};

#[tokio::test]
async fn what_failed_is_handed_back_until_its_time_or_killed() {
    let pool = database().await;
    let mut backend = storage(&pool);
    for task in TASKS {
        backend.push(task).await.unwrap();
    }
    let failing = Failing::told_to_wait(Duration::from_millis(1200));
    let worker = WorkerBuilder::new("paced")
        .backend(Paced::new(backend.poll_with_interval(Duration::from_millis(20)), &twice()))
        .data(failing.clone())
        .layer(PaceLayer::new(pool.clone()))
        .build(send);
    worker.run().await.unwrap();
    failing.was_handed_back();
    assert_eq!((count(&pool, "Killed").await, count(&pool, "Done").await), (2, 1));
}

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apalis::prelude::*;
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use forbear_apalis::{PaceLayer, Paced, Permit, RedisTasks};
use forbear_core::Observation;
use forbear_redis_testing::Server;

use crate::claiming::{assert_paced, twenty_a_second};
use crate::failing::{Failing, TASKS, send, twice};

async fn connection(server: &Server) -> ConnectionManager {
    apalis_redis::connect(server.url()).await.unwrap()
}

fn config() -> Config {
    Config::default().queue("requests").batch_size(1)
}

fn storage(connection: &ConnectionManager) -> RedisStorage<u32> {
    RedisStorage::new(connection.clone()).with_config(config())
}

/// How many tasks a command that counts finds in this place.
async fn count(connection: &ConnectionManager, command: &str, key: String) -> u64 {
    redis::cmd(command).arg(key).query_async(&mut connection.clone()).await.unwrap()
}

#[tokio::test]
async fn what_failed_is_handed_back_until_its_time_or_killed() {
    let Some(server) = Server::start() else { return };
    let connection = connection(&server).await;
    let mut storage = storage(&connection);
    for task in TASKS {
        storage.push(task).await.unwrap();
    }
    // By itself apalis waits a second.
    let failing = Failing::told_to_wait(Duration::from_millis(3200));
    let tasks = RedisTasks::of(&mut storage);
    let backend = tasks.wrap(storage.poll_with_interval(Duration::from_millis(20)));
    let worker = WorkerBuilder::new("paced")
        .backend(Paced::new(backend, &twice()))
        .data(failing.clone())
        .layer(PaceLayer::new(tasks))
        .build(send);
    worker.run().await.unwrap();
    failing.was_handed_back();
    let places = config();
    let [dead, done] = [places.dead_jobs_set(), places.done_jobs_set()];
    assert_eq!(count(&connection, "SCARD", dead).await, 2);
    assert_eq!(count(&connection, "SCARD", done).await, 1);
    assert_eq!(count(&connection, "ZCARD", places.scheduled_jobs_set()).await, 0);
}

/// How many were sent, when each was, and how many were still in the list then.
#[derive(Clone)]
struct Seen {
    connection: ConnectionManager,
    sent: Arc<Mutex<Vec<(std::time::Instant, u64)>>>,
}

async fn send_one(
    _: u32,
    permit: Permit,
    seen: Data<Seen>,
    worker: WorkerContext,
) -> Result<(), BoxDynError> {
    let waiting = count(&seen.connection, "LLEN", config().active_jobs_list()).await
        + count(&seen.connection, "ZCARD", config().scheduled_jobs_set()).await;
    let sent = {
        let mut sent = seen.sent.lock().unwrap();
        sent.push((std::time::Instant::now(), waiting));
        sent.len()
    };
    permit.saw(Observation::SUCCESS);
    if sent == 6 {
        worker.stop()?;
    }
    Ok(())
}

#[tokio::test]
async fn a_task_is_claimed_when_it_may_be_sent_and_not_before() {
    let Some(server) = Server::start() else { return };
    let connection = connection(&server).await;
    let mut storage = storage(&connection);
    for number in 0..6 {
        storage.push(number).await.unwrap();
    }
    let policy = twenty_a_second();
    let seen = Seen { connection: connection.clone(), sent: Arc::default() };
    let tasks = RedisTasks::of(&mut storage);
    let backend = tasks.wrap(storage.poll_with_interval(Duration::from_millis(10)));
    let worker = WorkerBuilder::new("paced")
        .backend(Paced::new(backend, &policy))
        .data(seen.clone())
        .layer(PaceLayer::new(tasks))
        .build(send_one);
    let begun = std::time::Instant::now();
    worker.run().await.unwrap();
    let sent = core::mem::take(&mut *seen.sent.lock().unwrap());
    assert_paced(begun, &sent);
    // All but those that were sent wait in Redis.
    let waiting: Vec<_> = sent.iter().map(|send| send.1).collect();
    assert_eq!(waiting, [5, 4, 3, 2, 1, 0]);
    assert_eq!(count(&connection, "SCARD", config().done_jobs_set()).await, 6);
    assert_eq!(policy.statistics().sends, 6, "a permit without a task is taken back");
}

//! Two workers of apalis that share a queue in Redis and a policy: what one of them is told,
//! both heed.
//!
//! Twelve requests go to an API that allows six a second and refuses the third of them once
//! with `Retry-After: 2`. Each worker claims a request when it may go; the refused one is
//! handed back for two seconds, and both hold the others back meanwhile. Workers of several
//! processes have a policy each; to share its limits too, give it those of `forbear-redis`.
//!
//! Start a server with `redis-server --port 6399 --save ''`, and then
//! `cargo run -p forbear-apalis --features redis --example fleet redis://127.0.0.1:6399/`.

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::time::Duration;

use apalis::prelude::*;
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use forbear_apalis::{PaceLayer, Paced, Permit, RedisTasks};
use forbear_core::limiter::Gcra;
use forbear_core::{Observation, Policy};

const REQUESTS: u64 = 12;

async fn send(
    number: u64,
    attempt: Attempt,
    permit: Permit,
    policy: Data<Policy>,
    worker: WorkerContext,
) -> Result<(), BoxDynError> {
    let name = worker.name().to_owned();
    if number == 3 && attempt.current() == 1 {
        println!("{name}, request {number}: 429, asked to wait 2 s");
        permit.saw(&Observation::throttled(Some(Duration::from_secs(2))));
        return Err("429 Too Many Requests".into());
    }
    println!("{name}, request {number}: done at attempt {}", attempt.current());
    permit.saw(Observation::SUCCESS);
    // This one is counted when it returns.
    if policy.statistics().successes + 1 >= REQUESTS {
        worker.stop()?;
    }
    Ok(())
}

async fn work(
    name: &str,
    connection: ConnectionManager,
    policy: &Policy,
) -> Result<(), BoxDynError> {
    let config = Config::default().queue("requests").batch_size(1);
    let mut storage = RedisStorage::<u64>::new(connection).with_config(config);
    let tasks = RedisTasks::of(&mut storage);
    let backend = tasks.wrap(storage.poll_with_interval(Duration::from_millis(50)));
    let worker = WorkerBuilder::new(name)
        .backend(Paced::new(backend, policy))
        .data(policy.clone())
        .layer(PaceLayer::new(tasks))
        .build(send);
    Ok(worker.run().await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxDynError> {
    let url = std::env::args().nth(1).ok_or("give the URL of a Redis server")?;
    let connection = apalis_redis::connect(url).await?;
    let config = Config::default().queue("requests");
    let mut storage = RedisStorage::<u64>::new(connection.clone()).with_config(config);
    for number in 1..=REQUESTS {
        storage.push(number).await?;
    }
    let policy = Policy::builder().limit(Gcra::per("6/s".parse()?)).build()?;
    tokio::select! {
        end = work("worker-1", connection.clone(), &policy) => end?,
        end = work("worker-2", connection, &policy) => end?,
    }
    println!("{:#?}", policy.statistics());
    Ok(())
}

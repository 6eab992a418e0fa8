//! A worker of apalis on `SQLite` in memory, paced by a policy: no server and no network.
//!
//! Ten requests go to an API that allows five a second and refuses the third of them once
//! with `Retry-After: 1`. The worker claims each when it may go, hands the refused one back
//! to the database for a second, and holds the others back meanwhile.
//!
//! Run it with `cargo run -p forbear-apalis --example offline`.

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::time::Duration;

use apalis::prelude::*;
use apalis_sqlite::{Config, SqlitePoolOptions, SqliteStorage};
use forbear_apalis::{PaceLayer, Paced, Permit};
use forbear_core::limiter::Gcra;
use forbear_core::{Observation, Policy};

const REQUESTS: u64 = 10;

async fn send(
    number: u64,
    attempt: Attempt,
    permit: Permit,
    policy: Data<Policy>,
    worker: WorkerContext,
) -> Result<(), BoxDynError> {
    if number == 3 && attempt.current() == 1 {
        println!("request {number}: 429, asked to wait 1 s");
        permit.saw(&Observation::throttled(Some(Duration::from_secs(1))));
        return Err("429 Too Many Requests".into());
    }
    println!("request {number}: done at attempt {}", attempt.current());
    permit.saw(Observation::SUCCESS);
    // This one is counted when it returns.
    if policy.statistics().successes + 1 == REQUESTS {
        worker.stop()?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxDynError> {
    let policy = Policy::builder().limit(Gcra::per("5/s".parse()?)).build()?;
    // A database in memory lives as long as its one connection.
    let pool = SqlitePoolOptions::new().max_connections(1).connect(":memory:").await?;
    SqliteStorage::setup(&pool).await?;
    let config = Config::default().queue("requests").batch_size(1);
    let mut storage = SqliteStorage::<u64>::new(&pool).with_config(config);
    for number in 1..=REQUESTS {
        storage.push(number).await?;
    }
    let storage = storage.poll_with_interval(Duration::from_millis(50));
    let worker = WorkerBuilder::new("worker-1")
        .backend(Paced::new(storage, &policy))
        .data(policy.clone())
        .layer(PaceLayer::new(pool))
        .build(send);
    worker.run().await?;
    println!("{:#?}", policy.statistics());
    Ok(())
}

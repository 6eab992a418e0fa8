//! Workers of apalis on SQLite and Redis, as one binary.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::pedantic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may panic, and measures how long a worker takes, and one that is skipped says so"
)]

/// What is claimed, and how fast.
mod claiming;
/// Tasks that fail, each in its way.
mod failing;
/// What becomes of tasks that fail.
mod handing_back;
/// The same on a Redis server that the tests start.
#[cfg(feature = "redis")]
mod redis;

use apalis_sqlite::{Config, SqlitePool, SqlitePoolOptions, SqliteStorage};

/// An empty database in memory, which lives as long as its one connection.
async fn database() -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(1).connect(":memory:").await.unwrap();
    SqliteStorage::setup(&pool).await.unwrap();
    pool
}

fn storage(pool: &SqlitePool) -> SqliteStorage<u32> {
    let config = Config::default().queue("requests").batch_size(1);
    SqliteStorage::new(pool).with_config(config)
}

/// How many tasks are in this state.
async fn count(pool: &SqlitePool, status: &str) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM Jobs WHERE status = ?1");
    count.bind(status.to_owned()).fetch_one(pool).await.unwrap()
}

//! Tasks in the tables of apalis-sqlite.

use std::time::{SystemTime, UNIX_EPOCH};

use apalis_core::error::BoxDynError;
use apalis_core::task::task_id::TaskId;
use sqlx::SqlitePool;

use crate::HandBack;

/// The tables keep whole seconds, so the time is rounded up.
impl HandBack for SqlitePool {
    async fn hand_back(&self, task: TaskId, not_before: SystemTime) -> Result<(), BoxDynError> {
        let since = not_before.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = since.as_secs().saturating_add(u64::from(since.subsec_nanos() > 0));
        // What runs is not fetched; once it is marked as failed, this says when it is.
        let statement = sqlx::query("UPDATE Jobs SET run_at = ?1 WHERE id = ?2");
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        statement.bind(seconds).bind(task.to_string()).execute(self).await?;
        Ok(())
    }
}

//! Where a task goes that has to wait.

use std::future::Future;
use std::time::SystemTime;

use apalis_core::error::BoxDynError;
use apalis_core::task::task_id::TaskId;

/// Lets a task that failed run again, and not before a time.
///
/// Implemented for the pool of apalis-sqlite, and for the tasks of apalis-redis; other
/// databases of apalis keep the time in a column of the same meaning.
pub trait HandBack: Clone + Send + Sync + 'static {
    /// Lets the task run from `not_before` on. It is being run, and is about to be marked
    /// as failed.
    fn hand_back(
        &self,
        task: TaskId,
        not_before: SystemTime,
    ) -> impl Future<Output = Result<(), BoxDynError>> + Send;
}

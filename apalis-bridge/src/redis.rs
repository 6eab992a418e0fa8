//! Tasks in the lists of apalis-redis.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fmt, mem};

use apalis_core::backend::Backend;
use apalis_core::backend::future::BoxSyncFuture;
use apalis_core::error::BoxDynError;
use apalis_core::task::task_id::TaskId;
use apalis_core::worker::context::WorkerContext;
use apalis_redis::{Config, ConnectionLike, ConnectionManager, RedisError, RedisStorage};
use redis::Script;

use crate::HandBack;
use crate::wrapping::configured_by_its_backend;

/// Moves tasks that wait to another time, and says which do not wait.
///
/// `KEYS[1]` is the set of tasks that wait, with their times in seconds; the arguments are
/// the tasks, each with its time.
const MOVE: &str = r"
local absent = {}
for i = 1, #ARGV, 2 do
  if redis.call('ZSCORE', KEYS[1], ARGV[i]) then
    redis.call('ZADD', KEYS[1], 'XX', ARGV[i + 1], ARGV[i])
  else
    absent[#absent + 1] = ARGV[i]
  end
end
return absent
";

/// For how long after its time a task is looked for that is nowhere: apalis-redis gives a
/// task up after 25 attempts.
const FORGET_AFTER_S: u64 = 60;

/// Hands tasks back in the sorted set in which apalis-redis keeps those that wait.
///
/// apalis-redis has a failed task wait as many seconds as it had attempts, from when it
/// records the failure. So the time is set right after that, by the backend that
/// [`wrap`](Self::wrap) makes; between the two the process may be killed, and then the task
/// runs after those seconds. It keeps whole seconds, which are rounded up, and gives a task
/// up after 25 attempts whatever the policy says.
///
/// Each worker needs one of its own.
///
/// # Examples
///
/// ```no_run
/// use apalis::prelude::*;
/// use apalis_redis::{Config, RedisStorage};
/// use forbear_apalis::{PaceLayer, Paced, Permit, RedisTasks};
/// use forbear_core::Policy;
///
/// async fn send(request: String, permit: Permit) -> Result<(), BoxDynError> {
///     Ok(())
/// }
///
/// # async fn run() -> Result<(), BoxDynError> {
/// let connection = apalis_redis::connect("redis://127.0.0.1/").await?;
/// let config = Config::default().queue("requests").batch_size(1);
/// let mut storage = RedisStorage::<String>::new(connection).with_config(config);
/// let tasks = RedisTasks::of(&mut storage);
/// let worker = WorkerBuilder::new("worker-1")
///     .backend(Paced::new(tasks.wrap(storage), &Policy::recommended()))
///     .layer(PaceLayer::new(tasks))
///     .build(send);
/// worker.run().await?;
/// # Ok(())
/// # }
/// ```
pub struct RedisTasks<C = ConnectionManager> {
    connection: C,
    config: Config,
    moves: Arc<Mutex<Vec<Move>>>,
}

/// A task that is to run from another time on, in seconds since 1970.
#[derive(Clone, Debug)]
struct Move {
    task: String,
    not_before_s: u64,
}

impl<C: Clone + ConnectionLike + Send + Sync + 'static> RedisTasks<C> {
    /// The tasks of `storage`.
    pub fn of<Args>(storage: &mut RedisStorage<Args, C>) -> Self {
        let config = storage.get_config().clone();
        Self { connection: storage.get_connection().clone(), config, moves: Arc::default() }
    }

    /// The same backend, which also sets the times of tasks that were handed back.
    ///
    /// `backend` is the storage, or what was made of it, as by `poll_with_interval`.
    pub fn wrap<B>(&self, backend: B) -> Rescheduling<B, C> {
        Rescheduling { backend, tasks: self.clone(), moving: None }
    }

    fn moves(&self) -> MutexGuard<'_, Vec<Move>> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves what is to be moved, and keeps what is not there yet.
    async fn apply(mut self) {
        let mut moves = mem::take(&mut *self.moves());
        let script = Script::new(MOVE);
        let mut call = script.key(self.config.scheduled_jobs_set());
        for Move { task, not_before_s } in &moves {
            call.arg(task).arg(not_before_s);
        }
        let absent: Result<Vec<String>, RedisError> = call.invoke_async(&mut self.connection).await;
        // Without an answer all are kept; the backend itself tells of a Redis that is gone.
        if let Ok(absent) = absent {
            let now_s = since_1970(now()).as_secs();
            moves.retain(|late| {
                absent.contains(&late.task) && now_s < late.not_before_s + FORGET_AFTER_S
            });
        }
        self.moves().append(&mut moves);
    }
}

impl<C> Clone for RedisTasks<C>
where
    C: Clone,
{
    fn clone(&self) -> Self {
        let (connection, config) = (self.connection.clone(), self.config.clone());
        Self { connection, config, moves: Arc::clone(&self.moves) }
    }
}

impl<C: Clone + ConnectionLike + Send + Sync + 'static> HandBack for RedisTasks<C> {
    async fn hand_back(&self, task: TaskId, not_before: SystemTime) -> Result<(), BoxDynError> {
        let since = since_1970(not_before);
        let not_before_s = since.as_secs() + u64::from(since.subsec_nanos() > 0);
        self.moves().push(Move { task: task.to_string(), not_before_s });
        Ok(())
    }
}

impl<C> fmt::Debug for RedisTasks<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTasks").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A backend of apalis-redis whose tasks wait as long as they were handed back for; made by
/// [`RedisTasks::wrap`].
pub struct Rescheduling<B, C = ConnectionManager> {
    backend: B,
    tasks: RedisTasks<C>,
    moving: Option<BoxSyncFuture<()>>,
}

impl<B, C: Clone + ConnectionLike + Send + Sync + 'static> Rescheduling<B, C> {
    /// Sets the times of those that were handed back and whose failure is recorded.
    fn poll_moves(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.moving.is_none() && !self.tasks.moves().is_empty() {
            self.moving = Some(BoxSyncFuture::new(Box::pin(self.tasks.clone().apply())));
        }
        if let Some(moving) = &mut self.moving {
            ready!(moving.poll_unpin(cx));
            self.moving = None;
        }
        Poll::Ready(())
    }
}

impl<B, C> Backend for Rescheduling<B, C>
where
    B: Backend,
    C: Clone + ConnectionLike + Send + Sync + 'static,
{
    type Task = B::Task;
    type Error = B::Error;

    fn poll_ready(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Result<(), B::Error>> {
        // Failures are recorded in here.
        ready!(self.backend.poll_ready(cx, worker))?;
        self.poll_moves(cx).map(Ok)
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, B::Error>>> {
        self.backend.poll_next(cx, worker)
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Result<(), B::Error>> {
        ready!(self.backend.poll_close(cx, worker))?;
        self.poll_moves(cx).map(Ok)
    }
}

configured_by_its_backend!(Rescheduling<B, C>);

#[expect(clippy::disallowed_methods, reason = "databases keep dates")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

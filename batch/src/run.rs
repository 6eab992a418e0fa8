//! Sending what is left to do.
//!
//! One task hands jobs to the queue as there is room, others ask it for turns, send, and
//! report what came of it. What is over goes to the writer; what the policy wants to send
//! again is back in the queue by then.

mod feed;
mod job;
mod outcome;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use forbear_core::driver::queue::SharedQueue;
use forbear_core::queue::{Removed, ScopeId, TenantId};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use self::job::Job;
use crate::input::Scan;
use crate::line_set::LineSet;
use crate::monitor::Monitor;
use crate::results::Finished;
use crate::send::Sender;
use crate::writer::{Message, Writer};
use crate::{Batch, BatchError, Complaint, End, ErrorKind, Summary};

/// Between two waits for the disk: as much work is lost with the power at most.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// As many complaints are kept.
const COMPLAINTS: usize = 1000;

/// A batch that is about to be sent.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) batch: Batch,
    pub(crate) scan: Scan,
    pub(crate) file: File,
    pub(crate) sender: Sender,
    pub(crate) to_do: LineSet,
    pub(crate) sent_before: BTreeMap<u64, u32>,
    pub(crate) monitor: Arc<Monitor>,
    pub(crate) left: u64,
}

/// What the tasks share.
struct Shared {
    batch: Batch,
    queue: SharedQueue<Job>,
    scopes: BTreeMap<String, ScopeId>,
    tenants: BTreeMap<String, TenantId>,
    anybody: TenantId,
    file: Mutex<File>,
    /// How many times jobs were sent by starts that recorded them as failed.
    sent_before: BTreeMap<u64, u32>,
    sender: Sender,
    monitor: Arc<Monitor>,
    results: mpsc::Sender<Message>,
    notes: Mutex<Notes>,
    unrecorded: AtomicU64,
}

/// What is told at the end.
#[derive(Default)]
struct Notes {
    stopped: Option<BatchError>,
    refused: Vec<Complaint>,
    /// Scopes whose server has answered something.
    reached: BTreeSet<ScopeId>,
}

impl Run {
    /// Sends until nothing is left, or `stop` is ready.
    pub(crate) async fn until_done(
        self,
        writer: Writer,
        stop: impl Future<Output = ()>,
    ) -> Summary {
        let Self { batch, scan, file, sender, to_do, sent_before, monitor, left } = self;
        let watch = Arc::clone(&monitor);
        let ended = |end, notes: Notes, unrecorded| {
            let progress = watch.progress();
            let left = progress.jobs.saturating_sub(progress.done);
            Summary {
                progress,
                left,
                malformed: scan.malformed,
                refused: notes.refused,
                unrecorded,
                end,
            }
        };
        let writing = match writer.start() {
            Ok(writing) => writing,
            Err(error) => return ended(End::Stopped(error), Notes::default(), 0),
        };
        let (removals, mut removed) = mpsc::unbounded_channel();
        let files = (file, sent_before);
        let shared = Shared::new(batch, &scan, files, sender, monitor, &writing.sender, removals);
        let mut tasks = JoinSet::new();
        tasks.spawn(feed::feed(Arc::clone(&shared), to_do));
        let workers = u64::try_from(shared.batch.in_flight.get()).unwrap_or(u64::MAX).min(left);
        for _ in 0..workers {
            tasks.spawn(worker::work(Arc::clone(&shared)));
        }
        let mut stop = pin!(stop);
        let mut ticks = tokio::time::interval(SYNC_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_interrupted = false;
        loop {
            tokio::select! {
                () = &mut stop, if !is_interrupted => {
                    is_interrupted = true;
                    shared.shut_down();
                }
                _ = ticks.tick() => {
                    // If the writer is behind, it has enough to do.
                    let _ = writing.sender.try_send(Message::Sync);
                }
                Some(removed) = removed.recv() => outcome::removed(&shared, &removed).await,
                joined = tasks.join_next() => match joined {
                    None => break,
                    Some(Ok(())) => {}
                    // A bug; what is recorded is recorded.
                    Some(Err(error)) => {
                        let message = format!("a task of the batch failed: {error}");
                        shared.stop(BatchError::new(ErrorKind::Stopped, message));
                    }
                },
            }
        }
        while let Ok(removed) = removed.try_recv() {
            outcome::removed(&shared, &removed).await;
        }
        let unrecorded = shared.unrecorded.load(Ordering::Relaxed);
        let mut notes = std::mem::take(&mut *shared.notes());
        // With the last of its senders the writer ends.
        drop(shared);
        let end = match (writing.end(), notes.stopped.take()) {
            (Err(error), _) | (Ok(()), Some(error)) => End::Stopped(error),
            (Ok(()), None) if is_interrupted => End::Interrupted,
            (Ok(()), None) => End::Complete,
        };
        ended(end, notes, unrecorded)
    }
}

impl Shared {
    fn new(
        batch: Batch,
        scan: &Scan,
        (file, sent_before): (File, BTreeMap<u64, u32>),
        sender: Sender,
        monitor: Arc<Monitor>,
        results: &mpsc::Sender<Message>,
        removals: mpsc::UnboundedSender<Removed<Job>>,
    ) -> Arc<Self> {
        let queueing = &batch.queueing;
        let queue = SharedQueue::builder(queueing.config.clone())
            .on_removed(move |removed| {
                // Nobody hears of it once the run is over.
                let _ = removals.send(removed);
            })
            .build();
        let scopes = scan.hosts.keys();
        let scopes = scopes
            .map(|host| (host.clone(), queue.add_policy(host.as_str(), batch.policy_of(host))));
        let scopes = scopes.collect();
        // A weight of 0 was refused when it was set.
        let tenant = |weight| queue.add_tenant(weight).expect("a weight is at least 1");
        let tenants = scan.tenants.keys().filter(|_| queueing.has_tenants);
        let tenants = tenants.map(|name| (name.clone(), tenant(queueing.weight_of(name))));
        let (tenants, anybody) = (tenants.collect(), tenant(1));
        Arc::new(Self {
            batch,
            queue,
            scopes,
            tenants,
            anybody,
            file: Mutex::new(file),
            sent_before,
            sender,
            monitor,
            results: results.clone(),
            notes: Mutex::default(),
            unrecorded: AtomicU64::new(0),
        })
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        // Nothing is half done between two statements, whoever panicked.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends nothing more because of `error`; the first is the one to tell.
    fn stop(&self, error: BatchError) {
        self.notes().stopped.get_or_insert(error);
        self.shut_down();
    }

    /// Sends nothing more. What is queued is left for the next start.
    fn shut_down(&self) {
        drop(self.queue.shut_down());
    }

    /// How many times a job was sent by starts that recorded it as failed.
    fn sent_before(&self, line: u64) -> u32 {
        self.sent_before.get(&line).copied().unwrap_or(0)
    }

    /// Hands a result to the writer.
    async fn record(&self, finished: Finished) {
        let ok = finished.ok;
        if self.results.send(Message::Finished(finished)).await.is_ok() {
            self.monitor.done(ok);
        } else {
            // The writer tells why when it is joined.
            self.unrecorded.fetch_add(1, Ordering::Relaxed);
            self.shut_down();
        }
    }

    /// A job is not sent, since no limiter would ever let it pass.
    fn refuse(&self, line: u64, why: impl Into<String>) {
        let mut notes = self.notes();
        if notes.refused.len() < COMPLAINTS {
            notes.refused.push(Complaint::new(line, why));
        }
    }
}

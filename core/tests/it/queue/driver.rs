/// Answers: what ends a job, and what puts it back.
mod answers;
/// A queue that is stopped, drained, shut down or changed while others wait.
mod control;
/// Every order of steps of those who share a queue.
mod interleavings;
/// Places that callers stand in.
mod places;
/// Waiting for room in a full queue.
mod room;
/// Threads instead of tasks.
mod threads;
/// Many who wait at a high rate.
mod waiters;
/// Noticing that nothing is started.
mod watch;

use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::driver::queue::SharedQueue;
use forbear_core::queue::{Job, QueueConfig, ScopeId, TenantId};
use forbear_core::{Limiter, Policy, PolicyBuilder};

/// A queue with one scope and one tenant.
struct One {
    queue: SharedQueue<&'static str>,
    scope: ScopeId,
    tenant: TenantId,
}

impl One {
    fn new(policy: &Policy) -> Self {
        Self::of(SharedQueue::builder(QueueConfig::new()).seeded(1).build(), policy)
    }

    fn of(queue: SharedQueue<&'static str>, policy: &Policy) -> Self {
        let scope = queue.add_policy("api", policy);
        let tenant = queue.add_tenant(1).unwrap();
        Self { queue, scope, tenant }
    }

    fn job(&self, payload: &'static str) -> Job<&'static str> {
        Job::new(self.scope, self.tenant, payload)
    }

    fn push(&self, payloads: &[&'static str]) {
        for payload in payloads {
            self.queue.push(self.job(payload)).unwrap();
        }
    }
}

/// Ten sends, 100 ms apart, and nothing else.
fn patient() -> PolicyBuilder {
    let backoff = Constant::new(Duration::from_millis(100));
    Policy::builder().max_attempts(10).no_deadline().no_budget().backoff(backoff)
}

fn limited(limiter: impl Limiter + Clone + Sync + 'static) -> Policy {
    patient().limit(limiter).build().unwrap()
}

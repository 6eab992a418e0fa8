//! Taking a job in, or saying why not.

use super::slab::{Entry, Stage, index};
use super::{Job, JobId, Overflow, Pushed, Queue, Rejected, Rejection, Removed, Withdrawal};
use crate::{Decision, Limiter, Refusal, Timestamp};

impl<T, L: Limiter> Queue<T, L> {
    /// Takes in a job, and says when it is expected to start.
    ///
    /// The estimate is what waits before it over the rate that the scope is
    /// [expected](super::Scope::expecting) to have, counted from the time at which
    /// its limiter would admit it alone. Before it wait its tenant's jobs; of the
    /// other tenants of its lane what they are served meanwhile by their weights, but
    /// no more than they have; and more urgent lanes, or the share of the other lanes
    /// by weight. It knows nothing of jobs that are pushed later, of costs that are
    /// settled, of caps and of retries, and is `None` where it would be a guess: no
    /// expected rate, a pause, a wait for a request in flight. With
    /// [`Order::EarliestDeadline`](super::Order::EarliestDeadline), the jobs of its
    /// own tenant count only if it goes behind all of them.
    ///
    /// With an expected rate, a push looks at each tenant that ever used the scope.
    ///
    /// # Errors
    ///
    /// The job and why it is not in the queue. It is refused at once if the limiter
    /// can never admit it, or if its expected start is not before its deadline.
    pub fn push(&mut self, now: Timestamp, job: Job<T>) -> Result<Pushed<T>, Rejected<T>> {
        match self.admit(now, &job) {
            Ok(expected_start) => {
                let dropped = self.make_room(&job);
                let id = self.insert(now, job);
                Ok(Pushed { id, expected_start, dropped })
            }
            Err(why) => {
                self.tally.rejected += 1;
                Err(Rejected { job, why })
            }
        }
    }

    /// Whether a job may come in, and when it is expected to start.
    fn admit(&self, now: Timestamp, job: &Job<T>) -> Result<Option<Timestamp>, Rejection> {
        if self.is_draining {
            return Err(Rejection::Draining);
        }
        let scope = self.scopes.get(index(job.scope.0));
        let scope = scope.ok_or(Rejection::UnknownScope(job.scope))?;
        if index(job.tenant.0) >= self.tenants.len() {
            return Err(Rejection::UnknownTenant(job.tenant));
        }
        let (lane, lanes) = (job.lane, self.places.len());
        if usize::from(lane) >= lanes {
            let lanes = u8::try_from(lanes).unwrap_or(u8::MAX);
            return Err(Rejection::UnknownLane { lane, lanes });
        }
        let decision = scope.limiter.check(now, &job.cost);
        if let Decision::Refuse(why @ (Refusal::ExceedsCapacity { .. } | Refusal::BeyondTime)) =
            decision
        {
            return Err(Rejection::NeverAdmitted(why));
        }
        let expected_start = self.expected_start(now, job, decision);
        if let Some((deadline, start)) = job.deadline.zip(expected_start.or(Some(now)))
            && start >= deadline
        {
            return Err(Rejection::MissesDeadline { expected_start: start, deadline });
        }
        if !self.has_room(lane) {
            return Err(Rejection::Full { capacity: self.config.capacity });
        }
        Ok(expected_start)
    }

    /// Whether a job that is pushed to this lane now finds room, or another makes it.
    #[must_use]
    pub fn has_room(&self, lane: u8) -> bool {
        self.tally.queued < self.config.capacity
            || match self.config.overflow {
                Overflow::RejectNewest | Overflow::Block => false,
                Overflow::DropOldest => true,
                Overflow::DropLowestPriority => {
                    self.places.iter().skip(usize::from(lane) + 1).any(|places| !places.is_empty())
                }
            }
    }

    /// Drops a job if the queue is full; whichever makes room was found to exist.
    fn make_room(&mut self, job: &Job<T>) -> Option<Removed<T>> {
        if self.tally.queued < self.config.capacity {
            return None;
        }
        let victim = match self.config.overflow {
            Overflow::RejectNewest | Overflow::Block => None,
            Overflow::DropOldest => {
                self.places.iter().filter_map(|places| places.first_key_value()).min()
            }
            Overflow::DropLowestPriority => {
                let mut lanes = self.places[usize::from(job.lane) + 1..].iter().rev();
                lanes.find_map(|places| places.last_key_value())
            }
        };
        let id = self.jobs.id(*victim?.1);
        self.withdraw(id, Withdrawal::Dropped)
    }

    fn insert(&mut self, now: Timestamp, job: Job<T>) -> JobId {
        let seq = self.next_seq;
        self.next_seq += 1;
        let flow = self.flow(job.scope.0, job.tenant.0, job.lane);
        let entry = Entry {
            payload: Some(job.payload),
            cost: job.cost,
            seq,
            pushed_at: now,
            deadline: job.deadline.unwrap_or(Timestamp::MAX),
            at: now,
            flow,
            stage: Stage::Queued,
        };
        let place = self.place(&entry);
        let id = self.jobs.insert(entry);
        self.places[usize::from(job.lane)].insert(seq, id.slot);
        self.enter(now, id.slot, place);
        self.tally.pushed += 1;
        self.tally.queued += 1;
        id
    }
}

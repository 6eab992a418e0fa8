//! The server: what it lets in, how long it works, what it says.
//!
//! Its limits are written for themselves and share no code with those of the
//! policies, so that a mistake in one shows against the other.

mod concurrency;
mod faults;
mod fixed_window;
mod limit;
mod reply;
mod row;
mod sliding_window;
mod token_bucket;
mod wait;
mod wire;
mod workers;

use forbear_core::{Cost, Dimension};

use self::{faults::Faults, row::Row, wait::render, workers::Workers};
pub(crate) use self::{
    limit::{Limit, LimitState, Opening, Usage},
    reply::{Reply, Told},
    sliding_window::SlidingWindow,
    wire::{
        EPOCH, WrittenAt, headers as wire_headers, headers_at as wire_headers_at, read_at,
        read_off_the_wire,
    },
};
use crate::rng::{Luck, Purpose};
use crate::scenario::{Answer, RetryAfterSpec, Sampler, Scenario, nanos};
use crate::storm::Script;

/// A server in the middle of a run.
#[derive(Debug)]
pub(crate) struct Server {
    limits: Vec<Limit>,
    workers: Option<Workers>,
    row: Option<Row>,
    faults: Faults,
    retry_after: RetryAfterSpec,
    quota_headers: bool,
    service: Sampler,
    per_output_token_ns: u64,
}

/// A request at the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// What it may cost at most, which is charged when it comes.
    pub(crate) reserved: &'a Cost,
    /// What it does cost.
    pub(crate) actual: &'a Cost,
    pub(crate) luck: Luck,
    /// What was recorded of it, if it was.
    pub(crate) script: Option<Script>,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) struct Handling {
    pub(crate) reply: Reply,
    /// When the reply leaves the server, in ns.
    pub(crate) leaves_at: u64,
    /// Whether it is a refusal for load.
    pub(crate) is_refusal: bool,
    /// Whether it holds something until then, so that [`Server::leave`] must follow.
    pub(crate) holds: bool,
    /// Whether it never reaches the client.
    pub(crate) is_lost: bool,
    /// What decided.
    pub(crate) cause: Cause,
}

/// What decides about a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    /// Nothing is in its way.
    Served,
    /// The limit of this number, counted from 0, which says when it would let it in.
    Limit { index: usize, opening: Opening },
    /// A fault.
    Fault,
    /// There is no place in the queue for a worker.
    QueueFull,
    /// It was recorded so.
    Recorded,
}

impl Server {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let spec = scenario.server();
        Self {
            limits: spec.limits().iter().map(Limit::new).collect(),
            workers: spec.workers().map(|count| Workers::new(count, spec.queue())),
            row: spec.optimistic().then(Row::default),
            faults: Faults::new(scenario.faults()),
            retry_after: spec.retry_after(),
            quota_headers: spec.quota_headers(),
            service: spec.service(),
            per_output_token_ns: nanos(spec.per_output_token()),
        }
    }

    /// A request comes in.
    pub(crate) fn arrive(&mut self, now: u64, request: &Request<'_>) -> Handling {
        self.change_quotas(now);
        let is_lost = self.faults.loses(now, request.luck);
        let Some((refusal, cause)) = self.refusal(now, request) else {
            for limit in &mut self.limits {
                limit.take(now, request.reserved);
            }
            let mut handling = self.work(now, request);
            handling.holds = self.limits.iter().any(|limit| limit.holds(request));
            handling.is_lost = is_lost;
            self.advertise(now, &mut handling.reply);
            return handling;
        };
        for limit in &mut self.limits {
            limit.refuse(now, request.reserved);
        }
        let mut reply = refusal;
        self.advertise(now, &mut reply);
        Handling { reply, leaves_at: now, is_refusal: true, holds: false, is_lost, cause }
    }

    /// A request comes in that is answered as it was recorded; the limits learn of it as
    /// far as they can have let it in.
    pub(crate) fn repeat(&mut self, now: u64, request: &Request<'_>, answer: &Answer) -> Handling {
        self.change_quotas(now);
        let mut reply = Reply::new(answer.status).asking_for(answer.wait_ns);
        let is_refusal = answer.status == 429 || (answer.status == 503 && answer.wait_ns.is_some());
        let is_open = |limit: &Limit| limit.opening(now, request.reserved) == Opening::Now;
        let is_taken = !is_refusal && self.limits.iter().all(is_open);
        for limit in &mut self.limits {
            if is_taken {
                limit.take(now, request.reserved);
            } else if is_refusal {
                limit.refuse(now, request.reserved);
            }
        }
        if answer.status == 200 {
            reply = reply.using(*request.actual);
        }
        self.advertise(now, &mut reply);
        Handling {
            reply,
            leaves_at: now.saturating_add(answer.worked_ns),
            is_refusal,
            holds: is_taken && self.limits.iter().any(|limit| limit.holds(request)),
            is_lost: false,
            cause: Cause::Recorded,
        }
    }

    /// The version of the row that a request reads which was let in; `None` if there
    /// is no row, so that the request is all.
    pub(crate) fn read(&self) -> Option<u32> {
        self.row.as_ref().map(Row::read)
    }

    /// A write comes in that names `version`.
    ///
    /// HTTP has 409 for one that lost, but a client takes that for final: the same
    /// write has no reason to fare better. This attempt begins anew with a read, so it
    /// is told to try again.
    pub(crate) fn write(&mut self, version: u32, request: &Request<'_>) -> Reply {
        let is_written = self.row.as_mut().is_none_or(|row| row.write(version));
        if is_written { Reply::new(200).using(*request.actual) } else { Reply::new(503) }
    }

    /// A request that was let in is over.
    pub(crate) fn leave(&mut self, now: u64, request: &Request<'_>) {
        self.change_quotas(now);
        for limit in &mut self.limits {
            limit.give_back(now, request);
        }
    }

    /// What each limit, and the workers, have given out of what they had by `now`.
    pub(crate) fn usage(&self, now: u64) -> impl Iterator<Item = Usage> {
        let workers = self.workers.as_ref().map(|workers| workers.usage(now));
        self.limits.iter().map(move |limit| limit.usage(now)).chain(workers)
    }

    /// Whether no limit has ever let in more than it says.
    pub(crate) fn is_within_limits(&self, now: u64) -> bool {
        self.limits.iter().all(|limit| limit.is_kept(now))
    }

    /// What each limit has left.
    pub(crate) fn limit_states(&mut self, now: u64) -> Vec<LimitState> {
        self.change_quotas(now);
        self.limits.iter().map(|limit| limit.state(now)).collect()
    }

    /// What the limit of this number has left.
    pub(crate) fn limit_state(&self, now: u64, index: usize) -> LimitState {
        self.limits[index].state(now)
    }

    /// Workers that are busy and requests that wait for one, of how many, if it has any.
    pub(crate) fn queue_state(&self, now: u64) -> Option<(u32, u32, u32)> {
        self.workers.as_ref().map(|workers| workers.state(now))
    }

    /// Puts in force what faults have changed by `now`, each from its own time on.
    fn change_quotas(&mut self, now: u64) {
        while let Some((at, portion)) = self.faults.next_change(now) {
            for limit in &mut self.limits {
                limit.cut(at, portion);
            }
        }
    }

    /// The refusal of the limits, if one of them refuses.
    fn refusal(&self, now: u64, request: &Request<'_>) -> Option<(Reply, Cause)> {
        let openings = self.limits.iter().map(|limit| limit.opening(now, request.reserved));
        let strictest = openings.enumerate().max_by_key(|&(_, opening)| opening);
        let (index, opening) = strictest.unwrap_or((0, Opening::Now));
        let cause = Cause::Limit { index, opening };
        let wait = match opening {
            Opening::Now => return None,
            Opening::At(time) => Some(time.saturating_sub(now)),
            Opening::Unknown => None,
            Opening::Never => return Some((Reply::new(413), cause)),
        };
        let word = request.luck.word(Purpose::Wait);
        Some((Reply::new(429).asking_for(self.hint(now, wait, word)), cause))
    }

    /// What a refusal says of a wait of `wait`, in ns.
    fn hint(&self, now: u64, wait: Option<u64>, word: u64) -> Option<u64> {
        render(self.faults.retry_after(now).unwrap_or(self.retry_after), wait, word)
    }

    /// A request that the limits let in.
    fn work(&mut self, now: u64, request: &Request<'_>) -> Handling {
        if let Some(fault) = self.faults.failure(now, request.luck.word(Purpose::Fault)) {
            let leaves_at = now.saturating_add(nanos(fault.after));
            let (reply, is_refusal) = (Reply::new(fault.status), fault.status == 429);
            let cause = Cause::Fault;
            return Handling { reply, leaves_at, is_refusal, holds: false, is_lost: false, cause };
        }
        let slow = self.faults.slowness(now);
        let service = request.script.and_then(|script| script.service_ns).unwrap_or_else(|| {
            let tokens = u64::from(request.actual.get(Dimension::OutputTokens));
            self.service
                .sample(request.luck.word(Purpose::Service))
                .saturating_add(tokens.saturating_mul(self.per_output_token_ns))
        });
        let service = service.saturating_mul(slow);
        let leaves_at = match &mut self.workers {
            None => Some(now.saturating_add(service)),
            Some(workers) => workers.assign(now, service),
        };
        match leaves_at {
            Some(leaves_at) => {
                let status = request.script.map_or(200, |script| script.status);
                let reply = Reply::new(status).using(*request.actual);
                Handling {
                    reply,
                    leaves_at,
                    is_refusal: false,
                    holds: false,
                    is_lost: false,
                    cause: Cause::Served,
                }
            }
            // The queue is full.
            None => Handling {
                reply: Reply::new(503).asking_for(self.hint(now, None, 0)),
                leaves_at: now,
                is_refusal: true,
                holds: false,
                is_lost: false,
                cause: Cause::QueueFull,
            },
        }
    }

    fn advertise(&self, now: u64, reply: &mut Reply) {
        if self.quota_headers {
            for limit in &self.limits {
                if let Some(quota) = limit.quota(now) {
                    reply.advertise(quota);
                }
            }
        }
    }
}

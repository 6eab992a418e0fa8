//! When a job is expected to start.

use core::time::Duration;

use super::config::LaneOrder;
use super::flow::{rank, units};
use super::slab::index;
use super::{Job, Queue};
use crate::{Decision, Limiter, Rate, Timestamp};

impl<T, L: Limiter> Queue<T, L> {
    /// When a job that is about to be pushed is expected to start; `decision` is what
    /// the limiter says of it now.
    pub(super) fn expected_start(
        &self,
        now: Timestamp,
        job: &Job<T>,
        decision: Decision,
    ) -> Option<Timestamp> {
        let number = self.flow_of.get(&(job.scope.0, job.tenant.0, job.lane));
        let flow = number.map(|&number| &self.flows[index(number)]);
        let rank = rank(self.config.order, job.deadline.unwrap_or(Timestamp::MAX));
        let ahead = flow
            .filter(|flow| flow.jobs.last_key_value().is_some_and(|(&(last, _), _)| last <= rank));
        self.start_behind(now, job, decision, ahead.map_or(0, |flow| flow.backlog))
    }

    /// When `job` is expected to start behind `own` units of its own tenant.
    pub(super) fn start_behind<P>(
        &self,
        now: Timestamp,
        job: &Job<P>,
        decision: Decision,
        own: u64,
    ) -> Option<Timestamp> {
        let scope = &self.scopes[index(job.scope.0)];
        let opens_at = match decision {
            Decision::Admit => now,
            Decision::WaitUntil(time) => time,
            Decision::WaitForCompletion | Decision::Refuse(_) => return None,
        };
        if self.is_paused || scope.is_paused {
            return None;
        }
        let Some(rate) = scope.rate else {
            let is_empty = scope.lanes.iter().all(|lane| lane.backlog == 0);
            return is_empty.then_some(opens_at);
        };
        let units = units(&job.cost, self.config.dimension);
        let lane = &scope.lanes[usize::from(job.lane)];
        let weight = u64::from(self.tenants[index(job.tenant.0)].weight.get());
        let mut in_lane = own;
        // Each tenant apart: one that has little left gives the rest of its share to
        // all, and a bound on all of them together would refuse jobs that make it.
        let tenants = (job.scope.0, 0, 0)..=(job.scope.0, u32::MAX, u8::MAX);
        for (&(_, tenant, number), &flow) in self.flow_of.range(tenants) {
            if number == job.lane && tenant != job.tenant.0 {
                let theirs = u64::from(self.tenants[index(tenant)].weight.get());
                let meanwhile = share(own.saturating_add(units), theirs, weight);
                in_lane = in_lane.saturating_add(meanwhile.min(self.flows[index(flow)].backlog));
            }
        }
        let lanes = (0u8..).zip(&scope.lanes).filter(|(_, lane)| lane.backlog > 0);
        let elsewhere = match self.config.lanes {
            LaneOrder::Strict(_) => {
                let urgent = lanes.take_while(|&(number, _)| number < job.lane);
                urgent.fold(0, |sum: u64, (_, lane)| sum.saturating_add(lane.backlog))
            }
            LaneOrder::Weighted(_) => {
                let others = lanes.filter(|&(number, _)| number != job.lane);
                let (backlog, weights) =
                    others.fold((0u64, 0u64), |(backlog, weights), (_, lane)| {
                        (
                            backlog.saturating_add(lane.backlog),
                            weights + u64::from(lane.weight.get()),
                        )
                    });
                let mine = u64::from(lane.weight.get());
                share(in_lane.saturating_add(units), weights, mine).min(backlog)
            }
        };
        Some(opens_at.after(time_for(in_lane.saturating_add(elsewhere), rate)))
    }
}

/// What others of weight `others` are served while one of `weight` is served `units`.
fn share(units: u64, others: u64, weight: u64) -> u64 {
    let product = u128::from(units) * u128::from(others);
    u64::try_from(product.div_ceil(u128::from(weight))).unwrap_or(u64::MAX)
}

/// How long `units` take, rounded up.
fn time_for(units: u64, rate: Rate) -> Duration {
    let (limit, period_ns) = rate.reduced();
    let ns = (u128::from(units) * u128::from(period_ns)).div_ceil(u128::from(limit));
    Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
}

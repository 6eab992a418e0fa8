//! The jobs of one tenant in one lane of one scope.

use alloc::collections::BTreeMap;
use core::num::NonZeroU32;

use super::Order;
use super::Queue;
use super::ring::Head;
use super::slab::{Entry, index};
use crate::{Cost, Dimension, Limiter, Timestamp};

/// Who shares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tenant {
    pub(super) weight: NonZeroU32,
    /// The most jobs in flight in one scope.
    pub(super) cap: Option<NonZeroU32>,
}

/// A tenant in a scope.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Member {
    pub(super) in_flight: u32,
}

/// A tenant in a lane of a scope.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) scope: u32,
    pub(super) tenant: u32,
    pub(super) lane: u8,
    pub(super) member: u32,
    /// Slots by rank, then by place.
    pub(super) jobs: BTreeMap<(u64, u64), u32>,
    /// Units of the jobs, in sum.
    pub(super) backlog: u64,
    /// Whether it has a turn.
    pub(super) in_ring: bool,
}

/// Where a job stands in its flow, and what it counts for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) flow: u32,
    /// Its rank, then its number among all jobs.
    pub(super) key: (u64, u64),
    pub(super) units: u64,
}

/// What a cost counts for in the shares of tenants: at least 1, so that nobody is
/// served without end.
pub(super) fn units(cost: &Cost, dimension: Dimension) -> u64 {
    u64::from(cost.get(dimension).max(1))
}

/// Before whom a job goes within its tenant.
pub(super) const fn rank(order: Order, deadline: Timestamp) -> u64 {
    match order {
        Order::Fifo => 0,
        Order::EarliestDeadline => deadline.as_nanos(),
    }
}

impl<T, L: Limiter> Queue<T, L> {
    /// The flow of a tenant in a lane of a scope, made when it is first used.
    pub(super) fn flow(&mut self, scope: u32, tenant: u32, lane: u8) -> u32 {
        if let Some(&flow) = self.flow_of.get(&(scope, tenant, lane)) {
            return flow;
        }
        let (members, fresh) = (&mut self.members, Member::default());
        let member = *self.member_of.entry((scope, tenant)).or_insert_with(|| {
            members.push(fresh);
            super::number(members.len() - 1)
        });
        let (jobs, flow) = (BTreeMap::new(), super::number(self.flows.len()));
        self.flows.push(Flow { scope, tenant, lane, member, jobs, backlog: 0, in_ring: false });
        self.flow_of.insert((scope, tenant, lane), flow);
        flow
    }

    pub(super) fn place(&self, entry: &Entry<T>) -> Place {
        let key = (rank(self.config.order, entry.deadline), entry.seq);
        Place { flow: entry.flow, key, units: units(&entry.cost, self.config.dimension) }
    }

    /// Puts a job to its place in its flow, and gives the flow a turn.
    pub(super) fn enter(&mut self, now: Timestamp, slot: u32, place: Place) {
        let Place { flow: number, key, units } = place;
        let flow = &mut self.flows[index(number)];
        let scope = &mut self.scopes[index(flow.scope)];
        scope.add(now, flow.lane, units);
        flow.jobs.insert(key, slot);
        flow.backlog = flow.backlog.saturating_add(units);
        if !flow.in_ring {
            flow.in_ring = true;
            scope.join(flow.lane, number);
        }
        // The gate may be closed for a job that is larger, or waits for longer, than the
        // one that goes before it now.
        let is_first = flow.jobs.first_key_value().is_some_and(|(first, _)| *first == key);
        let goes_first = scope
            .blocked
            .is_none_or(|(lane, blocked)| flow.lane < lane || (number == blocked && is_first));
        if goes_first {
            let scope = flow.scope;
            self.open(scope);
        }
    }

    /// Takes a job out of its flow.
    pub(super) fn leave(&mut self, place: Place) {
        let Place { flow: number, key, units } = place;
        let flow = &mut self.flows[index(number)];
        flow.jobs.remove(&key);
        flow.backlog = flow.backlog.saturating_sub(units);
        let lane = &mut self.scopes[index(flow.scope)].lanes[usize::from(flow.lane)];
        lane.backlog = lane.backlog.saturating_sub(units);
    }

    /// Gives the flows of a member that were over the cap of their tenant a turn.
    pub(super) fn unpark(&mut self, scope: u32, tenant: u32) {
        let lanes = (scope, tenant, 0)..=(scope, tenant, u8::MAX);
        for (_, &number) in self.flow_of.range(lanes) {
            let flow = &mut self.flows[index(number)];
            if !flow.in_ring && !flow.jobs.is_empty() {
                flow.in_ring = true;
                self.scopes[index(scope)].join(flow.lane, number);
            }
        }
    }
}

impl Flow {
    /// What its next job would take; nothing if it has none or its tenant is at its
    /// cap, and then it has no turn any more.
    pub(super) fn head(
        &mut self,
        tenants: &[Tenant],
        members: &[Member],
        units: impl FnOnce(u32) -> Option<u64>,
    ) -> Option<Head> {
        let tenant = tenants[index(self.tenant)];
        let in_flight = members[index(self.member)].in_flight;
        let is_capped = tenant.cap.is_some_and(|cap| in_flight >= cap.get());
        let first = self.jobs.first_key_value().filter(|_| !is_capped);
        let units = first.and_then(|(_, &slot)| units(slot));
        self.in_ring = units.is_some();
        Some(Head { units: units?, weight: tenant.weight.get() })
    }
}

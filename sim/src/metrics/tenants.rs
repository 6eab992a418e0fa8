//! What each tenant gets, second by second, and who starts too late.

#![expect(clippy::float_arithmetic, reason = "floats only report, and in a fixed order")]
#![expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]

use crate::scenario::Scenario;
use crate::storm::{Storm, Tenancy};

const SECOND: u64 = 1_000_000_000;

/// The books of the tenants of a gateway.
///
/// Of each whole second but the first, and of each lane in which all tenants had calls
/// waiting all the time, it is looked how far the share of a tenant was from its weight's.
#[derive(Debug)]
pub(crate) struct Tenants {
    all: Vec<Tenant>,
    lanes: Vec<Lane>,
    /// Whether the tenants share one process.
    is_shared: bool,
    /// The number of the second that is under way.
    second: u64,
    furthest: Option<f64>,
    missed: u64,
}

#[derive(Debug)]
struct Tenant {
    tenancy: Tenancy,
    /// Calls that wait to be sent first.
    waiting: u32,
    /// First sends of the second that is under way.
    sent: u32,
}

#[derive(Clone, Debug)]
struct Lane {
    tenants: Vec<u32>,
    weight: u64,
    /// Whether some tenant had nothing waiting in this second.
    ran_dry: bool,
}

impl Tenants {
    /// The books of a run in which there is something to be told of tenants.
    pub(crate) fn of(scenario: &Scenario, storm: &Storm) -> Option<Box<Self>> {
        let has_deadline = scenario.groups().any(|(it, ..)| it.start_within().is_some());
        let is_shared = scenario.has_gateway();
        if !is_shared && !has_deadline {
            return None;
        }
        let none = Lane { tenants: Vec::new(), weight: 0, ran_dry: true };
        let (mut lanes, mut all) = (Vec::new(), Vec::new());
        for client in 0..storm.clients() {
            let tenancy = storm.tenancy(client);
            let number = usize::from(tenancy.lane);
            lanes.resize(lanes.len().max(number + 1), none.clone());
            lanes[number].tenants.push(client);
            lanes[number].weight += u64::from(tenancy.weight);
            all.push(Tenant { tenancy, waiting: 0, sent: 0 });
        }
        Some(Box::new(Self { all, lanes, is_shared, second: 0, furthest: None, missed: 0 }))
    }

    /// A call is wanted.
    pub(crate) fn wanted(&mut self, now: u64, client: u32) {
        self.pass(now);
        self.all[client as usize].waiting += 1;
    }

    /// A call that was wanted at `arrived_at` is sent for the first time.
    pub(crate) fn sent(&mut self, now: u64, client: u32, arrived_at: u64) {
        self.pass(now);
        let tenant = &mut self.all[client as usize];
        tenant.sent += 1;
        tenant.waiting = tenant.waiting.saturating_sub(1);
        let within = tenant.tenancy.start_within;
        self.missed += u64::from(within.is_some_and(|within| now >= arrived_at + within));
        if tenant.waiting == 0 {
            self.lanes[usize::from(tenant.tenancy.lane)].ran_dry = true;
        }
    }

    /// A call is over that was never sent.
    pub(crate) fn gave_up(&mut self, client: u32) {
        let tenant = &mut self.all[client as usize];
        tenant.waiting = tenant.waiting.saturating_sub(1);
        self.missed += u64::from(tenant.tenancy.start_within.is_some());
    }

    /// Calls that were not sent in time; `None` where none has to be.
    pub(crate) fn missed_deadlines(&self) -> Option<u64> {
        let has_deadline = self.all.iter().any(|tenant| tenant.tenancy.start_within.is_some());
        has_deadline.then_some(self.missed)
    }

    /// The farthest that a tenant's share was from its weight's, as a part of that; `None`
    /// where no second was to be looked at.
    pub(crate) fn share_error(&self) -> Option<f64> {
        self.furthest.filter(|_| self.is_shared)
    }

    /// Ends the seconds that are over.
    fn pass(&mut self, now: u64) {
        let second = now / SECOND;
        if second == self.second {
            return;
        }
        // Of seconds in which nothing happened, there is nothing to tell.
        let is_whole = second == self.second + 1 && self.second > 0;
        for lane in &mut self.lanes {
            let tenants = || lane.tenants.iter().map(|&client| &self.all[client as usize]);
            if is_whole && !lane.ran_dry && lane.tenants.len() > 1 {
                let sent: u64 = tenants().map(|tenant| u64::from(tenant.sent)).sum();
                // Of nothing there is no share.
                for tenant in tenants().filter(|_| sent > 0) {
                    let fair = sent as f64 * f64::from(tenant.tenancy.weight) / lane.weight as f64;
                    let off = (f64::from(tenant.sent) - fair).abs() / fair;
                    self.furthest = Some(self.furthest.unwrap_or(0.0).max(off));
                }
            }
            lane.ran_dry = tenants().any(|tenant| tenant.waiting == 0);
        }
        self.all.iter_mut().for_each(|tenant| tenant.sent = 0);
        self.second = second;
    }
}

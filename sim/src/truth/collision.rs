//! Callers who meet by chance.

use serde::{Deserialize, Serialize};

use super::arithmetic::{pairs, power};
use super::drive::{NEAR, ONCE, checked, policy, scenario, seconds_text, whole_ns};
use super::error::{ensure, ensure_positive};
use super::estimate::{ERRORS, Moments};
use super::{Check, Kind, Law, TruthError, kind};
use crate::simulation::Simulation;

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Collision {
    clients: u32,
    /// Over what time they are spread, in seconds.
    #[serde(alias = "T_s")]
    t_s: f64,
    /// Two who come within one slot meet, in seconds.
    slot_s: f64,
    /// Accepted and not used: it is the time by the slot.
    #[serde(skip_serializing)]
    slots: u32,
    #[serde(alias = "suggested_replications")]
    replications: u32,
}

impl Collision {
    pub(super) const KIND: Kind = kind::<Self>(
        "collision",
        "callers who are spread at random and meet",
        "1 - prod(1 - i / m); C(n, 2) / m; m (1 - (1 - 1 / m)^n); n (1 - 1 / m)^(n - 1)",
        "the birthday problem",
    );
}

impl Default for Collision {
    fn default() -> Self {
        Self { clients: 50, t_s: 10.0, slot_s: 0.01, slots: 0, replications: 2000 }
    }
}

impl Law for Collision {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { clients, t_s, slot_s, replications, .. } = *self;
        ensure((2..=10_000).contains(&clients), "clients", clients, "from 2 to 10000")?;
        ensure_positive("t_s", t_s)?;
        ensure_positive("slot_s", slot_s)?;
        let draws = u64::from(clients) * u64::from(replications);
        let must = "at least 50, and at most 2000000 with the clients";
        let is_fit = replications >= 50 && draws <= 2_000_000;
        ensure(is_fit, "replications", replications, must)?;
        let (slots, slot_ns) = ((t_s / slot_s).round(), whole_ns(slot_s));
        let must = "a part of t_s";
        ensure((slots * slot_s - t_s).abs() <= 1e-9 * t_s, "slot_s", slot_s, must)?;
        let tables = format!(
            "[clients]\ncount = {clients}\n[arrivals]\nkind = \"burst\"\nspread = \"{}\"\n{NEAR}[server]\n",
            seconds_text(t_s)
        );
        let (scenario, policy) = (scenario(&tables)?, policy(ONCE)?);
        let n = f64::from(clients);
        let expected = [
            1.0 - (0..clients).map(|i| 1.0 - f64::from(i) / slots).product::<f64>(),
            pairs(n) / slots,
            slots * (1.0 - power(1.0 - 1.0 / slots, n)),
            n * power(1.0 - 1.0 / slots, n - 1.0),
        ];
        let mut measured = expected.map(Moments::about);
        for seed in 1..=u64::from(replications) {
            let run = checked(Simulation::new(&scenario, policy.policy()).seed(seed))?;
            let mut in_slot: Vec<u64> =
                run.sends.iter().map(|sent| sent.at.as_nanos() / slot_ns).collect();
            in_slot.sort_unstable();
            let crowds = || in_slot.chunk_by(|a, b| a == b).map(<[u64]>::len);
            let alone = crowds().filter(|&crowd| crowd == 1).count() as f64;
            let meeting = crowds().map(|crowd| pairs(crowd as f64)).sum::<f64>();
            let found =
                [f64::from(u8::from(meeting > 0.0)), meeting, crowds().count() as f64, alone];
            measured.iter_mut().zip(found).for_each(|(moments, found)| moments.add(found));
        }
        let what = [
            "chance that two meet",
            "pairs that meet",
            "slots with somebody",
            "clients alone in their slot",
        ];
        let checks =
            what.into_iter().zip(expected).zip(&measured).map(|((what, expected), found)| {
                let mean = found.mean();
                // Where all runs were the same, the rare other one is still possible.
                let unseen = ERRORS / f64::from(replications);
                Check::new(what, expected, mean.value, ERRORS * mean.error + unseen)
            });
        Ok(checks.collect())
    }
}

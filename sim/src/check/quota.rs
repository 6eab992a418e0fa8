//! The most that clients may send together of a quota that they share.
//!
//! The books of what `docs/FLEET.md` promises, by other arithmetic than that of the script
//! and of its model, and about the sends, not the permits: no more than the limits say,
//! and one capacity more for each time that Redis forgot something. For the rule `closed`:
//! by the others a client sends without Redis, which no limit bounds.

use std::collections::VecDeque;

use forbear_core::{Cost, Dimension, Rate};
use forbear_redis::{SharedLimitSpec, WithoutRedis};

use crate::scenario::{Scenario, nanos};

/// The books of a quota.
#[derive(Debug)]
pub(super) struct Quota {
    books: Vec<Book>,
    /// When Redis forgets something, in ns, the next last.
    losses: Vec<u64>,
}

#[derive(Debug)]
struct Book {
    dimension: Dimension,
    capacity: u64,
    /// Capacities beyond the first.
    forgotten: u64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// What is owed, in ticks of which a unit is worth a period, and since when.
    Rate { rate: Rate, owed: u128, since: u64 },
    /// What was sent in the last period.
    Window { period: u64, sent: VecDeque<(u64, u64)>, sum: u64 },
    /// What was sent in the period of this number.
    Fixed { period: u64, number: u64, sum: u64 },
}

impl Quota {
    /// The books of the quota that the clients of `scenario` share; `None` where they share
    /// none, or go by another rule.
    pub(super) fn new(scenario: &Scenario, rule: Option<WithoutRedis>) -> Option<Self> {
        let spec = scenario.redis().filter(|_| rule == Some(WithoutRedis::Closed))?;
        let faults = scenario.faults().iter().filter(|fault| fault.forgets());
        let mut losses: Vec<_> = faults.map(|fault| nanos(fault.from)).collect();
        losses.sort_unstable_by(|a, b| b.cmp(a));
        Some(Self { books: spec.limits().iter().filter_map(Book::new).collect(), losses })
    }

    /// A request leaves that takes `reserved` and uses `actual`; what is exceeded by it.
    pub(super) fn send(&mut self, at: u64, reserved: &Cost, actual: &Cost) -> Result<(), String> {
        while self.losses.pop_if(|loss| *loss <= at).is_some() {
            self.books.iter_mut().for_each(|book| book.forgotten += 1);
        }
        self.books.iter_mut().try_for_each(|book| {
            // An estimate that was too high is given back, one that was too low is owed.
            let units = reserved.get(book.dimension).min(actual.get(book.dimension));
            let counted = book.send(at, u64::from(units));
            let most = book.capacity * (1 + book.forgotten);
            let Book { capacity, dimension, forgotten, .. } = book;
            if counted <= most {
                return Ok(());
            }
            Err(format!(
                "the shared limit of {capacity} {dimension} has let out {counted} at once, and \
                 Redis forgot {forgotten} times"
            ))
        })
    }
}

impl Book {
    fn new(spec: &SharedLimitSpec) -> Option<Self> {
        let (dimension, rate, kind, burst) = match *spec {
            SharedLimitSpec::Rate { dimension, rate, burst } => {
                (dimension, rate, Kind::Rate { rate, owed: 0, since: 0 }, burst)
            }
            SharedLimitSpec::Window { dimension, rate } => {
                let period = nanos(rate.period());
                let kind = Kind::Window { period, sent: VecDeque::new(), sum: 0 };
                (dimension, rate, kind, None)
            }
            SharedLimitSpec::FixedWindow { dimension, rate } => {
                let period = nanos(rate.period());
                (dimension, rate, Kind::Fixed { period, number: 0, sum: 0 }, None)
            }
            // One that is not known here is not held to.
            _ => return None,
        };
        let per_second = u128::from(rate.limit().get()) * 1_000_000_000 / rate.period().as_nanos();
        let capacity = match (&kind, burst) {
            (Kind::Rate { .. }, Some(burst)) => u64::from(burst),
            (Kind::Rate { .. }, None) => u64::try_from(per_second.max(1)).unwrap_or(u64::MAX),
            _ => rate.limit().get(),
        };
        Some(Self { dimension, capacity, forgotten: 0, kind })
    }

    /// Counts what is sent; how much that is at once, rounded up.
    fn send(&mut self, at: u64, units: u64) -> u64 {
        match &mut self.kind {
            Kind::Rate { rate, owed, since } => {
                let unit = rate.period().as_nanos();
                let paid = u128::from(at - *since) * u128::from(rate.limit().get());
                *owed = owed.saturating_sub(paid) + u128::from(units) * unit;
                *since = at;
                u64::try_from(owed.div_ceil(unit)).unwrap_or(u64::MAX)
            }
            Kind::Window { period, sent, sum } => {
                sent.push_back((at, units));
                *sum += units;
                while let Some(&(time, units)) = sent.front()
                    && time + *period <= at
                {
                    sent.pop_front();
                    *sum -= units;
                }
                *sum
            }
            Kind::Fixed { period, number, sum } => {
                let current = at / *period;
                if current != *number {
                    (*number, *sum) = (current, 0);
                }
                *sum += units;
                *sum
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(limit: &str, more: &str) -> Quota {
        let text = format!(
            "name = \"t\"\ntitle = \"\"\ndescription = \"\"\nhorizon = \"1h\"\n[clients]\n\
             [arrivals]\nkind = \"burst\"\n[server]\n[redis]\npolicies = {{ t = \"closed\" }}\n\
             [[redis.limit]]\n{limit}\n{more}"
        );
        let scenario = Scenario::parse(&text, &[]).unwrap();
        assert!(Quota::new(&scenario, Some(WithoutRedis::LocalShare)).is_none());
        Quota::new(&scenario, Some(WithoutRedis::Closed)).unwrap()
    }

    /// How many leave at these times, in ms.
    fn leave(quota: &mut Quota, times: &[u64]) -> usize {
        let mut send = |ms| quota.send(ms * 1_000_000, &Cost::REQUEST, &Cost::REQUEST);
        times.iter().map(|&ms| send(ms)).take_while(Result::is_ok).count()
    }

    #[test]
    fn one_too_many_is_seen_in_each_kind() {
        let rate = "kind = \"rate\"\nrate = \"10/s\"\nburst = 2";
        assert_eq!(leave(&mut quota(rate, ""), &[0, 0, 100, 200, 299]), 4);
        assert_eq!(leave(&mut quota(rate, ""), &[0, 0, 100, 200, 300]), 5);
        let window = "kind = \"window\"\nrate = \"2/s\"";
        assert_eq!(leave(&mut quota(window, ""), &[0, 500, 1000, 1499]), 3);
        assert_eq!(leave(&mut quota(window, ""), &[0, 500, 1000, 1500]), 4);
        let fixed = "kind = \"fixed_window\"\nrate = \"2/s\"";
        assert_eq!(leave(&mut quota(fixed, ""), &[900, 900, 1000, 1000, 1999]), 4);
    }

    #[test]
    fn what_redis_forgets_is_allowed_once() {
        let rate = "kind = \"rate\"\nrate = \"10/s\"\nburst = 2";
        let promotion = "[[fault]]\nfrom = \"100ms\"\npromotion = { lost = \"50ms\" }\n";
        assert_eq!(leave(&mut quota(rate, promotion), &[0, 0, 99]), 2);
        assert_eq!(leave(&mut quota(rate, promotion), &[0, 0, 100, 100, 100, 100]), 5);
    }
}

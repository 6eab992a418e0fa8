//! What a simulator of clients and a rate-limited server must reproduce.
//!
//! A simulator that agrees with itself may still be wrong. Each [`Kind`] is a result
//! that is known without it, in closed form or by exact numerics, and that holds for
//! any parameters: queues of the textbook, the admissions of a token bucket, the
//! moments of a jitter. It is put beside what the production engine, limiters and
//! backoffs do in a simulation; nothing of a formula is computed by the code that it
//! judges.
//!
//! Where luck is involved, the tolerance is five standard errors of what was
//! measured, known or found from batches: a right simulator fails one check in a
//! million. With more `samples` the same check is sharper.

#![expect(clippy::float_arithmetic, reason = "formulas are of reals, and judge only")]
#![expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]

mod aimd;
mod amplification;
mod arithmetic;
mod closed_population;
mod collision;
mod cubic;
mod decorrelated_jitter;
mod drain;
mod drive;
mod equal_jitter;
mod erlang_b;
mod error;
mod estimate;
mod expected_attempts;
mod fixed_window;
mod full_jitter;
mod gcra;
mod grpc_throttle;
mod md1;
mod mm1;
mod mm1k;
mod mmc;
mod periodic_overload;
mod queue;
mod retry_after_herd;
mod retry_budget;
mod sliding_window_counter;
mod sre_throttle;
mod sync_backoff;
mod token_bucket;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use toml::{Table, Value};

pub use self::error::TruthError;

/// A result that holds whatever its parameters.
///
/// # Examples
///
/// ```
/// use forbear_sim::truth::Kind;
///
/// let kind = Kind::named("token_bucket").unwrap();
/// let set = [("rate", "10"), ("burst", "5"), ("t", "60")];
/// let set = set.map(|(key, value)| (key.to_owned(), value.to_owned()));
/// let verdict = kind.verify(&set)?;
/// assert!(verdict.holds());
/// assert_eq!(verdict.checks[0].expected, 605.0);
/// # Ok::<(), forbear_sim::truth::TruthError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Kind {
    /// Its name: lower-case words with underscores.
    pub name: &'static str,
    /// What it says, in a few words.
    pub title: &'static str,
    /// The formula.
    pub formula: &'static str,
    /// Where the formula comes from.
    pub source: &'static str,
    verify: Verify,
}

/// Compares with these parameters, and gives all of them back.
type Verify = fn(Table) -> Result<(Table, Vec<Check>), TruthError>;

/// What came of a [`Kind`] with certain parameters.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Verdict {
    /// The name of the kind.
    pub kind: String,
    /// The formula.
    pub formula: String,
    /// Where the formula comes from.
    pub source: String,
    /// The parameters, those that were not set too.
    pub parameters: Table,
    /// The numbers that were compared.
    pub checks: Vec<Check>,
}

/// A number that is known, beside the one that was measured.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Check {
    /// What the number is.
    pub what: String,
    /// By the formula.
    pub expected: f64,
    /// In the simulation.
    pub measured: f64,
    /// By how much the two may differ.
    pub tolerance: f64,
}

/// A kind with its parameters, as serde reads them.
trait Law: Default + DeserializeOwned + Serialize {
    /// Compares; an error if a parameter is out of range.
    fn checks(&self) -> Result<Vec<Check>, TruthError>;
}

/// The [`Kind`] of a law.
const fn kind<L: Law>(
    name: &'static str,
    title: &'static str,
    formula: &'static str,
    source: &'static str,
) -> Kind {
    Kind { name, title, formula, source, verify: verify::<L> }
}

fn verify<L: Law>(parameters: Table) -> Result<(Table, Vec<Check>), TruthError> {
    let law: L = parameters.try_into().map_err(TruthError::parameters)?;
    let checks = law.checks()?;
    // A table of numbers, lists and texts always fits.
    Ok((Table::try_from(&law).unwrap_or_default(), checks))
}

impl Kind {
    /// Every kind, by name.
    pub const ALL: &[Self] = &[
        aimd::Aimd::KIND,
        amplification::Amplification::KIND,
        closed_population::ClosedPopulation::KIND,
        collision::Collision::KIND,
        cubic::Cubic::KIND,
        decorrelated_jitter::DecorrelatedJitter::KIND,
        drain::Drain::KIND,
        equal_jitter::EqualJitter::KIND,
        erlang_b::ErlangB::KIND,
        expected_attempts::ExpectedAttempts::KIND,
        fixed_window::FixedWindow::KIND,
        full_jitter::FullJitter::KIND,
        gcra::Gcra::KIND,
        grpc_throttle::GrpcThrottle::KIND,
        md1::Md1::KIND,
        mm1::Mm1::KIND,
        mm1k::Mm1k::KIND,
        mmc::Mmc::KIND,
        periodic_overload::PeriodicOverload::KIND,
        retry_after_herd::RetryAfterHerd::KIND,
        retry_budget::RetryBudget::KIND,
        sliding_window_counter::SlidingWindowCounter::KIND,
        sre_throttle::SreThrottle::KIND,
        sync_backoff::SyncBackoff::KIND,
        token_bucket::TokenBucket::KIND,
    ];

    /// The kind of that name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|kind| kind.name == name)
    }

    /// Compares, with some parameters in place of their defaults.
    ///
    /// A value is read as TOML where it is TOML, and as text otherwise. The lists of
    /// `sim/tests/data/analytic.json` can be given as they are, and its names too.
    ///
    /// # Errors
    ///
    /// If it has no such parameter, or a value is of another type or out of range.
    pub fn verify(&self, overrides: &[(String, String)]) -> Result<Verdict, TruthError> {
        let mut parameters = Table::new();
        for (key, value) in overrides {
            parameters.insert(key.clone(), read(value));
        }
        let (parameters, checks) = (self.verify)(parameters)?;
        let (kind, formula) = (self.name.to_owned(), self.formula.to_owned());
        Ok(Verdict { kind, formula, source: self.source.to_owned(), parameters, checks })
    }
}

impl Verdict {
    /// Whether every check holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(Check::holds)
    }
}

impl Check {
    /// Whether the two numbers are within the tolerance.
    #[must_use]
    pub fn holds(&self) -> bool {
        (self.measured - self.expected).abs() <= self.tolerance
    }
}

impl Check {
    fn new(what: impl Into<String>, expected: f64, measured: f64, tolerance: f64) -> Self {
        Self { what: what.into(), expected, measured, tolerance }
    }

    /// Of counts, which must be the same.
    fn exact(what: impl Into<String>, expected: f64, measured: f64) -> Self {
        Self::new(what, expected, measured, 0.0)
    }
}

/// TOML where it is TOML; text otherwise.
fn read(value: &str) -> Value {
    let table = toml::from_str::<Table>(&format!("value = {value}")).ok();
    table
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()))
}

/// Reads a number where a list of one is meant.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a number or a list of numbers")]
    enum OneOrMore {
        One(f64),
        More(Vec<f64>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(number) => vec![number],
        OneOrMore::More(numbers) => numbers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_sorted_and_say_where_they_are_from() {
        assert!(Kind::ALL.is_sorted_by_key(|kind| kind.name));
        for kind in Kind::ALL {
            assert!(!kind.formula.is_empty() && !kind.source.is_empty(), "{}", kind.name);
        }
    }

    #[test]
    fn a_number_that_is_not_one_does_not_hold() {
        assert!(Check::exact("", 1.0, 1.0).holds());
        assert!(!Check::exact("", 1.0, 1.1).holds());
        assert!(!Check::new("", 1.0, f64::NAN, 1.0).holds());
    }
}

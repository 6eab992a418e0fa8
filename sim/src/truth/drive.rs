//! Runs that the kinds share.

use forbear_core::spec::PolicySpec;
use forbear_core::{Cost, Decision, InvalidConfig, Limiter, Rate, Timestamp};

use super::TruthError;
use crate::scenario::{NamedPolicy, Scenario};
use crate::server::{Limit, Opening};
use crate::simulation::{Run, Simulation};

/// No time on the network to speak of, so that the server's time is the client's.
pub(super) const NEAR: &str = "[network]\nround_trip = \"2ns\"\n";

/// One send a call, whatever comes of it.
pub(super) const ONCE: &str = "max_attempts = 1\nbudget = \"none\"\n";

/// Admissions that are counted at most, for the time that it takes.
pub(super) const ADMISSIONS: f64 = 2e6;

/// A scenario of which only these tables matter.
pub(super) fn scenario(tables: &str) -> Result<Scenario, TruthError> {
    let head = "name = \"truth\"\ntitle = \"\"\ndescription = \"\"\n\
        horizon = \"18000000000s\"\ntimer = \"0\"\n";
    Ok(Scenario::parse(&format!("{head}{tables}"), &[])?)
}

/// The run of a scenario under a policy with this `[retry]` table, and this text after
/// it.
pub(super) fn run(tables: &str, retry: &str, seed: u64) -> Result<Run, TruthError> {
    let scenario = scenario(tables)?;
    let policy = policy(retry)?;
    checked(Simulation::new(&scenario, policy.policy()).seed(seed))
}

/// A run, send by send, that is held to its rules.
pub(super) fn checked(simulation: Simulation<'_>) -> Result<Run, TruthError> {
    let mut run = simulation.traced().checked().run();
    run.violation.take().map_or(Ok(run), |violation| Err(TruthError::broken(violation)))
}

/// A policy with this `[retry]` table, and the tables after it.
pub(super) fn policy(retry: &str) -> Result<NamedPolicy, TruthError> {
    let spec: PolicySpec =
        toml::from_str(&format!("[retry]\n{retry}")).map_err(TruthError::parameters)?;
    Ok(NamedPolicy::new(spec, "truth")?)
}

/// The first limit of a server, as the simulator has it.
pub(super) fn server_limit(table: &str) -> Result<Limit, TruthError> {
    let tables =
        format!("[clients]\n[arrivals]\nkind = \"burst\"\n[server]\n[[server.limit]]\n{table}");
    let scenario = scenario(&tables)?;
    let limit = scenario.server().limits().first();
    Ok(Limit::new(limit.expect("the table is a limit, or it would not have been read")))
}

/// A request comes to a limit of the server; when it may come again if it is refused.
pub(super) fn ask_server(limit: &mut Limit, now: u64) -> Result<(), u64> {
    match limit.opening(now, &Cost::REQUEST) {
        Opening::Now => {
            limit.take(now, &Cost::REQUEST);
            Ok(())
        }
        Opening::At(time) => Err(time),
        Opening::Unknown | Opening::Never => Err(u64::MAX),
    }
}

/// The same of a limiter of a policy.
pub(super) fn ask_limiter(limiter: &mut impl Limiter, now: u64) -> Result<(), u64> {
    match limiter.acquire(Timestamp::from_nanos(now), &Cost::REQUEST) {
        Decision::Admit => Ok(()),
        Decision::WaitUntil(time) => Err(time.as_nanos()),
        Decision::WaitForCompletion | Decision::Refuse(_) => Err(u64::MAX),
    }
}

/// When a client gets in that asks as soon as it may, until `end`, in ns.
pub(super) fn greedy(end: u64, mut ask: impl FnMut(u64) -> Result<(), u64>) -> Vec<u64> {
    let (mut now, mut admitted) = (0, Vec::new());
    while now <= end {
        match ask(now) {
            Ok(()) => admitted.push(now),
            Err(time) => now = time.max(now + 1),
        }
    }
    admitted
}

/// `per_s` a second.
pub(super) fn rate(per_s: f64) -> Result<Rate, InvalidConfig> {
    format!("{per_s:.6}/s").parse()
}

/// Seconds as a duration of a file, to the nearest nanosecond.
pub(super) fn seconds_text(seconds: f64) -> String {
    format!("{}ns", whole_ns(seconds))
}

/// Seconds as nanoseconds, to the nearest.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
pub(super) fn whole_ns(seconds: f64) -> u64 {
    (seconds * 1e9 + 0.5) as u64
}

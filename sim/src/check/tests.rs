//! Each rule is broken by a mutant: of the facts of a true run, of a server, of a policy.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use forbear_core::spec::PolicySpec;
use forbear_core::{Completion, Decision, Limiter, Outcome};

use super::*;
use crate::probe::Probe;
use crate::scenario::NamedPolicy;
use crate::world::{Ended, World};

const STORM: &str = r#"
name = "test"
title = ""
description = ""
horizon = "10m"
[clients]
count = 2
calls = 10
timeout = "1s"
[arrivals]
kind = "burst"
[network]
round_trip = "40ms"
[server]
service = "100ms"
[[server.limit]]
kind = "token_bucket"
rate = "5/s"
burst = 4
[[server.limit]]
kind = "concurrency"
max = 4
[[fault]]
from = "2s"
restart = 1.0
"#;

const OBEDIENT: &str = r#"
[retry]
max_attempts = "none"
budget = "none"
backoff = { kind = "exponential", base = "100ms", max = "5s", jitter = "full" }
"#;

fn storm(text: &str) -> (Scenario, Storm) {
    let scenario = Scenario::parse(text, &[]).unwrap();
    let storm = Storm::new(&scenario, 1);
    (scenario, storm)
}

fn policy(text: &str) -> Policy {
    let spec: PolicySpec = toml::from_str(text).unwrap();
    NamedPolicy::new(spec, "test").unwrap().policy().clone()
}

/// A run of `server` under `policy`, held to what `scenario` and `promised` say.
fn run(server: &str, policy: &Policy, scenario: &str, promised: &Policy) -> Ended {
    let (scenario, storm) = storm(scenario);
    let server = Scenario::parse(server, &[]).unwrap();
    let probe = Probe::checking(Checker::new(&scenario, &storm, promised, None));
    let tally = Tally::new(false, false);
    let world =
        World::new(&server, &storm, policy, None, 1, tally).watched_by(Some(Box::new(probe)));
    world.run(&AtomicBool::new(false)).unwrap()
}

/// The violation of such a run.
fn violation(server: &str, policy: &Policy, promised: &Policy) -> Option<Violation> {
    run(server, policy, STORM, promised).probe.unwrap().checker.unwrap().into_violation()
}

/// The facts of a true run, in which nothing is broken.
fn facts() -> Vec<(Instant, Fact)> {
    let policy = policy(OBEDIENT);
    let probe = run(STORM, &policy, STORM, &policy).probe.unwrap();
    assert!(!probe.is_broken());
    assert!(probe.log.iter().any(|(_, fact)| matches!(fact, Fact::Restarted { .. })));
    probe.log
}

/// What a checker says of these facts.
fn judge(facts: &[(Instant, Fact)]) -> Option<Violation> {
    let (scenario, storm) = storm(STORM);
    let mut checker = Checker::new(&scenario, &storm, &policy(OBEDIENT), None);
    let mut latest = Instant { event: 0, at: 0 };
    for (when, fact) in facts {
        checker.note(*when, fact);
        checker.step(*when);
        latest = *when;
    }
    let mut tally = Tally::new(false, false);
    tally.calls = checker.begun;
    tally.sends = checker.sends;
    tally.answers = checker.answers;
    tally.succeeded = checker.succeeded;
    tally.failed = checker.failed;
    checker.finish(latest, &tally);
    checker.into_violation()
}

/// Breaks the rule, in words with `says`, at the event of the mutated fact if it says so.
#[track_caller]
fn breaks(facts: &[(Instant, Fact)], rule: Rule, says: &str) -> Violation {
    let violation = judge(facts).expect("the mutant survives");
    assert_eq!(violation.rule(), rule, "{violation}");
    assert!(violation.what().contains(says), "{violation}");
    violation
}

/// The place of a fact like this.
fn find(facts: &[(Instant, Fact)], is_it: impl Fn(&Fact) -> bool) -> usize {
    facts.iter().position(|(_, fact)| is_it(fact)).expect("there is such a fact")
}

#[test]
fn the_facts_of_a_true_run_break_nothing() {
    assert_eq!(judge(&facts()), None);
}

type Is = fn(&Fact) -> bool;

#[test]
fn each_fact_that_is_left_out_or_told_twice_is_missed_or_noticed() {
    let facts = facts();
    let kinds: [(&str, Is); 5] = [
        ("sent", |fact| matches!(fact, Fact::Sent { .. })),
        ("answered", |fact| matches!(fact, Fact::Answered { .. })),
        ("ended", |fact| matches!(fact, Fact::Ended { .. })),
        ("wanted", |fact| matches!(fact, Fact::Wanted { .. })),
        ("permitted", |fact| matches!(fact, Fact::Permitted { .. })),
    ];
    for (name, is_it) in kinds {
        let at = find(&facts, is_it);
        let mut without = facts.clone();
        without.remove(at);
        assert!(judge(&without).is_some(), "a {name} that is left out is not missed");
        let mut twice = facts.clone();
        twice.insert(at, facts[at]);
        let violation = judge(&twice).unwrap_or_else(|| panic!("{name} twice is not noticed"));
        assert_eq!(
            (violation.event(), violation.at.as_nanos()),
            (facts[at].0.event, facts[at].0.at)
        );
    }
}

#[test]
fn a_send_without_a_permit_is_named_with_its_event_and_time() {
    let mut facts = facts();
    let at = find(&facts, |fact| matches!(fact, Fact::Permitted { .. }));
    let (when, _) = facts.remove(at);
    let violation = breaks(&facts, Rule::Permit, "was sent, and it was waiting");
    assert_eq!((violation.event(), violation.at().as_nanos()), (when.event, when.at));
    let text = format!("event {}, at {:?}, breaks", when.event, Duration::from_nanos(when.at));
    assert!(violation.to_string().starts_with(&text), "{violation}");
}

#[test]
fn a_retry_a_nanosecond_before_its_delay_is_over_is_noticed() {
    let mut facts = facts();
    let waits = |fact: &Fact| {
        matches!(fact, Fact::Waits { reason: WaitReason::Backoff | WaitReason::ServerHint, .. })
    };
    let at = find(&facts, waits);
    let Fact::Waits { call, until: Some(until), .. } = facts[at].1 else { unreachable!() };
    let sends =
        |fact: &Fact| matches!(fact, Fact::Sent { call: sent, attempt: 2 } if *sent == call);
    let sent = find(&facts, sends);
    for entry in &mut facts[sent - 1..=sent] {
        entry.0.at = until.as_nanos() - 1;
    }
    breaks(&facts[..=sent], Rule::Permit, "was sent 1ns before its delay was over");
}

#[test]
fn time_that_goes_back_is_noticed() {
    let mut facts = facts();
    let middle = facts.len() / 2;
    let mut late = facts.clone();
    facts[middle].0.at = 0;
    breaks(&facts, Rule::Time, "it is 0ns, and was");
    let last = late.len() - 1;
    late[last].0.at = 600_000_000_001;
    breaks(&late, Rule::Time, "and the run ends at 600s");
}

#[test]
fn a_report_that_counts_otherwise_is_noticed() {
    let policy = policy(OBEDIENT);
    let mut ended = run(STORM, &policy, STORM, &policy);
    let mut checker = ended.probe.take().unwrap().checker.unwrap();
    assert!(!checker.is_broken());
    ended.tally.sends += 1;
    checker.finish(Instant { event: ended.events, at: 0 }, &ended.tally);
    let violation = checker.into_violation().unwrap();
    assert_eq!(violation.rule(), Rule::Conservation);
    assert!(violation.what().contains("sends are reported"), "{violation}");
}

#[test]
fn a_server_that_lets_in_one_too_many_is_noticed() {
    let policy = policy(OBEDIENT);
    for (from, to, says) in [
        ("burst = 4", "burst = 5", "the token bucket of 4 requests has let in 5"),
        ("rate = \"5/s\"", "rate = \"50/s\"", "the token bucket of 4 requests has let in 5"),
        ("max = 4", "max = 5", "the slots for 4 requests has let in 5"),
    ] {
        // Only the limit in question binds.
        let other = if from == "max = 4" { "burst = 4" } else { "max = 4" };
        let plain = STORM.replace(other, &other.replace('4', "100"));
        let faulty = plain.replace(from, to);
        assert_ne!(plain, faulty);
        let probe = run(&faulty, &policy, &plain, &policy).probe.unwrap();
        let violation = probe.checker.unwrap().into_violation().expect(says);
        assert_eq!(violation.rule(), Rule::Envelope, "{violation}");
        assert!(violation.what().contains(says), "{violation}");
        let honest = run(&plain, &policy, &plain, &policy).probe.unwrap();
        assert!(!honest.is_broken());
    }
}

#[test]
fn windows_that_let_in_one_too_many_are_noticed() {
    let policy = policy(OBEDIENT);
    for kind in ["fixed_window", "sliding_window"] {
        let limit = format!("kind = \"{kind}\"\nlimit = 3\nwindow = \"1s\"");
        let plain = STORM.replace("kind = \"token_bucket\"\nrate = \"5/s\"\nburst = 4", &limit);
        let honest = run(&plain, &policy, &plain, &policy).probe.unwrap();
        assert!(!honest.is_broken(), "{kind}");
        let faulty = plain.replace("limit = 3", "limit = 4");
        let probe = run(&faulty, &policy, &plain, &policy).probe.unwrap();
        let violation = probe.checker.unwrap().into_violation().expect(kind);
        assert_eq!(violation.rule(), Rule::Envelope, "{violation}");
    }
}

#[test]
fn a_client_that_comes_before_the_hint_is_noticed_where_the_policy_promises_to_wait() {
    let obedient = policy(OBEDIENT);
    let hasty = policy(&OBEDIENT.replace("budget", "hint = \"none\"\nbudget"));
    let broken = violation(STORM, &hasty, &obedient).expect("the mutant survives");
    assert_eq!(broken.rule(), Rule::Hint, "{broken}");
    assert!(broken.what().contains("before the wait was over that the server had"), "{broken}");
    // Who promises nothing breaks nothing, and who promises for one call may send another.
    assert_eq!(violation(STORM, &hasty, &hasty), None);
    let unshared = policy(&OBEDIENT.replace("budget", "hint = { shared = false }\nbudget"));
    assert_eq!(violation(STORM, &unshared, &unshared), None);
    let broken = violation(STORM, &unshared, &obedient).expect("the mutant survives");
    assert_eq!(broken.rule(), Rule::Hint, "{broken}");
    let broken = violation(STORM, &hasty, &unshared).expect("the mutant survives");
    assert_eq!(broken.rule(), Rule::Hint, "{broken}");
}

/// One at a time, and forgets after 50 ms that there is one.
#[derive(Clone, Debug, Default)]
struct Forgetful(Option<Timestamp>);

impl Limiter for Forgetful {
    fn check(&self, now: Timestamp, _: &Cost) -> Decision {
        match self.0 {
            Some(at) if now.since(at) < Duration::from_millis(50) => Decision::WaitForCompletion,
            _ => Decision::Admit,
        }
    }

    fn commit(&mut self, now: Timestamp, _: &Cost) {
        self.0 = Some(now);
    }

    fn observe(&mut self, _: Timestamp, _: &Completion<'_>) {
        self.0 = None;
    }

    fn name(&self) -> &'static str {
        "forgetful"
    }
}

/// Waits for the end of another request, whether there is one or not.
#[derive(Clone, Debug)]
struct Stuck;

impl Limiter for Stuck {
    fn check(&self, _: Timestamp, _: &Cost) -> Decision {
        Decision::WaitForCompletion
    }

    fn commit(&mut self, _: Timestamp, _: &Cost) {}

    fn observe(&mut self, _: Timestamp, _: &Completion<'_>) {}
}

#[test]
fn a_limiter_that_breaks_its_word_is_noticed() {
    // Who is parked gives up at its deadline, and the next in line asks with no answer since.
    let server = STORM.replace("kind = \"burst\"", "kind = \"poisson\"\nrate = \"70/s\"");
    let deadline = Duration::from_millis(60);
    let forgetful =
        Policy::builder().deadline(deadline).limit(Forgetful::default()).build().unwrap();
    let probe = run(&server, &forgetful, &server, &forgetful).probe.unwrap();
    let broken = probe.checker.unwrap().into_violation().expect("the mutant survives");
    assert_eq!(broken.rule(), Rule::Permit, "{broken}");
    let says = "the limiter forgetful had said not before another call ends";
    assert!(broken.what().contains(says), "{broken}");
    let stuck = Policy::builder().limit(Stuck).build().unwrap();
    let broken = violation(STORM, &stuck, &stuck).expect("the mutant survives");
    assert_eq!(broken.rule(), Rule::Permit, "{broken}");
    assert!(broken.what().contains("and none is under way"), "{broken}");
}

#[test]
fn an_answer_is_no_success_unless_it_says_so() {
    let mut facts = facts();
    let succeeded = |fact: &Fact| matches!(fact, Fact::Answered { outcome: Outcome::Success, .. });
    let at = find(&facts, succeeded);
    if let Fact::Answered { outcome, .. } = &mut facts[at].1 {
        *outcome = Outcome::Transient;
    }
    breaks(&facts, Rule::Conservation, "succeeded without an answer that says so");
}

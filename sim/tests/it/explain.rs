//! Clients with a queue: all wait for their turns but one, which waits for the limiter.

use forbear_core::Timestamp;
use forbear_sim::explain::{Moment, Opinion, Reason, What};
use forbear_sim::{Scenario, Simulation};

const POLICIES: [&str; 2] = ["lanes", "tenants"];

/// Fifty tenants with as many calls, and the people who go before them.
fn storm() -> Scenario {
    let fewer = [("clients.calls".to_owned(), "200".to_owned())];
    let shipped = Scenario::named("tenant-batch").expect("it is shipped");
    Scenario::parse(shipped.text(), &fewer).expect("it is a key of it")
}

fn simulation<'a>(scenario: &'a Scenario, policy: &str) -> Simulation<'a> {
    let policies = scenario.policies();
    let policy = policies.iter().find(|named| named.name() == policy).expect("it has it");
    Simulation::of(scenario, policy)
}

fn count(moment: &Moment, is_meant: impl Fn(Reason) -> bool) -> u64 {
    let groups = moment.waiting.iter().filter(|group| is_meant(group.reason));
    groups.map(|group| group.count).sum()
}

#[test]
fn one_call_of_a_queue_has_the_turn_and_the_others_wait_for_theirs() {
    let scenario = storm();
    for policy in POLICIES {
        let (mut waited, mut held) = (0, 0);
        for ms in (100..1_500).step_by(97) {
            let at = Timestamp::from_nanos(ms * 1_000_000 + 50_000);
            let moment = simulation(&scenario, policy).moment(at);
            let turn = count(&moment, |reason| reason == Reason::Limiter("gcra"));
            let line = count(&moment, |reason| reason == Reason::Line);
            assert_eq!(turn + line, moment.calls.waiting, "{policy} at {ms} ms: {moment:?}");
            assert_eq!(turn, u64::from(moment.calls.waiting > 0), "{policy} at {ms} ms");
            waited += line;

            // Each part once, for one process has the queue of all.
            let said: Vec<(&str, u64)> =
                moment.limiters.iter().map(|says| (says.limiter, says.clients)).collect();
            assert_eq!(said, [("gcra", 1), ("cooldown", 1)], "{policy} at {ms} ms");
            // Between two ticks of the timer it may let one in that is asked for at the next.
            held += u64::from(moment.limiters[0].says == Opinion::Waits);
        }
        assert!(waited > 1_000 && held > 3, "{policy}: {waited} {held}");
    }
}

#[test]
fn a_call_waits_for_its_turn_and_then_for_the_limiter() {
    let scenario = storm();
    for policy in POLICIES {
        // Of the last tenant, whose calls have many before them.
        let timeline = simulation(&scenario, policy).timeline(9_990).unwrap();
        let waits: Vec<(Reason, u32)> = timeline
            .entries
            .iter()
            .filter_map(|entry| match entry.what {
                What::Waits { reason, ahead, .. } => Some((reason, ahead)),
                _ => None,
            })
            .collect();
        let [(Reason::Line, ahead), rest @ ..] = &waits[..] else {
            panic!("{policy}: {timeline:?}");
        };
        assert!(*ahead > 0, "{policy}: {timeline:?}");
        assert_eq!(rest.last(), Some(&(Reason::Limiter("gcra"), 0)), "{policy}: {timeline:?}");
    }
}

#[test]
fn a_run_that_is_told_of_is_the_same() {
    let scenario = storm();
    for policy in POLICIES {
        let end = Timestamp::from_nanos(60_000_000_000);
        let moment = simulation(&scenario, policy).moment(end);
        let run = simulation(&scenario, policy).checked().run();
        assert_eq!(run.violation, None);
        assert_eq!(moment.events, run.result.events);
        assert_eq!(moment.calls.succeeded, run.result.metrics.succeeded);
    }
}

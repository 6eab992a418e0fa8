//! Recorded answers, given once more.

use std::time::Duration;

use forbear_sim::replay::{Recording, Wanted};
use forbear_sim::{Scenario, Simulation};

use super::{CROWD, PATIENT, finds, recorded};
use crate::support::{policy, scenario};

/// Retries at times that no luck decides.
const ON_TIME: &str = "[retry]\nmax_attempts = \"none\"\ndeadline = \"none\"\nbudget = \"none\"\n\
     hint = \"none\"\nbackoff = { kind = \"exponential\", base = \"300ms\", max = \"60s\" }\n";

#[test]
fn recorded_answers_are_given_once_more_while_a_call_does_what_it_did() {
    let limit = "[[server.limit]]\nkind = \"token_bucket\"\nrate = \"10/s\"\nburst = 20\n";
    let trace = recorded(&scenario(&format!("{CROWD}{limit}")), ON_TIME);
    let recording = Recording::read(&trace[..]).unwrap();
    let within = Duration::from_millis(200);
    let exact = recording.derive(&Wanted::new("calls").exact(within)).unwrap();
    finds(&exact, "an attempt is answered as it was recorded as long as it and all before it");
    assert!(exact.scenario.text().contains("within = \"200ms\""));
    // The file says all of it.
    let again = Scenario::parse(exact.scenario.text(), &[]).unwrap();
    assert_eq!(again.hash(), exact.scenario.hash());
    let run = |scenario: &Scenario, text: &str| {
        Simulation::new(scenario, policy(text).policy()).traced().checked().run()
    };
    // The policy that was recorded meets what it met, to the last send.
    let same = run(&exact.scenario, ON_TIME);
    assert_eq!(same.violation, None);
    let metrics = &same.result.metrics;
    assert_eq!(same.result.repeated, Some(exact.recorded.sends), "{metrics:?}");
    assert_eq!(metrics.sends, exact.recorded.sends);
    assert_eq!(metrics.throttled, exact.recorded.throttled);
    assert_eq!(metrics.succeeded, exact.recorded.succeeded);
    // Another one has the first answers, and from then on those of the model.
    let other = run(&exact.scenario, PATIENT);
    assert_eq!(other.violation, None);
    let repeated = other.result.repeated.unwrap();
    let metrics = &other.result.metrics;
    assert!((200..metrics.sends).contains(&repeated), "{repeated} of {}", metrics.sends);
    assert_eq!(metrics.succeeded, 200);
    // Without it every answer is the model's.
    let model = recording.derive(&Wanted::new("calls")).unwrap();
    assert_eq!(run(&model.scenario, ON_TIME).result.repeated, None);
}

#[test]
fn lists_of_recorded_answers_must_fit() {
    let answers = |status: &str| {
        format!(
            "name = \"t\"\ntitle = \"\"\ndescription = \"\"\nhorizon = \"1h\"\n[clients]\ncalls = 2\n\
             [arrivals]\nkind = \"recorded\"\nat_ns = [0, 5]\n[arrivals.answers]\nwithin = \"1s\"\n\
             at_ns = [[9], []]\nworked_ns = [[1], []]\nwait_ns = [[0], []]\nstatus = {status}\n[server]\n"
        )
    };
    assert!(Scenario::parse(&answers("[[200], []]"), &[]).is_ok());
    for (status, message) in [
        ("[[200]]", "must be of one length for each call"),
        ("[[200, 429], []]", "must be of one length for each call"),
        ("[[99], []]", "status is 99, must be 100 to 599"),
    ] {
        let error = Scenario::parse(&answers(status), &[]).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::driver::queue::{Answered, SharedQueue};
use forbear_core::limiter::Concurrency;
use forbear_core::queue::{JobState, QueueConfig, Withdrawal};
use forbear_core::{
    Beyond, Decision, GiveUp, HintRule, Observation, Outcome, Policy, RetryBudget, StopReason,
    WaitReason,
};
use tokio::time::{Instant, timeout};

use super::{One, limited, patient};
use crate::support::{at, ms};

const TRANSIENT: Observation = Observation::new(Outcome::Transient);

fn gave_up(answered: Answered<&'static str>) -> (&'static str, GiveUp, u32) {
    match answered {
        Answered::GaveUp(failed) => (failed.payload, failed.why, failed.attempts),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_at_its_old_place_with_what_happened_before() {
    let one = One::new(&limited(Concurrency::new(1).unwrap()));
    one.push(&["a", "b", "c"]);
    let turn = one.queue.next().await.unwrap();
    assert_eq!((*turn.payload(), turn.attempt(), turn.history().len()), ("a", 1, 0));
    let id = turn.id();
    let Answered::Again(again) = turn.answer(&TRANSIENT) else { panic!("it may be retried") };
    assert_eq!((again.id, again.wait.delay), (id, Some(ms(100))));
    assert!(matches!(one.queue.state(id), Some(JobState::Hidden(time)) if time == at(100)));
    let b = one.queue.next().await.unwrap();
    assert_eq!(*b.payload(), "b");
    tokio::time::sleep(ms(100)).await;
    assert!(matches!(b.answer(Observation::SUCCESS), Answered::Done("b")));
    let a = one.queue.next().await.unwrap();
    assert_eq!((*a.payload(), a.attempt(), a.id()), ("a", 2, id), "before c");
    let past = a.history().last().unwrap();
    assert_eq!((past.number, past.outcome), (1, Outcome::Transient));
    assert_eq!(past.wait.unwrap().to_string(), "100ms for its backoff");
    assert_eq!(a.waited(), ms(100));
    assert_eq!(a.complete(), "a");
}

#[tokio::test(start_paused = true)]
async fn one_jobs_wait_holds_its_scope_back_and_no_other() {
    let one = One::new(&patient().build().unwrap());
    let other = one.queue.add_policy("other", &patient().build().unwrap());
    one.push(&["a", "b"]);
    one.queue.push(forbear_core::queue::Job::new(other, one.tenant, "elsewhere")).unwrap();
    let a = one.queue.next().await.unwrap();
    let refused = Observation::throttled(Some(Duration::from_secs(7)));
    let Answered::Again(again) = a.answer(&refused) else { panic!("it may be retried") };
    assert_eq!(again.wait.reason, WaitReason::ServerHint);
    let begin = Instant::now();
    let elsewhere = one.queue.next().await.unwrap();
    assert_eq!((*elsewhere.payload(), begin.elapsed()), ("elsewhere", Duration::ZERO));
    assert!(timeout(ms(1), one.queue.next()).await.is_err());
    let stalls: Vec<_> = one.queue.stalls().iter().map(ToString::to_string).collect();
    assert_eq!(stalls, ["api waits for its cooldown, which opens at t+7s"]);
    let said = one.queue.verdicts(one.scope);
    let opens = said.iter().find(|(name, _)| *name == "cooldown").map(|&(_, says)| says);
    assert_eq!(opens, Some(Decision::WaitUntil(at(7000))), "{said:?}");
    assert!(one.queue.verdicts(other).iter().all(|(_, says)| says.is_admit()));
    let again = one.queue.next().await.unwrap();
    assert_eq!((*again.payload(), again.attempt()), ("a", 2));
    assert_eq!(begin.elapsed(), Duration::from_secs(7));
    // Reopened one by one: the next goes when this one is known to have gone well.
    assert_eq!(one.queue.stalls().len(), 1);
    again.complete();
    assert_eq!(*one.queue.next().await.unwrap().payload(), "b");
}

#[tokio::test(start_paused = true)]
async fn the_policy_says_when_a_job_is_given_up() {
    let one = One::new(&patient().max_attempts(2).build().unwrap());
    one.push(&["a"]);
    let turn = one.queue.next().await.unwrap();
    assert!(matches!(turn.answer(&TRANSIENT), Answered::Again(_)));
    let Answered::GaveUp(failed) = one.queue.next().await.unwrap().answer(&TRANSIENT) else {
        panic!("that was the second of two");
    };
    assert_eq!(failed.why, GiveUp::Stopped(StopReason::MaxAttempts(2)));
    assert_eq!((failed.payload, failed.attempts, failed.history.len()), ("a", 2, 2));
    assert_eq!(failed.history.last().unwrap().sent_at, ms(100));

    one.push(&["b"]);
    let answer = one.queue.next().await.unwrap().answer(&Observation::new(Outcome::Permanent));
    assert_eq!(gave_up(answer), ("b", GiveUp::NotRetryable(Outcome::Permanent), 1));
    one.push(&["c"]);
    let mut turn = one.queue.next().await.unwrap();
    turn.forbid_repeat();
    assert_eq!(gave_up(turn.answer(&TRANSIENT)).1, GiveUp::NotRepeatable(Outcome::Transient));
    one.queue.drain();
    assert!(one.queue.next().await.is_none());
    assert_eq!(one.queue.tally().completed, 3);
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_that_of_the_scope_and_gets_back_what_is_not_sent() {
    let budget = RetryBudget::new(0.0, 1).unwrap();
    let one = One::new(&patient().budget(budget).build().unwrap());
    one.push(&["a", "b", "c"]);
    let a = one.queue.next().await.unwrap();
    let id = a.id();
    assert!(matches!(a.answer(&TRANSIENT), Answered::Again(_)));
    let b = one.queue.next().await.unwrap();
    assert_eq!(gave_up(b.answer(&TRANSIENT)).1, GiveUp::BudgetExhausted);
    // The one retry is not made after all, so another may be.
    assert_eq!(one.queue.cancel(id), Some("a"));
    let c = one.queue.next().await.unwrap();
    assert!(matches!(c.answer(&TRANSIENT), Answered::Again(_)));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_cap_ends_the_job_and_holds_the_others() {
    let hint = HintRule::new(Duration::from_secs(5), Beyond::Stop).unwrap();
    let one = One::new(&patient().hint(hint).build().unwrap());
    one.push(&["a", "b"]);
    let a = one.queue.next().await.unwrap();
    let (_, why, _) = gave_up(a.answer(&Observation::throttled(Some(Duration::from_secs(6)))));
    assert_eq!(why, GiveUp::HintBeyondCap { opens_at: at(6000) });
    let begin = Instant::now();
    assert_eq!(*one.queue.next().await.unwrap().payload(), "b");
    assert_eq!(begin.elapsed(), Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn no_retry_is_scheduled_past_the_deadline_of_its_job() {
    let one = One::new(&patient().build().unwrap());
    one.queue.push(one.job("a").deadline(at(150))).unwrap();
    let Answered::Again(_) = one.queue.next().await.unwrap().answer(&TRANSIENT) else {
        panic!("100 ms are before 150");
    };
    let turn = one.queue.next().await.unwrap();
    let why = gave_up(turn.answer(&TRANSIENT)).1;
    assert_eq!(why, GiveUp::Stopped(StopReason::Until(at(150))));
}

type Noted = Arc<Mutex<Vec<(&'static str, Withdrawal)>>>;

/// A queue that notes which jobs were removed.
fn noting(policy: &Policy) -> (One, Noted) {
    let removed = Arc::new(Mutex::new(Vec::new()));
    let queue = SharedQueue::builder(QueueConfig::new()).seeded(1).on_removed({
        let removed = Arc::clone(&removed);
        move |job| removed.lock().unwrap().push((job.payload, job.why))
    });
    (One::of(queue.build(), policy), removed)
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_misses_the_deadline_of_its_policy_is_removed_and_told_of() {
    let (one, removed) = noting(
        &Policy::builder()
            .deadline(ms(500))
            .no_budget()
            .backoff(Constant::new(ms(100)))
            .limit(Concurrency::new(1).unwrap())
            .build()
            .unwrap(),
    );
    one.push(&["a", "b"]);
    assert!(matches!(one.queue.next().await.unwrap().answer(&TRANSIENT), Answered::Again(_)));
    let b = one.queue.next().await.unwrap();
    tokio::time::sleep(ms(500)).await;
    b.complete();
    one.queue.drain();
    assert!(one.queue.next().await.is_none());
    assert_eq!(*removed.lock().unwrap(), [("a", Withdrawal::Expired)]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_gives_its_job_back_until_its_attempts_are_used_up() {
    let (one, removed) =
        noting(&patient().max_attempts(3).limit(Concurrency::new(1).unwrap()).build().unwrap());
    one.push(&["poison", "next"]);
    for attempt in 1..=3 {
        let turn = one.queue.next().await.unwrap();
        assert_eq!((*turn.payload(), turn.attempt()), ("poison", attempt));
        drop(turn);
    }
    assert_eq!(*removed.lock().unwrap(), [("poison", Withdrawal::Abandoned)]);
    assert_eq!(*one.queue.next().await.unwrap().payload(), "next");
    drop(one.queue.next());
    assert_eq!(one.queue.tally().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_turn_may_be_taken_back_or_put_off() {
    let one = One::new(&limited(Concurrency::new(1).unwrap()));
    one.push(&["a", "b"]);
    one.queue.next().await.unwrap().retract();
    assert_eq!((one.queue.tally().started, one.queue.tally().queued), (0, 2));
    let a = one.queue.next().await.unwrap();
    assert_eq!((*a.payload(), a.attempt()), ("a", 1));
    let seen = Observation::throttled(Some(ms(300)));
    let id = a.retry_after(ms(200), &seen);
    assert!(matches!(one.queue.state(id), Some(JobState::Hidden(time)) if time == at(300)));
    let mut order = Vec::new();
    for _ in 0..2 {
        let mut turn = one.queue.next().await.unwrap();
        *turn.payload_mut() = "changed";
        order.push((turn.attempt(), turn.end(&Observation::new(Outcome::Permanent))));
    }
    assert_eq!(order, [(2, "changed"), (1, "changed")]);
}

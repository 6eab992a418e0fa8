use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::budget::RetryBudget;
use forbear_core::driver::{Attempts, CallOptions, Observer, Verdict, Wait};
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::{GiveUp, Observation, Outcome, Policy, PolicyBuilder, StopReason};
use tokio::time::{Instant, sleep};

use crate::support::{Counted, Failure, ms};

const SECOND: Duration = Duration::from_secs(1);

/// Attempts of 1 s, 2 s apart.
fn builder() -> PolicyBuilder {
    Policy::builder().attempt_timeout(SECOND).backoff(Constant::new(2 * SECOND)).no_budget()
}

fn policy() -> Policy {
    builder().max_attempts(3).build().unwrap()
}

/// An operation that takes so long.
async fn takes(time: Duration) -> Result<(), Failure> {
    sleep(time).await;
    Ok(())
}

/// Says when it is dropped.
struct Guard<'a>(&'a RefCell<Vec<String>>, Instant);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().push(format!("dropped at {:?}", self.1.elapsed()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_dropped_when_its_time_is_over_and_made_again() {
    // Without a limiter the first is sent without being asked for, with one it is not.
    let limited = builder().max_attempts(3).limit(Concurrency::new(1).unwrap()).build().unwrap();
    for policy in [policy(), limited] {
        let (start, diary) = (Instant::now(), RefCell::new(Vec::new()));
        let call = policy.retry(|| async {
            diary.borrow_mut().push(format!("sent at {:?}", start.elapsed()));
            let _guard = Guard(&diary, start);
            pending::<Result<(), Failure>>().await
        });
        let gave_up = call.await.unwrap_err();
        assert_eq!(start.elapsed(), 7 * SECOND);
        let told = [
            "sent at 0ns",
            "dropped at 1s",
            "sent at 3s",
            "dropped at 4s",
            "sent at 6s",
            "dropped at 7s",
        ];
        assert_eq!(diary.into_inner(), told);
        assert_eq!(gave_up.reason(), GiveUp::Stopped(StopReason::MaxAttempts(3)));
        let text = "gave up after 3 attempts: all 3 attempts were made; the last one timed out \
                    after 1s";
        assert_eq!(gave_up.to_string(), text);
        assert!(gave_up.last().is_none());
        let lines = "attempt 1 at 0ns: transient failure, timed out after 1s; waits 2s for its \
                     backoff\n\
                     attempt 2 at 3s: transient failure, timed out after 1s; waits 2s for its \
                     backoff\n\
                     attempt 3 at 6s: transient failure, timed out after 1s";
        assert_eq!(gave_up.history().to_string(), lines);
        let seen = policy.statistics();
        assert_eq!((seen.calls, seen.sends, seen.timed_out), (1, 3, 3));
        assert_eq!((seen.gave_up.attempts, seen.in_progress()), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn so_is_one_that_borrows() {
    let (start, diary) = (Instant::now(), RefCell::new(Vec::new()));
    let mut sends = 0;
    let end = policy()
        .retry(async || {
            let _guard = Guard(&diary, start);
            sends += 1;
            if sends < 3 { pending::<Result<u32, Failure>>().await } else { Ok(sends) }
        })
        .lending()
        .await;
    assert_eq!(end.unwrap(), 3);
    assert_eq!(diary.into_inner(), ["dropped at 1s", "dropped at 4s", "dropped at 6s"]);

    let end = policy().retry(async || pending::<Result<(), Failure>>().await).lending().await;
    assert!(end.unwrap_err().to_string().ends_with("; the last one timed out after 1s"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_with_the_time_out_wins() {
    for policy in [policy(), builder().limit(Concurrency::new(1).unwrap()).build().unwrap()] {
        let call = |after| policy.retry(move || takes(after));
        assert!(call(SECOND).await.is_ok());
        assert!(call(SECOND).lending().await.is_ok());
        assert_eq!(policy.statistics().timed_out, 0);
        assert!(call(SECOND + ms(1)).max_attempts(1).await.is_err());
        assert!(call(SECOND + ms(1)).max_attempts(1).lending().await.is_err());
        assert_eq!(policy.statistics().timed_out, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_of_an_attempt_counts_from_its_permit() {
    let policy = builder().limit(Gcra::per("1/min".parse().unwrap())).build().unwrap();
    let start = Instant::now();
    let most = ms(900);
    for minutes in 0..3 {
        let call = policy.retry(|| takes(most));
        call.await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(minutes * 60) + most);
    }
    // After a backoff that is longer than its time, too.
    let sends = Cell::new(0);
    let policy = self::policy();
    let call = policy.retry(|| {
        sends.set(sends.get() + 1);
        let is_first = sends.get() == 1;
        async move {
            sleep(most).await;
            if is_first { Err(Failure::transient()) } else { Ok(()) }
        }
    });
    let begun = Instant::now();
    call.await.unwrap();
    assert_eq!(begun.elapsed(), 2 * most + 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_the_call_is_what_it_was() {
    // The second begins half a second before it, and has its whole time.
    let policy = builder().deadline(ms(3500)).build().unwrap();
    let start = Instant::now();
    let gave_up = policy.retry(pending::<Result<(), Failure>>).await.unwrap_err();
    assert_eq!((gave_up.attempts(), start.elapsed()), (2, 4 * SECOND));
    assert_eq!(gave_up.reason(), GiveUp::Stopped(StopReason::Deadline(ms(3500))));
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_gave_is_the_last_result() {
    let sends = Cell::new(0);
    let policy = policy();
    let call =
        policy.retry(|| {
            sends.set(sends.get() + 1);
            let number = sends.get();
            async move {
                if number == 2 { Err::<(), _>(Failure::throttled(None)) } else { pending().await }
            }
        });
    let gave_up = call.await.unwrap_err();
    assert_eq!(gave_up.attempts(), 3);
    let outcomes = gave_up.history().iter().map(|past| (past.outcome, past.timed_out_after));
    let cut = (Outcome::Transient, Some(SECOND));
    let throttled = (Observation::throttled(None).outcome, None);
    assert_eq!(outcomes.collect::<Vec<_>>(), [cut, throttled, cut]);
    assert_eq!(gave_up.into_error().unwrap().0.outcome, throttled.0);
}

#[tokio::test(start_paused = true)]
async fn only_an_end_by_a_time_out_is_told_as_one() {
    let sends = Cell::new(0);
    let policy = policy();
    let call = policy.retry(|| {
        sends.set(sends.get() + 1);
        let number = sends.get();
        async move { if number == 1 { pending().await } else { Err::<(), _>(Failure::transient()) } }
    });
    let gave_up = call.await.unwrap_err();
    assert_eq!(gave_up.to_string(), "gave up after 3 attempts: all 3 attempts were made");
}

#[tokio::test(start_paused = true)]
async fn the_budget_pays_for_the_retry_and_the_place_is_given_back() {
    let (limiter, counts) = Counted::new(Concurrency::new(1).unwrap());
    let policy =
        builder().budget(RetryBudget::new(0.0, 1).unwrap()).limit(limiter).build().unwrap();
    let hangs = policy.retry(pending::<Result<(), Failure>>);
    let gave_up = hangs.await.unwrap_err();
    assert_eq!((gave_up.attempts(), gave_up.reason()), (2, GiveUp::BudgetExhausted));
    assert_eq!(counts.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_next_in_line_finds_the_attempt_gone() {
    let policy = builder().max_attempts(1).limit(Concurrency::new(1).unwrap()).build().unwrap();
    let in_flight = Rc::new(Cell::new(0));
    struct Place(Rc<Cell<u32>>);
    impl Drop for Place {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }
    let op = || {
        let in_flight = Rc::clone(&in_flight);
        async move {
            in_flight.set(in_flight.get() + 1);
            assert_eq!(in_flight.get(), 1);
            let _place = Place(in_flight);
            pending::<Result<(), Failure>>().await
        }
    };
    let start = Instant::now();
    let (one, other) = tokio::join!(policy.retry(op), policy.retry(op).lending());
    assert!(one.is_err() && other.is_err());
    assert_eq!(start.elapsed(), 2 * SECOND);
}

/// Writes down what it is told.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Observer for Diary {
    fn before_send(&self, call: &Attempts) {
        self.note(format!("send {}", call.sends()));
    }

    fn after(&self, call: &Attempts, seen: &Observation) {
        let took = call.since_send();
        self.note(format!("{}, {:?} of {took:?}", seen.outcome, seen.timed_out_after));
    }

    fn before_wait(&self, _: &Attempts, wait: &Wait) {
        self.note(format!("wait {wait}"));
    }

    fn on_give_up(&self, call: &Attempts, why: GiveUp) {
        self.note(format!("give up after {}: {why}", call.history().len()));
    }
}

#[tokio::test(start_paused = true)]
async fn observers_and_hooks_hear_of_it() {
    let diary = Diary::default();
    let policy = builder().max_attempts(2).observe(diary.clone()).build().unwrap();
    let own = Diary::default();
    let call = policy
        .retry(pending::<Result<(), Failure>>)
        .observe(own.clone())
        .inspect(|_: &Result<(), Failure>| panic!("there is no result"))
        .before_retry(|_, _: &Result<(), Failure>, _| panic!("there is no result"));
    call.await.unwrap_err();
    let told = [
        "send 1",
        "transient failure, Some(1s) of 1s",
        "wait 2s for its backoff",
        "send 2",
        "transient failure, Some(1s) of 1s",
        "give up after 2: all 2 attempts were made",
    ];
    assert_eq!(*diary.0.lock().unwrap(), told);
    assert_eq!(*own.0.lock().unwrap(), told);
}

#[tokio::test(start_paused = true)]
async fn a_call_may_have_another_time_or_none() {
    let policy = policy();
    let call = |time| policy.retry(move || takes(time));
    let start = Instant::now();
    let gave_up = call(SECOND).attempt_timeout(ms(100)).max_attempts(1).await.unwrap_err();
    assert_eq!(
        (gave_up.history().last().unwrap().timed_out_after, start.elapsed()),
        (Some(ms(100)), ms(100))
    );
    assert!(call(90 * SECOND).attempt_timeout(Duration::MAX).await.is_ok());
    assert!(call(5 * SECOND).with(CallOptions::new().attempt_timeout(6 * SECOND)).await.is_ok());

    // At 0 it has to be done at once, as what is polled by Tokio's `timeout`.
    let start = Instant::now();
    let none = call(SECOND).attempt_timeout(Duration::ZERO).max_attempts(1).await;
    assert!(none.unwrap_err().to_string().ends_with("it timed out after 0ns"));
    let at_once = policy.retry(|| async { Ok::<_, Failure>(()) });
    assert!(at_once.attempt_timeout(Duration::ZERO).await.is_ok());
    assert_eq!(start.elapsed(), Duration::ZERO);

    let attempts = policy.attempts_with(&CallOptions::new().attempt_timeout(ms(5)));
    assert_eq!(attempts.attempt_timeout(), Some(ms(5)));
    assert_eq!(policy.attempts().attempt_timeout(), Some(SECOND));
    assert_eq!(Policy::recommended().attempts().attempt_timeout(), None);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_reported_in_a_loop_of_ones_own_keeps_to_the_rules() {
    let policy = policy();
    let mut attempts = policy.attempts();
    attempts.permit().await.unwrap();
    attempts.forbid_repeat();
    let end = attempts.record(&Observation::timed_out(SECOND));
    assert_eq!(end, Verdict::GiveUp(GiveUp::NotRepeatable(Outcome::Transient)));
    assert_eq!(policy.statistics().timed_out, 1);
}

#[tokio::test]
async fn an_attempt_that_uses_up_its_turn_each_time_is_cut_off() {
    let policy = builder().attempt_timeout(ms(20)).max_attempts(1).build().unwrap();
    let hogs = || async {
        loop {
            tokio::task::consume_budget().await;
        }
    };
    let call = policy.retry(move || async move {
        let () = hogs().await;
        Ok::<_, Failure>(())
    });
    assert!(call.await.unwrap_err().to_string().ends_with("it timed out after 20ms"));
}

#[test]
fn a_thread_is_not_cut_off() {
    let slow = || {
        std::thread::sleep(ms(10));
        Ok::<_, Failure>(())
    };
    let policy = builder().attempt_timeout(ms(1)).max_attempts(1).build().unwrap();
    let end = policy.retry(slow).blocking();
    assert!(end.is_ok());
    assert_eq!(policy.statistics().timed_out, 0);
}

#[test]
fn no_time_at_all_is_refused() {
    let error = builder().attempt_timeout(Duration::ZERO).build().unwrap_err();
    assert_eq!(error.to_string(), "attempt_timeout is 0, must be longer than 0");
}

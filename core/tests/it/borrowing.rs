use std::cell::RefCell;
use std::error::Error;
use std::future::pending;
use std::time::Duration;

use forbear_core::backoff::{self, BackoffStrategy, Constant};
use forbear_core::limiter::Concurrency;
use forbear_core::predicate::{any_error, boxed, message};
use forbear_core::stop::{self, MaxAttempts, StopCondition};
use forbear_core::{GiveUp, Policy, Retry, SplitMix64, StopReason};

use crate::support::{Counted, Failure, ms};

type Boxed = Box<dyn Error + Send + Sync>;

fn policy() -> Policy {
    let backoff = Constant::new(Duration::from_secs(1));
    Policy::builder().max_attempts(3).no_deadline().backoff(backoff).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_operation_may_change_what_it_borrows() {
    let mut asked = Vec::new();
    let end = policy()
        .retry(async || {
            asked.push(tokio::time::Instant::now());
            if asked.len() < 3 { Err(Failure::transient()) } else { Ok(asked.len()) }
        })
        .lending()
        .await;
    assert_eq!(end.unwrap(), 3);
    assert_eq!(asked[2] - asked[0], Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn dropped_while_it_lends_it_gives_its_place_back() {
    let (limiter, counts) = Counted::new(Concurrency::new(1).unwrap());
    let policy = Policy::builder().limit(limiter).build().unwrap();
    for _ in 0..3 {
        let call = policy.retry(async || pending::<Result<(), Failure>>().await).lending();
        assert!(tokio::time::timeout(ms(10), call).await.is_err());
        assert_eq!(counts.in_flight(), 0);
    }
    assert_eq!(policy.statistics().gave_up.abandoned, 3);
}

#[tokio::test(start_paused = true)]
async fn each_result_that_is_retried_is_told_with_its_wait_and_no_other() {
    let told = RefCell::new(Vec::new());
    let mut answers = [Err("slow down"), Ok(0), Ok(7)].into_iter();
    let end = policy()
        .retry(|| std::future::ready(answers.next().unwrap()))
        .retry_if(any_error() | forbear_core::predicate::value(|n: &u32| *n == 0))
        .retry_after(|_: &&str| Some(ms(1500)))
        .before_retry(|call, result, wait| {
            told.borrow_mut().push((call.sends(), *result, wait.delay.unwrap()));
        })
        .await;
    assert_eq!(end.unwrap(), 7);
    assert_eq!(told.into_inner(), [(1, Err("slow down"), ms(1500)), (2, Ok(0), ms(1000))]);
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_is_not_told_as_retried() {
    let call = policy()
        .retry(|| async { Err::<(), _>(Failure::transient()) })
        .max_attempts(1)
        .before_retry(|_, _, _| panic!("there is no retry"))
        .inspect(|_| {})
        .await;
    assert_eq!(call.unwrap_err().reason(), GiveUp::Stopped(StopReason::MaxAttempts(1)));
}

#[test]
fn an_error_in_a_box_is_judged_by_what_is_in_it_and_passed_on() {
    fn fails(policy: &Policy) -> Result<(), Boxed> {
        let fatal = !message("fatal") & any_error();
        let call = policy.retry(|| Err::<(), Boxed>("a fatal one".into())).retry_if(boxed(fatal));
        Ok(call.blocking().map_err(|end| end.erased())?)
    }
    let error = fails(&policy()).unwrap_err();
    assert!(error.to_string().starts_with("gave up after 1 attempt: "), "{error}");
    assert_eq!(error.source().unwrap().to_string(), "a fatal one");
    let dynamic: Result<(), Box<dyn Error>> = Err("a fatal one".into());
    assert!(forbear_core::predicate::Predicate::holds(&boxed(message("fatal")), &dynamic));
}

#[test]
fn closures_combine_as_types_do() {
    let linear = || backoff::from_fn(|retry| Duration::from_secs(retry.number.get().into()));
    let sum = linear() + Constant::new(ms(500));
    let mut entropy = SplitMix64::new(0);
    assert_eq!(sum.delays(&mut entropy).nth(1), Some(ms(2500)));
    let late = || stop::from_fn("late", |_, delay| delay > ms(10));
    let both = late() & MaxAttempts::new(2).unwrap();
    assert_eq!(both.stop(&Retry::nth(1), ms(20)), None);
    assert!((late() | late()).stop(&Retry::nth(1), ms(20)).is_some());
}

use std::time::Duration;

use forbear_core::driver::Verdict;
use forbear_core::driver::queue::NoTurn;
use forbear_core::limiter::{Concurrency, Gcra};
use forbear_core::queue::{JobState, Withdrawal};
use forbear_core::{GiveUp, Observation, Outcome, StopReason};
use tokio::time::{Instant, timeout};

use super::{One, limited, patient};
use crate::support::{at, ms};

#[tokio::test(start_paused = true)]
async fn a_caller_waits_for_its_own_turn_among_the_jobs_of_workers() {
    let one = One::new(&limited(Concurrency::new(1).unwrap()));
    one.push(&["first"]);
    let mut place = one.queue.stand(one.job("own")).unwrap();
    one.push(&["last"]);
    assert!(timeout(ms(5), place.turn()).await.is_err(), "a worker has to send the first");
    let first = one.queue.next().await.unwrap();
    assert_eq!(*first.payload(), "first");
    assert!(timeout(ms(5), one.queue.next()).await.is_err(), "no worker gets a caller's job");
    first.complete();
    place.turn().await.unwrap();
    assert_eq!(place.payload(), Some(&"own"));
    assert_eq!(place.answer(Observation::SUCCESS), Verdict::Success);
    assert_eq!(place.into_payload(), Some("own"));
    assert_eq!(*one.queue.next().await.unwrap().payload(), "last");
}

#[tokio::test(start_paused = true)]
async fn a_place_is_kept_over_retries_and_its_history_with_it() {
    let one = One::new(&patient().max_attempts(2).build().unwrap());
    let mut place = one.queue.stand(one.job("own")).unwrap();
    let begin = Instant::now();
    place.turn().await.unwrap();
    assert_eq!(place.answer(&Observation::new(Outcome::Transient)), Verdict::Retry);
    assert!(timeout(ms(50), one.queue.next()).await.is_err(), "nobody else gets it");
    assert!(matches!(place.state(), Some(JobState::Hidden(time)) if time == at(100)));
    place.turn().await.unwrap();
    assert_eq!((place.attempts(), place.waited()), (2, Some(ms(100))));
    assert_eq!(begin.elapsed(), ms(100));
    let why = GiveUp::Stopped(StopReason::MaxAttempts(2));
    assert_eq!(place.answer(&Observation::new(Outcome::Transient)), Verdict::GiveUp(why));
    assert_eq!(place.history().len(), 2);
    assert!(matches!(place.turn().await, Err(NoTurn::Over)));
    assert_eq!((one.queue.is_empty(), one.queue.tally().completed), (true, 1));
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_dropped_leaves_no_hole() {
    let one = One::new(&limited(Gcra::per("10/s".parse().unwrap())));
    let mut places: Vec<_> = (0..4).map(|_| one.queue.stand(one.job("own")).unwrap()).collect();
    let mut last = places.pop().unwrap();
    // One that has its turn, one that waits for it and one that never asked.
    places[0].turn().await.unwrap();
    assert!(timeout(ms(1), places[1].turn()).await.is_err());
    places.clear();
    let begin = Instant::now();
    last.turn().await.unwrap();
    assert!(begin.elapsed() <= ms(100), "{:?}", begin.elapsed());
    let tally = one.queue.tally();
    assert_eq!((tally.completed, tally.cancelled, tally.queued, tally.in_flight), (1, 2, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_place_whose_caller_looks_elsewhere_leaves_the_timer_to_others() {
    let one = One::new(&limited(Gcra::per("10/s".parse().unwrap())));
    let mut first = one.queue.stand(one.job("first")).unwrap();
    first.turn().await.unwrap();
    // It has the timer, and then nobody polls it.
    let mut resting = one.queue.stand(one.job("resting")).unwrap();
    assert!(timeout(ms(1), resting.turn()).await.is_err());
    let mut other = one.queue.stand(one.job("other")).unwrap();
    let other = tokio::spawn(async move { other.turn().await.map(|()| other) });
    let begin = Instant::now();
    let other = timeout(Duration::from_secs(5), other).await.expect("it is woken");
    assert_eq!(begin.elapsed(), ms(199), "after the place in front of it");
    drop(other);
    // A turn that came meanwhile was kept.
    timeout(ms(1), resting.turn()).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_was_given_and_not_taken_goes_back_uncharged() {
    let one = One::new(&limited(Gcra::per("1/s".parse().unwrap())));
    // Given its turn at the end of the pause, `own` is dropped before it looks.
    one.queue.pause();
    let mut own = one.queue.stand(one.job("own")).unwrap();
    let mut next = one.queue.stand(one.job("next")).unwrap();
    assert!(timeout(ms(1), own.turn()).await.is_err());
    assert!(timeout(ms(1), next.turn()).await.is_err());
    one.queue.resume();
    drop(own);
    let begin = Instant::now();
    next.turn().await.unwrap();
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!((one.queue.tally().started, one.queue.tally().cancelled), (1, 1));

    // The same for workers.
    let _ = next.answer(Observation::SUCCESS);
    one.queue.pause();
    one.push(&["a"]);
    let mut first = Box::pin(one.queue.next());
    let mut second = Box::pin(one.queue.next());
    assert!(timeout(ms(1), &mut first).await.is_err());
    assert!(timeout(ms(1), &mut second).await.is_err());
    tokio::time::sleep(Duration::from_secs(1)).await;
    one.queue.resume();
    drop(first);
    let turn = timeout(ms(1), second).await.unwrap().unwrap();
    assert_eq!((*turn.payload(), turn.attempt()), ("a", 1));
    turn.complete();
    tokio::time::sleep(Duration::from_secs(1)).await;
    one.queue.pause();
    one.push(&["b"]);
    let mut only = Box::pin(one.queue.next());
    assert!(timeout(ms(1), &mut only).await.is_err());
    one.queue.resume();
    drop(only);
    assert_eq!((one.queue.len(), one.queue.tally().in_flight), (1, 0));
    let again = timeout(ms(1), one.queue.next()).await.unwrap().unwrap();
    assert_eq!((*again.payload(), again.attempt()), ("b", 1));
}

#[tokio::test(start_paused = true)]
async fn a_caller_is_told_when_its_job_leaves() {
    let one = One::new(&limited(Gcra::per("1/s".parse().unwrap())));
    one.push(&["first"]);
    one.queue.next().await.unwrap().complete();
    let mut cancelled = one.queue.stand(one.job("cancelled")).unwrap();
    let mut late = one.queue.stand(one.job("late").deadline(at(500))).unwrap();
    let mut shut = one.queue.stand(one.job("shut")).unwrap();
    let id = cancelled.id();
    assert_eq!(one.queue.cancel(id), Some("cancelled"));
    assert!(matches!(cancelled.turn().await, Err(NoTurn::Cancelled(job)) if job == id));
    let Err(NoTurn::Removed(removed)) = late.turn().await else { panic!("500 ms are over") };
    assert_eq!((removed.payload, removed.why), ("late", Withdrawal::Expired));
    let mut seen = Box::pin(shut.turn());
    assert!(timeout(ms(1), &mut seen).await.is_ok(), "a second is over");
    drop(seen);
    let mut left = one.queue.stand(one.job("left")).unwrap();
    one.push(&["queued"]);
    let report = one.queue.shut_down();
    assert_eq!(report.jobs.iter().map(|job| job.payload).collect::<Vec<_>>(), ["queued"]);
    assert_eq!(report.tally.shut_down, 2);
    let told = left.turn().await.unwrap_err();
    assert_eq!(told.to_string(), "the queue was shut down");
    let refused = one.queue.stand(one.job("more")).unwrap_err();
    assert_eq!(refused.to_string(), "the queue is draining and takes no more jobs");
    let answer = shut.answer(&Observation::new(Outcome::Transient));
    assert_eq!(answer, Verdict::GiveUp(GiveUp::Stopped(StopReason::Cancelled)));
    assert!(one.queue.next().await.is_none());
}

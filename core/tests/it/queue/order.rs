use std::time::Duration;

use forbear_core::limiter::{All, Concurrency, Cooldown, Gcra, TokenBucket};
use forbear_core::queue::{
    Hold, Job, JobState, Next, Order, Overflow, Queue, QueueConfig, Rejection, Scope, Started,
    Withdrawal,
};
use forbear_core::{Cost, Decision, Dimension, Limiter, Observation, Refusal, Timestamp};

use crate::support::at;

type Jobs = Queue<&'static str>;

/// Jobs a, b and c of one tenant, one at a time, of which the first has started.
fn one_of_three_started() -> (Jobs, Started<&'static str>) {
    let mut queue = Jobs::new(QueueConfig::new());
    let scope = queue.add_scope(Scope::new("api", Concurrency::new(1).unwrap().boxed()));
    let ann = queue.add_tenant(1).unwrap();
    for payload in ["a", "b", "c"] {
        queue.push(at(0), Job::new(scope, ann, payload)).unwrap();
    }
    let a = started(&mut queue, at(0));
    (queue, a)
}

fn started(queue: &mut Jobs, now: Timestamp) -> Started<&'static str> {
    match queue.next(now) {
        Next::Start(job) => job,
        other => panic!("{other:?}"),
    }
}

fn all(queue: &mut Jobs, now: Timestamp) -> Vec<&'static str> {
    let next = || match queue.next(now) {
        Next::Start(job) => Some(job.payload),
        _ => None,
    };
    core::iter::from_fn(next).collect()
}

fn open() -> Scope<Box<dyn Limiter>> {
    Scope::new("open", All::new([]).boxed())
}

#[test]
fn a_scope_that_cools_down_holds_nobody_else_up() {
    let mut queue = Jobs::new(QueueConfig::new());
    let one = queue.add_scope(Scope::new("one", Cooldown::new().boxed()));
    let two = queue.add_scope(Scope::new("two", Cooldown::new().boxed()));
    let ann = queue.add_tenant(1).unwrap();
    for (scope, payload) in [(one, "1a"), (one, "1b"), (two, "2a"), (two, "2b")] {
        queue.push(at(0), Job::new(scope, ann, payload)).unwrap();
    }
    let first = started(&mut queue, at(0));
    assert_eq!(first.payload, "1a");
    let refused = Observation::throttled(Some(Duration::from_secs(9)));
    queue.complete(at(0), first.id, &refused);
    assert_eq!(all(&mut queue, at(0)), ["2a", "2b"]);
    assert!(matches!(queue.next(at(1)), Next::Wait(Some(time)) if time == at(9000)));
    let stalls: Vec<_> = queue.stalls(at(1)).map(|stall| stall.to_string()).collect();
    assert_eq!(stalls, ["one waits for its cooldown, which opens at t+9s"]);
    assert_eq!(all(&mut queue, at(9000)), ["1b"]);
}

#[test]
fn a_retry_is_hidden_until_its_time_and_then_first_again() {
    let (mut queue, a) = one_of_three_started();
    queue.retry(at(1), a.id, a.payload, at(10), Observation::SUCCESS).unwrap();
    assert_eq!(queue.state(at(1), a.id), Some(JobState::Hidden(at(10))));
    let b = started(&mut queue, at(1));
    assert_eq!(b.payload, "b");
    assert!(matches!(queue.next(at(2)), Next::Wait(Some(time)) if time == at(10)));
    queue.complete(at(10), b.id, Observation::SUCCESS);
    assert_eq!(started(&mut queue, at(10)).payload, "a");
    assert_eq!(queue.stalls(at(10)).map(|stall| stall.hold).collect::<Vec<_>>(), [Hold::Driver]);
    assert!(matches!(queue.next(at(10)), Next::Wait(None)));
    let hold = queue.stalls(at(10)).next().unwrap().hold;
    assert!(matches!(hold, Hold::Completion { .. }), "{hold:?}");
}

#[test]
fn a_cancelled_head_leaves_no_hole() {
    let mut queue = Jobs::new(QueueConfig::new().counting(Dimension::Tokens));
    let bucket = TokenBucket::new("1/s".parse().unwrap(), 10).unwrap();
    let bucket = bucket.counting(Dimension::Tokens);
    let scope = queue.add_scope(Scope::new("api", bucket.boxed()));
    let ann = queue.add_tenant(1).unwrap();
    let tokens = |tokens| Cost::REQUEST.with(Dimension::Tokens, tokens);
    queue.push(at(0), Job::new(scope, ann, "first").cost(tokens(8))).unwrap();
    let large = queue.push(at(0), Job::new(scope, ann, "large").cost(tokens(10))).unwrap();
    queue.push(at(0), Job::new(scope, ann, "small").cost(tokens(2))).unwrap();
    assert_eq!(all(&mut queue, at(0)), ["first"], "the large one keeps its turn");
    assert!(matches!(queue.next(at(1)), Next::Wait(Some(time)) if time == at(8000)));
    assert_eq!(queue.cancel(large.id), Some("large"));
    assert_eq!(queue.cancel(large.id), None);
    assert_eq!(all(&mut queue, at(1)), ["small"]);
}

#[test]
fn the_job_that_was_told_to_wait_has_the_turn() {
    let mut queue =
        Jobs::new(QueueConfig::new().strict_lanes(2).unwrap().counting(Dimension::Tokens));
    let bucket = TokenBucket::new("1/s".parse().unwrap(), 10).unwrap();
    let limiter = bucket.counting(Dimension::Tokens).and(Concurrency::new(2).unwrap());
    let scope = queue.add_scope(Scope::new("api", limiter.boxed()));
    let ann = queue.add_tenant(1).unwrap();
    let tokens = |tokens| Cost::REQUEST.with(Dimension::Tokens, tokens);
    let job = |payload, lane, cost| Job::new(scope, ann, payload).lane(lane).cost(tokens(cost));
    let turn = |queue: &Jobs| queue.turn(scope).map(|turn| *turn.payload);
    queue.push(at(0), job("first", 1, 10)).unwrap();
    let large = queue.push(at(0), job("large", 1, 8)).unwrap();
    assert_eq!(turn(&queue), None, "nobody was asked for");
    assert_eq!(all(&mut queue, at(0)), ["first"]);
    assert_eq!(turn(&queue), Some("large"));

    let said = |queue: &Jobs, now, cost: &Cost| {
        let mut said = Vec::new();
        queue.verdicts(now, scope, cost, &mut |name, decision| said.push((name, decision)));
        said
    };
    let cost = *queue.turn(scope).unwrap().cost;
    let waits = ("token_bucket", Decision::WaitUntil(at(8000)));
    assert_eq!(said(&queue, at(1), &cost), [waits, ("concurrency", Decision::Admit)]);
    assert_eq!(said(&queue, at(8000), &cost)[0], ("token_bucket", Decision::Admit));

    queue.push(at(1), job("urgent", 0, 2)).unwrap();
    assert!(matches!(queue.next(at(1)), Next::Wait(Some(time)) if time == at(2000)));
    assert_eq!(turn(&queue), Some("urgent"));
    assert_eq!(all(&mut queue, at(2000)), ["urgent"]);
    // Both places are taken.
    assert_eq!(turn(&queue), Some("large"));
    assert_eq!(said(&queue, at(20_000), &cost)[1], ("concurrency", Decision::WaitForCompletion));
    queue.cancel(large.id);
    assert_eq!(turn(&queue), None);

    let mut other = Jobs::new(QueueConfig::new());
    assert!(other.turn(scope).is_none() && said(&other, at(0), &cost).is_empty(), "it has none");
    other.add_scope(open());
    assert!(said(&other, at(0), &cost).is_empty(), "an open limiter has no parts");
}

#[test]
fn a_large_job_is_not_starved_by_small_ones() {
    let mut queue = Jobs::new(QueueConfig::new().counting(Dimension::Tokens));
    let bucket = TokenBucket::new("10/s".parse().unwrap(), 10).unwrap();
    let scope = Scope::new("api", bucket.counting(Dimension::Tokens).boxed());
    let scope = queue.add_scope(scope);
    let [ann, bob] = [1, 1].map(|weight| queue.add_tenant(weight).unwrap());
    let tokens = |tokens| Cost::REQUEST.with(Dimension::Tokens, tokens);
    queue.push(at(0), Job::new(scope, bob, "large").cost(tokens(10))).unwrap();
    let mut order = Vec::new();
    for tick in 0..40 {
        // More small ones than there are tokens.
        for _ in 0..2 {
            queue.push(at(tick * 100), Job::new(scope, ann, "small").cost(tokens(1))).unwrap();
        }
        order.extend(all(&mut queue, at(tick * 100)));
    }
    assert!(order.contains(&"large"), "{order:?}");
}

#[test]
fn urgent_lanes_go_first_and_an_aged_one_once() {
    let config = QueueConfig::new().strict_lanes(2).unwrap().ageing(Duration::from_secs(1));
    let mut queue = Jobs::new(config);
    let scope = queue.add_scope(open());
    let ann = queue.add_tenant(1).unwrap();
    let jobs = [(1, "later 1"), (1, "later 2"), (0, "urgent 1"), (0, "urgent 2"), (0, "urgent 3")];
    for (lane, payload) in jobs {
        queue.push(at(0), Job::new(scope, ann, payload).lane(lane)).unwrap();
    }
    assert_eq!(started(&mut queue, at(0)).payload, "urgent 1");
    assert_eq!(started(&mut queue, at(999)).payload, "urgent 2");
    assert_eq!(all(&mut queue, at(1000)), ["later 1", "urgent 3", "later 2"]);
    queue.push(at(1000), Job::new(scope, ann, "later 3").lane(1)).unwrap();
    queue.push(at(1000), Job::new(scope, ann, "urgent 3")).unwrap();
    assert_eq!(all(&mut queue, at(1999)), ["urgent 3", "later 3"]);
}

#[test]
fn weighted_lanes_take_turns() {
    let mut queue = Jobs::new(QueueConfig::new().weighted_lanes(&[2, 1]).unwrap());
    let scope = queue.add_scope(open());
    let ann = queue.add_tenant(1).unwrap();
    for _ in 0..3 {
        queue.push(at(0), Job::new(scope, ann, "0")).unwrap();
        queue.push(at(0), Job::new(scope, ann, "1").lane(1)).unwrap();
    }
    assert_eq!(all(&mut queue, at(0)), ["0", "0", "1", "0", "1", "1"]);
}

#[test]
fn the_earliest_deadline_goes_first_and_a_late_job_not_at_all() {
    let mut queue = Jobs::new(QueueConfig::new().order(Order::EarliestDeadline));
    let scope = queue.add_scope(open());
    let ann = queue.add_tenant(1).unwrap();
    queue.push(at(0), Job::new(scope, ann, "never")).unwrap();
    queue.push(at(0), Job::new(scope, ann, "30").deadline(at(30))).unwrap();
    queue.push(at(0), Job::new(scope, ann, "10").deadline(at(10))).unwrap();
    queue.push(at(0), Job::new(scope, ann, "20").deadline(at(20))).unwrap();
    let Next::Remove(late) = queue.next(at(10)) else { panic!("its deadline is over") };
    assert_eq!((late.payload, late.why), ("10", Withdrawal::Expired));
    assert_eq!(all(&mut queue, at(19)), ["20", "30", "never"]);
}

#[test]
fn what_cannot_be_done_is_refused_at_once_with_the_reason() {
    let mut queue = Jobs::new(QueueConfig::new());
    let rate = "10/s".parse().unwrap();
    let scope = queue.add_scope(Scope::new("api", Gcra::per(rate).boxed()).expecting(rate));
    let ann = queue.add_tenant(1).unwrap();
    let text =
        |result: Result<_, forbear_core::queue::Rejected<_>>| result.unwrap_err().to_string();
    let large = Cost::REQUEST.with(Dimension::Requests, 2);
    let rejected = queue.push(at(0), Job::new(scope, ann, "").cost(large)).unwrap_err();
    let refusal = Refusal::ExceedsCapacity { cost: 2, capacity: 1 };
    assert_eq!(rejected.why, Rejection::NeverAdmitted(refusal));
    let lane = queue.push(at(0), Job::new(scope, ann, "").lane(1));
    assert_eq!(text(lane), "lane is 1, must be below the 1 lanes of the queue");
    for number in 0..5 {
        let pushed = queue.push(at(0), Job::new(scope, ann, "")).unwrap();
        assert_eq!(pushed.expected_start, Some(at(number * 100)));
        let state = JobState::Queued {
            ahead: usize::try_from(number).unwrap(),
            expected_start: Some(at(number * 100)),
        };
        assert_eq!(queue.state(at(0), pushed.id), Some(state));
    }
    let late = queue.push(at(0), Job::new(scope, ann, "").deadline(at(500)));
    let expected = "the job is expected to start at t+500ms, must be before its deadline t+500ms";
    assert_eq!(text(late), expected);
    queue.push(at(0), Job::new(scope, ann, "").deadline(at(501))).unwrap();
    queue.drain();
    let closed = text(queue.push(at(0), Job::new(scope, ann, "")));
    assert_eq!(closed, "the queue is draining and takes no more jobs");
    assert_eq!((queue.tally().pushed, queue.tally().rejected), (6, 4));
}

#[test]
fn the_expected_start_of_the_last_job_is_within_a_round_of_the_true_one() {
    for last in 0..3 {
        let mut queue = Queue::<usize>::new(QueueConfig::new().strict_lanes(2).unwrap());
        let rate = "100/s".parse().unwrap();
        let scope = queue.add_scope(Scope::new("api", Gcra::per(rate).boxed()).expecting(rate));
        let tenants = [1, 2, 4].map(|weight| queue.add_tenant(weight).unwrap());
        let others = (0..3).filter(|&tenant| tenant != last);
        let urgent = others.clone().map(|tenant| (0, tenant));
        let order = urgent.chain(others.chain([last]).map(|tenant| (1, tenant)));
        let (mut pushed, mut promised) = (0, None);
        for (lane, tenant) in order {
            for _ in 0..30 {
                let job = Job::new(scope, tenants[tenant], pushed).lane(lane);
                promised = queue.push(at(0), job).unwrap().expected_start;
                pushed += 1;
            }
        }
        let (mut now, mut began) = (at(0), None);
        while began.is_none() {
            match queue.next(now) {
                Next::Start(job) => began = (job.payload == pushed - 1).then_some(now),
                Next::Wait(time) => now = time.unwrap(),
                Next::Remove(removed) => panic!("{removed:?}"),
            }
        }
        let [promised, began] = [promised, began].map(|time| time.unwrap().as_nanos());
        // Seven jobs: the sum of the weights.
        assert!(promised.abs_diff(began) <= 70_000_000, "{promised} and {began} of {last}");
    }
}

#[test]
fn a_full_queue_rejects_or_makes_room_as_it_was_told() {
    for (overflow, lane, dropped) in [
        (Overflow::RejectNewest, 0, None),
        (Overflow::DropOldest, 1, Some("oldest")),
        (Overflow::DropLowestPriority, 0, Some("newest of the last lane")),
        (Overflow::DropLowestPriority, 1, None),
    ] {
        let config = QueueConfig::new().strict_lanes(2).unwrap().overflow(overflow);
        let mut queue = Jobs::new(config.capacity(3).unwrap());
        let scope = queue.add_scope(open());
        let ann = queue.add_tenant(1).unwrap();
        for (lane, payload) in [(0, "oldest"), (1, "other"), (1, "newest of the last lane")] {
            queue.push(at(0), Job::new(scope, ann, payload).lane(lane)).unwrap();
        }
        match queue.push(at(0), Job::new(scope, ann, "newcomer").lane(lane)) {
            Ok(pushed) => {
                let removed = pushed.dropped.unwrap();
                assert_eq!((Some(removed.payload), removed.why), (dropped, Withdrawal::Dropped));
            }
            Err(rejected) => {
                assert_eq!(rejected.why, Rejection::Full { capacity: 3 });
                assert_eq!((rejected.job.into_payload(), dropped), ("newcomer", None));
            }
        }
        assert_eq!(queue.len(), 3);
    }
}

#[test]
fn a_cap_holds_one_tenant_and_nobody_else() {
    let mut queue = Jobs::new(QueueConfig::new());
    let scope = queue.add_scope(open());
    let [ann, bob] = [1, 1].map(|weight| queue.add_tenant(weight).unwrap());
    queue.set_cap(ann, Some(1)).unwrap();
    for (tenant, payload) in [(ann, "a1"), (ann, "a2"), (ann, "a3"), (bob, "b1"), (bob, "b2")] {
        queue.push(at(0), Job::new(scope, tenant, payload)).unwrap();
    }
    let first = started(&mut queue, at(0));
    assert_eq!(first.payload, "a1");
    assert_eq!(all(&mut queue, at(0)), ["b1", "b2"]);
    assert_eq!(queue.stalls(at(0)).map(|stall| stall.hold).collect::<Vec<_>>(), [Hold::Caps]);
    queue.complete(at(1), first.id, Observation::SUCCESS);
    assert_eq!(all(&mut queue, at(1)), ["a2"]);
    queue.set_cap(ann, None).unwrap();
    assert_eq!(all(&mut queue, at(1)), ["a3"]);
}

#[test]
fn weights_rates_and_pauses_change_while_it_runs() {
    let mut queue = Queue::new(QueueConfig::new());
    let scope = queue.add_scope(Scope::new("api", Gcra::per("1/s".parse().unwrap())));
    let ann = queue.add_tenant(1).unwrap();
    for job in 0..3 {
        queue.push(at(0), Job::new(scope, ann, job)).unwrap();
    }
    assert!(matches!(queue.next(at(0)), Next::Start(_)));
    assert!(matches!(queue.next(at(0)), Next::Wait(Some(time)) if time == at(1000)));
    queue.change_limiter(scope, |gcra| gcra.set_rate(at(0), "10/s".parse().unwrap()));
    assert!(matches!(queue.next(at(0)), Next::Wait(Some(time)) if time == at(100)));
    queue.pause_scope(scope);
    assert!(matches!(queue.next(at(100)), Next::Wait(None)));
    assert_eq!(queue.stalls(at(100)).next().unwrap().hold, Hold::Paused);
    queue.resume_scope(scope);
    assert!(matches!(queue.next(at(100)), Next::Start(_)));
    assert!(queue.set_weight(ann, 0).is_err());
    assert!(queue.set_weight(ann, 7).unwrap());
    assert_eq!(queue.oldest_wait(at(100), 0), Some(Duration::from_millis(100)));
}

#[test]
fn a_shutdown_says_what_was_left() {
    let (mut queue, a) = one_of_three_started();
    let left = queue.shut_down();
    let payloads: Vec<_> = left.jobs.iter().map(|job| (job.payload, job.why)).collect();
    assert_eq!(payloads, [("b", Withdrawal::ShutDown), ("c", Withdrawal::ShutDown)]);
    assert_eq!((left.tally.shut_down, left.tally.in_flight), (2, 1));
    assert!(!queue.is_empty());
    assert!(queue.complete(at(1), a.id, Observation::SUCCESS));
    assert!(!queue.complete(at(1), a.id, Observation::SUCCESS));
    assert!(queue.is_empty());
}

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::predicate::{Predicate, any_error, cause, error, message, value};
use forbear_core::{GiveUp, Policy};

type Answer = Result<u32, io::Error>;

fn failed(kind: ErrorKind) -> Answer {
    Err(kind.into())
}

fn timed_out(error: &io::Error) -> bool {
    error.kind() == ErrorKind::TimedOut
}

#[test]
fn predicates_combine_as_in_logic() {
    let small = || value(|n: &u32| *n < 3);
    let slow = || error(timed_out);
    for (answer, either, neither, others) in [
        (Ok(1), true, false, false),
        (Ok(7), false, true, false),
        (failed(ErrorKind::TimedOut), true, false, false),
        (failed(ErrorKind::NotFound), false, true, true),
    ] {
        assert_eq!((small() | slow()).holds(&answer), either, "{answer:?}");
        assert_eq!((!small() & !slow()).holds(&answer), neither, "{answer:?}");
        assert_eq!((any_error() & !slow()).holds(&answer), others, "{answer:?}");
    }
}

#[test]
fn causes_are_found_at_any_depth_and_never_for_ever() {
    let deep =
        (0..20).fold(io::Error::from(ErrorKind::TimedOut), |inner, _| io::Error::other(inner));
    let answer: Answer = Err(deep);
    assert!(cause(timed_out).holds(&answer));
    assert!(message("timed out").holds(&answer));
    assert!(!message("refused").holds(&answer));
    assert!(!cause(|_: &std::fmt::Error| true).holds(&answer));

    /// An error that is its own cause.
    #[derive(Debug)]
    struct Endless;

    impl std::fmt::Display for Endless {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("endless")
        }
    }

    impl std::error::Error for Endless {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&Self)
        }
    }
    assert!(!message("end of it").holds(&Err::<(), _>(Endless)));
}

#[test]
fn a_value_that_is_not_ready_is_asked_for_again_and_kept_at_the_end() {
    let policy = Policy::builder().backoff(Constant::new(Duration::ZERO)).max_attempts(3);
    let policy = policy.build().unwrap();
    let (calls, seen) = (Cell::new(0_u32), Cell::new(0));
    let ask = || {
        calls.set(calls.get() + 1);
        Ok::<_, io::Error>(calls.get())
    };
    let below = |limit| value(move |n: &u32| *n < limit);
    let look = |_: &Answer| seen.set(seen.get() + 1);
    let answer = policy.retry(ask).retry_if(below(2)).inspect(look).blocking();
    assert_eq!((answer.unwrap(), seen.get()), (2, 2));
    let gave_up = policy.retry(ask).retry_if(below(100)).blocking().unwrap_err();
    assert!(matches!(gave_up.reason(), GiveUp::Stopped(_)));
    assert_eq!(gave_up.into_last().unwrap().unwrap(), 5);
}

#[test]
fn an_error_that_no_predicate_holds_for_is_final() {
    let policy = Policy::recommended();
    let calls = Cell::new(0);
    let ask = || {
        calls.set(calls.get() + 1);
        failed(ErrorKind::NotFound)
    };
    let gave_up = policy.retry(ask).retry_if(error(timed_out)).blocking().unwrap_err();
    assert_eq!((gave_up.attempts(), calls.get()), (1, 1));
}

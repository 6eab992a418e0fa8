use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use apalis::prelude::*;
use forbear_apalis::Permit;
use forbear_core::backoff::Constant;
use forbear_core::{Observation, Outcome, Policy};

const BUSY: u32 = 0;
const WRONG: u32 = 1;
const BROKEN: u32 = 2;

/// In the order in which they are pushed.
pub(crate) const TASKS: [u32; 3] = [WRONG, BROKEN, BUSY];

/// The task and its attempt, at each send.
type Sends = Vec<(u32, usize, Duration)>;

/// What is sent, and the wait that [`BUSY`] is told.
#[derive(Clone)]
pub(crate) struct Failing {
    wait: Duration,
    sends: Arc<Mutex<Sends>>,
}

pub(crate) async fn send(
    task: u32,
    attempt: Attempt,
    permit: Permit,
    failing: Data<Failing>,
    worker: WorkerContext,
) -> Result<(), BoxDynError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let so_far = {
        let mut sends = failing.sends.lock().unwrap();
        sends.push((task, attempt.current(), now));
        sends.len()
    };
    if so_far == 5 {
        worker.stop()?;
    }
    match (task, attempt.current()) {
        (BUSY, 1) => {
            permit.saw(&Observation::throttled(Some(failing.wait)));
            Err("429 Too Many Requests".into())
        }
        (WRONG, _) => {
            permit.saw(&Observation::new(Outcome::Permanent));
            Err("400 Bad Request".into())
        }
        // It says nothing of what it saw.
        (BROKEN, _) => Err("connection reset".into()),
        _ => Ok(()),
    }
}

/// Two attempts, the second at once, unless it is told to wait.
pub(crate) fn twice() -> Policy {
    Policy::builder()
        .max_attempts(2)
        .no_budget()
        .backoff(Constant::new(Duration::from_millis(1)))
        .build()
        .unwrap()
}

impl Failing {
    pub(crate) fn told_to_wait(wait: Duration) -> Self {
        Self { wait, sends: Arc::default() }
    }

    /// Each as often as it may be, and nobody before the wait is over.
    #[track_caller]
    pub(crate) fn was_handed_back(&self) {
        let sends = core::mem::take(&mut *self.sends.lock().unwrap());
        let of = |task| {
            sends.iter().filter(|send| send.0 == task).map(|send| send.1).collect::<Vec<_>>()
        };
        assert_eq!((of(WRONG), of(BROKEN), of(BUSY)), (vec![1], vec![1, 2], vec![1, 2]));
        let at: Vec<_> = sends.iter().filter(|send| send.0 == BUSY).map(|send| send.2).collect();
        // The wait that one task was told is everybody's.
        let over = at[0] + self.wait;
        assert!(at[1] >= over, "{at:?}");
        let after = sends.iter().filter(|send| send.2 > at[0] && send.2 < over);
        assert_eq!(after.count(), 0, "{sends:?}");
    }
}

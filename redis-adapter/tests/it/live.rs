//! The clocks here are real, and so are the servers. What is exact is proven on the
//! virtual clock; here it may be off by what the machine needs to run a thread.

mod cluster;
mod distance;
mod failures;
mod members;
mod memory;
mod processes;
mod promotion;
mod rights;
mod tls;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use forbear_core::Policy;
use forbear_redis::{Event, SharedLimit, SharedQuota, SharedQuotaBuilder};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A thread may be kept from running so long, on a machine that has more to do.
const SLACK: Duration = Duration::from_millis(300);

fn limit(rate: &str, burst: u32) -> SharedLimit {
    SharedLimit::rate(rate.parse().unwrap()).with_burst(burst).unwrap()
}

fn quota(limit: SharedLimit) -> SharedQuotaBuilder {
    SharedQuota::builder("quota").limit(limit)
}

/// What happens, one after the other.
fn told(builder: SharedQuotaBuilder) -> (SharedQuotaBuilder, UnboundedReceiver<Event>) {
    let (tell, told) = unbounded_channel();
    (builder.observe(move |event| drop(tell.send(event.clone()))), told)
}

/// Waits for an event that `is` so; others are passed over.
async fn event(told: &mut UnboundedReceiver<Event>, is: impl Fn(&Event) -> bool) -> Event {
    let wait = async {
        loop {
            let event = told.recv().await.expect("the task runs");
            if is(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("it happens within 10 s")
}

fn is_lost(event: &Event) -> bool {
    matches!(event, Event::Lost { .. })
}

fn is_recovered(event: &Event) -> bool {
    matches!(event, Event::Recovered { .. })
}

/// Waits until so many were sent.
async fn wait_for_sends(sends: &Sends, count: usize) {
    let start = Instant::now();
    while sends.lock().unwrap().len() < count {
        assert!(start.elapsed() < Duration::from_secs(10), "it does not go on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn policy(quota: &SharedQuota) -> Policy {
    Policy::builder().limit(quota.limiter()).no_deadline().build().unwrap()
}

type Sends = Arc<Mutex<Vec<Instant>>>;

/// Sends as often as it may, until it is aborted.
async fn greedy(policy: Policy, sends: Sends) {
    loop {
        let send = async || {
            sends.lock().unwrap().push(Instant::now());
            Ok::<_, std::io::Error>(())
        };
        policy.retry(send).await.unwrap();
    }
}

/// Asserts that no span has more than `burst + rate * (span + SLACK)` sends.
fn assert_within(mut sends: Vec<Duration>, burst: u32, rate: u32) {
    sends.sort();
    let nanos = |time: &Duration| time.as_nanos() as u64;
    let sends: Vec<_> = sends.iter().map(|time| (nanos(time), 1)).collect();
    let slack = SLACK.as_millis() as u64 * u64::from(rate) / 1000;
    crate::fleet::assert_within(&sends, u64::from(burst) + slack, rate.into(), 1_000_000_000);
}

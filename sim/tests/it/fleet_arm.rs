//! The same fleet twice: with a real Redis that is stopped, goes on, and is replaced by a
//! replica that lags; and in the simulator, with faults at the times at which these came.
#![expect(
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test of real time, which may panic"
)]

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use forbear_core::Policy;
use forbear_redis::{SharedLimit, SharedQuota, WithoutRedis};
use forbear_redis_testing::Server;
use forbear_sim::Simulation;

use crate::support::{policy, scenario};

const MEMBERS: u32 = 3;

/// When each thing happened, and each send, in ms after the start.
struct Told {
    stopped: u64,
    went_on: u64,
    left_behind: u64,
    promoted: u64,
    ended: u64,
    sends: Vec<u64>,
}

/// What is compared of both.
#[derive(Debug)]
struct Seen {
    /// Sends before it was stopped.
    before: u64,
    /// Sends while it was stopped, but for the first half second, which leases may last.
    while_stopped: u64,
    /// Until a send came after it went on, in ms.
    resumed: u64,
    /// The same for the promotion, but for what leases held.
    promoted: u64,
    /// Sends at the end, when all is well again.
    after: u64,
}

impl Told {
    fn seen(&self, sends: &[u64]) -> Seen {
        let count = |from: u64, until: u64| {
            sends.iter().filter(|at| (from..until).contains(*at)).count() as u64
        };
        let next = |after: u64| {
            let later = sends.iter().filter(|&&at| at >= after).min().expect("it goes on");
            later - after
        };
        Seen {
            before: count(200, self.stopped),
            while_stopped: count(self.stopped + 500, self.went_on),
            resumed: next(self.went_on),
            promoted: next(self.promoted + 200),
            after: count(self.ended - 1000, self.ended),
        }
    }
}

async fn greedy(policy: Policy, start: Instant, sends: Arc<Mutex<Vec<u64>>>) {
    loop {
        let send = async || {
            sends.lock().unwrap().push(start.elapsed().as_millis() as u64);
            Ok::<_, std::io::Error>(())
        };
        policy.retry(send).await.unwrap();
    }
}

async fn real() -> Option<Told> {
    let mut primary = Server::start_with(&["--repl-diskless-sync-delay", "0"])?;
    let port = primary.port().to_string();
    let replica = Server::start_with(&["--replicaof", "127.0.0.1", &port])?;
    replica.wait_for(&["INFO", "replication"], "master_link_status:up");
    let port = Arc::new(AtomicU16::new(primary.port()));
    let (mut members, sends) = (Vec::new(), Arc::default());
    for _ in 0..MEMBERS {
        let limit = SharedLimit::rate("100/s".parse().unwrap()).with_burst(20).unwrap();
        let builder = SharedQuota::builder("quota").limit(limit);
        let port = Arc::clone(&port);
        let open = move || {
            let url = format!("redis://127.0.0.1:{}/", port.load(Ordering::SeqCst));
            async move { redis::Client::open(url)?.get_multiplexed_async_connection().await }
        };
        members.push(builder.without_redis(WithoutRedis::Closed).connect_with(open).await.unwrap());
    }
    let start = Instant::now();
    for member in &members {
        let policy = Policy::builder().limit(member.limiter()).no_deadline().build().unwrap();
        tokio::spawn(greedy(policy, start, Arc::clone(&sends)));
    }
    let wait = async |ms| {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        start.elapsed().as_millis() as u64
    };
    let stopped = wait(1000).await;
    primary.signal("-STOP");
    let went_on = wait(1500).await;
    primary.signal("-CONT");
    let left_behind = wait(2500).await;
    replica.run(&["REPLICAOF", "NO", "ONE"]);
    let promoted = wait(200).await;
    port.store(replica.port(), Ordering::SeqCst);
    primary.kill();
    let ended = wait(4000).await;
    let sends = std::mem::take(&mut *sends.lock().unwrap());
    Some(Told { stopped, went_on, left_behind, promoted, ended, sends })
}

fn simulated(told: &Told, seed: u64) -> Seen {
    let Told { stopped, went_on, left_behind, promoted, .. } = told;
    let lost = promoted - left_behind;
    let scenario = scenario(&format!(
        "[clients]\ncount = {MEMBERS}\ncalls = 400\n[arrivals]\nkind = \"burst\"\n[server]\n\
         [redis]\npolicies = {{ greedy = \"closed\" }}\nround_trip = \"200us\"\n\
         [[redis.limit]]\nkind = \"rate\"\nrate = \"100/s\"\nburst = 20\n\
         [[fault]]\nfrom = \"{stopped}ms\"\nuntil = \"{went_on}ms\"\nstall = true\n\
         [[fault]]\nfrom = \"{promoted}ms\"\npromotion = {{ lost = \"{lost}ms\" }}\n"
    ));
    let greedy = policy("name = \"greedy\"\n[retry]\nmax_attempts = 1\ndeadline = \"none\"\n");
    let run = Simulation::of(&scenario, &greedy).seed(seed).traced().checked().run();
    assert_eq!(run.violation, None);
    let sends: Vec<_> = run.sends.iter().map(|sent| sent.at.as_nanos() / 1_000_000).collect();
    told.seen(&sends)
}

#[tokio::test]
async fn a_real_redis_is_stopped_and_replaced_as_the_model_is() {
    let Some(told) = real().await else { return };
    let real = told.seen(&told.sends);
    let simulated: Vec<_> = (1..=8).map(|seed| simulated(&told, seed)).collect();
    eprintln!("{real:?}\n{simulated:?}");
    let range = |number: fn(&Seen) -> u64| {
        let numbers = || simulated.iter().map(number);
        (numbers().min().unwrap(), numbers().max().unwrap())
    };
    // What a machine that is busy is late by, at the most.
    let late = 700;
    for (what, real, (least, most)) in [
        ("resumed", real.resumed, range(|seen| seen.resumed)),
        ("promoted", real.promoted, range(|seen| seen.promoted)),
    ] {
        let within = least.saturating_sub(100)..=most + late;
        assert!(within.contains(&real), "{what}: {real} ms, simulated {least} to {most}");
    }
    for (what, real, (least, most)) in [
        ("before", real.before, range(|seen| seen.before)),
        ("after", real.after, range(|seen| seen.after)),
    ] {
        let within = least * 8 / 10..=most * 12 / 10 + 5;
        assert!(within.contains(&real), "{what}: {real} sends, simulated {least} to {most}");
    }
    let stopped = range(|seen| seen.while_stopped);
    assert_eq!((real.while_stopped, stopped), (0, (0, 0)));
}

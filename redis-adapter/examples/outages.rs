//! Eight processes share 100 requests a second through a Redis that is killed, sleeps, is
//! stopped and forgets, while one of them is killed, too.
//!
//! ```text
//!  8 processes --permits--> a real Redis, which this example starts and ill-treats
//!       |
//!       +--a datagram for each send--> this process, whose clock counts
//! ```
//!
//! What was sent in each phase is counted where it arrives, by one clock, and printed as a
//! table: the rate, and how far any span was above 100 a second, which is to be 100 at most.
//!
//! ```sh
//! cargo run --release -p forbear-redis --example outages -- local_share
//! cargo run --release -p forbear-redis --example outages -- closed
//! ```
#![allow(clippy::print_stdout, clippy::float_arithmetic, reason = "an example that measures")]
#![allow(clippy::disallowed_methods, reason = "time is real here")]

use std::error::Error;
use std::net::UdpSocket;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use forbear_core::Policy;
use forbear_redis::{SharedLimit, SharedQuota, WithoutRedis};
use forbear_redis_testing::Server;

const MEMBERS: usize = 8;
const RATE: f64 = 100.0;

type Anyhow<T> = Result<T, Box<dyn Error>>;

fn main() -> Anyhow<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["member", rule, url, counter] => {
            tokio::runtime::Runtime::new()?.block_on(member(rule, url, counter))
        }
        [] => outages("local_share"),
        [rule] => outages(rule),
        _ => Err("outages [local_share | closed | open]".into()),
    }
}

/// Sends as often as it may, until it is killed.
async fn member(rule: &str, url: &str, counter: &str) -> Anyhow<()> {
    let rule = match rule {
        "local_share" => WithoutRedis::LocalShare,
        "closed" => WithoutRedis::Closed,
        "open" => WithoutRedis::Open,
        _ => return Err("the rule is local_share, closed or open".into()),
    };
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(counter)?;
    let limit = SharedLimit::rate("100/s".parse()?);
    let quota = SharedQuota::builder("outages").limit(limit).without_redis(rule).connect(url);
    let quota = quota.await?;
    let policy = Policy::builder().limit(quota.limiter()).no_deadline().build()?;
    loop {
        policy.retry(async || socket.send(b"sent").map(drop)).await?;
    }
}

/// When each send came, in seconds after the start.
#[derive(Clone)]
struct Counter {
    start: Instant,
    sends: Arc<Mutex<Vec<f64>>>,
}

impl Counter {
    /// Does something, waits for so long, and prints what was sent meanwhile.
    fn phase(&self, name: &str, seconds: f64, does: impl FnOnce()) {
        let from = self.start.elapsed().as_secs_f64();
        does();
        let left = from + seconds - self.start.elapsed().as_secs_f64();
        sleep(Duration::from_secs_f64(left.max(0.0)));
        let until = self.start.elapsed().as_secs_f64();
        let sends = self.sends.lock().unwrap_or_else(PoisonError::into_inner);
        let sends = sends.iter().filter(|at| (from..until).contains(*at));
        let (mut count, mut above, mut most, mut last) = (0.0, 0.0_f64, 0.0_f64, from);
        for at in sends {
            above = (above - (at - last) * RATE).max(0.0) + 1.0;
            (count, last, most) = (count + 1.0, *at, most.max(above));
        }
        println!("| {name} | {seconds} s | {:.1} | {most:.0} |", count / (until - from));
    }
}

fn outages(rule: &str) -> Anyhow<()> {
    let Some(mut redis) = Server::start_with(&["--enable-debug-command", "yes"]) else {
        return Ok(());
    };
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let (url, counter) = (redis.url(), socket.local_addr()?.to_string());
    let (start, sends) = (Instant::now(), Arc::default());
    let told = Counter { start, sends };
    let sends = Arc::clone(&told.sends);
    std::thread::spawn(move || {
        while socket.recv(&mut [0; 4]).is_ok() {
            let at = start.elapsed().as_secs_f64();
            sends.lock().unwrap_or_else(PoisonError::into_inner).push(at);
        }
    });
    let program = std::env::current_exe()?;
    let spawn = || Command::new(&program).args(["member", rule, &url, &counter]).spawn();
    let mut members = (0..MEMBERS).map(|_| spawn()).collect::<Result<Vec<Child>, _>>()?;

    println!(
        "| {rule} | in | sends a second | above 100/s at most |\n| --- | ---: | ---: | ---: |"
    );
    told.phase("the start", 4.0, || ());
    told.phase("all is well", 4.0, || ());
    told.phase("Redis is killed", 3.0, || redis.kill());
    told.phase("it is back, empty", 4.0, || redis.restart());
    // Of its own connection, which waits as long.
    told.phase("`DEBUG SLEEP 3`", 3.0, || redis.run(&["DEBUG", "SLEEP", "2.9"]));
    told.phase("it goes on", 4.0, || ());
    told.phase("`kill -STOP`", 3.0, || redis.signal("-STOP"));
    told.phase("`kill -CONT`", 4.0, || redis.signal("-CONT"));
    let mut killed = Ok(());
    told.phase("one of eight is killed", 4.0, || killed = members[0].kill());
    killed?;
    told.phase("`FLUSHALL`", 4.0, || redis.run(&["FLUSHALL"]));
    for mut member in members {
        // One of them is dead already.
        let _ = member.kill();
        member.wait()?;
    }
    Ok(())
}

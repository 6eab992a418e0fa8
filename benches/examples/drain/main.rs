//! The same drain through forbear and through its peers, as a Markdown table.
//!
//! ```text
//! 32 callers, 500 requests ──> a client of each kind ──> nginx: 100/s and 20 at once,
//!                                                        else 429 with Retry-After: 1
//! ```
//!
//! Each client may send a request ten times, first after 50 ms, then twice as long
//! each time up to 2 s, with the jitter that it offers. What was sent and refused is
//! counted in nginx's log, so a client that counts wrong is counted right.
//!
//! `cargo run -p forbear-benches --example drain` prints the table; it needs
//! nginx, and python3 for tenacity's row.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program that measures by the wall clock and prints"
)]

mod nginx;
mod peers;
mod tenacity;

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;

use self::nginx::Nginx;

const REQUESTS: usize = 500;
const CALLERS: usize = 32;
const ATTEMPTS: u32 = 10;
const DELAY: Duration = Duration::from_millis(50);
const DELAY_MAX: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let nginx = Nginx::start()?;
    let (url, client) = (nginx.url(), Client::new());
    println!(
        "<!-- cargo run -p forbear-benches --example drain -->\n\n\
         # One drain through forbear and its peers\n\n\
         nginx permits 100 requests a second and 20 at once, and answers 429 with\n\
         `Retry-After: 1` to others. Each client may send a request {ATTEMPTS} times, after 50 ms\n\
         at first and up to 2 s later. Only forbear and backon, where it is told, wait as\n\
         long as the server asks: that costs time, and saves the server refusals.\n\n\
         | {REQUESTS} requests, {CALLERS} callers | done | lost | sends | 429 | time |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |"
    );
    let row = |name: &str, done: usize, took: Duration| -> Result<(), Box<dyn Error>> {
        let (sends, refused) = nginx.counted()?;
        let (lost, seconds) = (REQUESTS - done, took.as_secs_f64());
        println!("| {name} | {done} | {lost} | {sends} | {refused} | {seconds:.1} s |");
        Ok(())
    };
    // For each as many tokens as at the start, and the log of the last is written.
    let refilled = || tokio::time::sleep(Duration::from_secs(1));

    for (name, policy) in peers::forbear_policies()? {
        let send = peers::forbear(&client, policy, &url);
        let (done, took) = drain(send).await;
        refilled().await;
        row(name, done, took)?;
    }
    let (done, took) = drain(peers::backon(&client, &url)).await;
    refilled().await;
    row("backon", done, took)?;
    let (done, took) = drain(peers::backon_with_hint(&client, &url)).await;
    refilled().await;
    row("backon, told to read Retry-After", done, took)?;
    let (done, took) = drain(peers::reqwest_retry(&client, &url)).await;
    refilled().await;
    row("reqwest-retry", done, took)?;
    let (done, took) = drain(peers::tower_retry(&client, &url)).await;
    refilled().await;
    row("tower's retry", done, took)?;
    let (done, took) = drain(peers::tokio_retry(&client, &url)).await;
    refilled().await;
    row("tokio-retry", done, took)?;
    match tenacity::drain(&url) {
        Ok((done, took)) => {
            refilled().await;
            row("tenacity (Python)", done, took)?;
        }
        Err(why) => eprintln!("skipped: tenacity: {why}"),
    }
    Ok(())
}

/// `CALLERS` callers share `REQUESTS` requests; `send` says whether one was served.
async fn drain<F>(send: impl Fn() -> F + Clone + Send + 'static) -> (usize, Duration)
where
    F: Future<Output = bool> + Send,
{
    let (next, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let start = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (send, next, done) = (send.clone(), Arc::clone(&next), Arc::clone(&done));
        callers.spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < REQUESTS {
                done.fetch_add(usize::from(send().await), Ordering::Relaxed);
            }
        });
    }
    callers.join_all().await;
    (done.load(Ordering::Relaxed), start.elapsed())
}

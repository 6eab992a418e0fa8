//! The same requests to a language model through `forbear-batch` and through what people
//! write for it, as a Markdown table.
//!
//! ```text
//! N prompts ──> a client of each kind ──> a server with quotas of requests and tokens,
//!                                         else 429 with retry-after-ms
//! ```
//!
//! The server is that of the tests: buckets of a minute's quota that refill all the time,
//! charged for the longest answer that a request allows, with OpenAI's headers; refused
//! requests count, as OpenAI says of its own. A minute is scaled to six seconds, here and in
//! the waits of each client. What was sent and refused is counted by the server.
//!
//! `cargo run --release -p forbear-benches --example batch` sends 3000 requests with each;
//! `-- 10000 forbear` sends 10,000 with those whose name contains the word.
#![allow(
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::pedantic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures by the wall clock and prints"
)]

mod forbear;
#[path = "../../../http-adapter/tests/it/server/nginx.rs"]
mod nginx;
mod peers;
#[path = "../../../http-adapter/tests/it/server/process.rs"]
mod process;
#[path = "../../../batch/tests/servers/token_server.rs"]
#[allow(dead_code, reason = "the tests look at more of it")]
mod token_server;

use std::error::Error;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::process::{Process, free_port, installed, shown};
use self::token_server::{Quota, TokenServer};

/// A minute of the quotas, and of the clients' waits.
const MINUTE: Duration = Duration::from_secs(6);

/// 500 requests and 60,000 tokens a minute.
const QUOTA: Quota = Quota {
    requests: 500.0 / 6.0,
    tokens: 60_000.0 / 6.0,
    burst_s: 6.0,
    latency: Duration::from_millis(200),
    answered: 0.5,
    refusals_count: true,
};

/// What nginx permits in a second.
const NGINX_RATE: u32 = 500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let count = words.next().map_or(Ok(3000), |count| count.parse())?;
    let wanted = words.next().unwrap_or_default();
    println!(
        "<!-- cargo run --release -p forbear-benches --example batch -- {count} {wanted} -->\n\n\
         # One batch through forbear and through what people write for it\n\n\
         A server permits 500 requests and 60,000 tokens a minute, of which each is {} s long.\n\n\
         | {count} requests | done | lost | sends | 429 | time | of the quota | forecast |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        MINUTE.as_secs()
    );
    let clients =
        ["forbear batch, documented quota", "forbear batch, learned quota", COOKBOOK, TENACITY];
    for name in clients.into_iter().filter(|name| name.contains(&wanted)) {
        let server = TokenServer::start(QUOTA);
        let (prompts, start) = (prompts(count), Instant::now());
        let mut forecast = String::from("none");
        let (done, took) = match name {
            COOKBOOK => (peers::cookbook(&server.url(), prompts).await, start.elapsed()),
            TENACITY => (peers::tenacity(&server.url(), prompts).await, start.elapsed()),
            _ => {
                let known = forbear::Known { latency: QUOTA.latency, tokens: used(&prompts) };
                let lines = forbear::lines(&prompts);
                let limits = forbear::limits(name);
                let sent = forbear::send(&server.url(), &lines, limits, known).await?;
                forecast = against(&sent);
                (sent.done, sent.took)
            }
        };
        let took = took.as_secs_f64();
        let log = server.log();
        let (sends, refused) = (log.served + log.refused, log.refused);
        drop(log);
        let (lost, used) = (count - done, 100.0 * server.used_of_all());
        println!(
            "| {name} | {done} | {lost} | {sends} | {refused} | {took:.1} s | {used:.0} % | {forecast} |"
        );
    }
    nginx(count, &wanted).await
}

const COOKBOOK: &str = "the OpenAI Cookbook's parallel processor";
const TENACITY: &str = "tenacity's random exponential and a semaphore";

/// The same number of requests to a real server, which limits requests only.
async fn nginx(count: usize, wanted: &str) -> Result<(), Box<dyn Error>> {
    let name = "forbear batch, nginx `limit_req`";
    if !name.contains(wanted) {
        return Ok(());
    }
    let burst = NGINX_RATE / 2;
    let Some(server) = nginx::Nginx::limiting(NGINX_RATE, burst, None) else { return Ok(()) };
    let lines: String = (0..count).map(|n| format!("{{\"path\":\"/{n}\"}}\n")).collect();
    let limit = format!("[[limit]]\nkind = 'gcra'\nrate = '{NGINX_RATE}/s'\nburst = 20\n");
    let known = forbear::Known { latency: Duration::from_millis(1), tokens: 0 };
    let sent = forbear::send(&server.url(), &lines, &limit, known).await?;
    let forbear::Sent { done, sends, refused, took, .. } = sent;
    let took = took.as_secs_f64();
    let used = 100.0 * done as f64 / (f64::from(NGINX_RATE) * took);
    let (lost, forecast) = (count - done, against(&sent));
    println!(
        "| {name} at {NGINX_RATE}/s | {done} | {lost} | {sends} | {refused} | {took:.1} s | {used:.0} % | {forecast} |"
    );
    Ok(())
}

/// The forecast, and by how much it was wrong.
fn against(sent: &forbear::Sent) -> String {
    let Some(forecast) = sent.forecast else { return "none".into() };
    let off = 100.0 * (forecast.as_secs_f64() / sent.took.as_secs_f64() - 1.0);
    format!("{:.1} s, {off:+.1} %", forecast.as_secs_f64())
}

/// What the server charges for these prompts in the end, in tokens.
fn used(prompts: &[Value]) -> u64 {
    let tokens = |body: &Value| {
        let prompt = body["messages"][0]["content"].as_str().unwrap_or_default();
        let output = body["max_tokens"].as_f64().unwrap_or(0.0) * QUOTA.answered;
        (prompt.len() as f64 / 4.0).ceil() + output.floor()
    };
    prompts.iter().map(tokens).sum::<f64>() as u64
}

/// Bodies of requests to a model, each with a name of its own.
fn prompts(count: usize) -> Vec<Value> {
    let prompt = |number: usize| {
        json!({
            "model": "m",
            "metadata": format!("job-{number}"),
            "messages": [{"role": "user", "content": "word ".repeat(16 + 7 * number % 32)}],
            "max_tokens": 50 + number % 50,
        })
    };
    (0..count).map(prompt).collect()
}

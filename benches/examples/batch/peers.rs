//! Two patterns that people copy, written from their description.
//!
//! Both in Rust and over the same client, so that the pattern is measured and not the
//! language.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use forbear_core::{Entropy, SplitMix64};
use reqwest::{Client, Method, Request, StatusCode};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::MINUTE;

/// A second of the patterns' waits.
fn seconds(count: f64) -> Duration {
    MINUTE.mul_f64(count / 60.0)
}

/// A request, and the attempts that it has left.
struct Task {
    body: Value,
    attempts_left: u32,
}

#[derive(Default)]
struct Status {
    done: usize,
    in_progress: usize,
    retries: VecDeque<Task>,
    last_refusal: Option<Instant>,
}

/// `api_request_parallel_processor.py` of the OpenAI Cookbook,
/// <https://github.com/openai/openai-cookbook/blob/main/examples/api_request_parallel_processor.py>:
/// a loop that keeps the capacity of requests and tokens, both full at the start and refilled
/// by the time that passed; it takes a retry or the next request, sends it if there is
/// capacity for its prompt and its `max_tokens`, sleeps a millisecond, and pauses 15 seconds
/// after a refusal. Five attempts. What an answer does not use is not given back.
pub(crate) async fn cookbook(url: &str, prompts: Vec<Value>) -> usize {
    const REQUESTS: f64 = 500.0;
    const TOKENS: f64 = 60_000.0;
    let client = Client::new();
    let status = Arc::new(Mutex::new(Status::default()));
    let mut prompts = prompts.into_iter();
    let (mut requests, mut tokens, mut updated) = (REQUESTS, TOKENS, Instant::now());
    let mut next: Option<Task> = None;
    loop {
        if next.is_none() {
            let mut status = status.lock().unwrap();
            next = status.retries.pop_front();
            if next.is_none()
                && let Some(body) = prompts.next()
            {
                status.in_progress += 1;
                next = Some(Task { body, attempts_left: 5 });
            }
        }
        let passed = updated.elapsed().as_secs_f64() / MINUTE.as_secs_f64();
        updated = Instant::now();
        requests = (requests + REQUESTS * passed).min(REQUESTS);
        tokens = (tokens + TOKENS * passed).min(TOKENS);
        if let Some(task) = &next {
            let cost = cost(&task.body);
            if requests >= 1.0 && tokens >= cost {
                (requests, tokens) = (requests - 1.0, tokens - cost);
                let (client, url, status) = (client.clone(), url.to_owned(), Arc::clone(&status));
                let mut task = next.take().unwrap();
                task.attempts_left -= 1;
                tokio::spawn(async move {
                    let answer = send(&client, &url, &task.body).await;
                    let mut status = status.lock().unwrap();
                    if answer == Some(StatusCode::TOO_MANY_REQUESTS) {
                        status.last_refusal = Some(Instant::now());
                    }
                    if answer == Some(StatusCode::OK) {
                        status.done += 1;
                        status.in_progress -= 1;
                    } else if task.attempts_left > 0 {
                        status.retries.push_back(task);
                    } else {
                        status.in_progress -= 1;
                    }
                });
            }
        }
        let (in_progress, last_refusal) = {
            let status = status.lock().unwrap();
            (status.in_progress, status.last_refusal)
        };
        if in_progress == 0 && prompts.len() == 0 {
            return status.lock().unwrap().done;
        }
        sleep(Duration::from_millis(1)).await;
        let pause = seconds(15.0);
        if let Some(rest) = last_refusal.and_then(|at| pause.checked_sub(at.elapsed())) {
            sleep(rest).await;
        }
    }
}

/// `@retry(wait=wait_random_exponential(min=1, max=60), stop=stop_after_attempt(6))`, as
/// OpenAI's guide to rate limits has it,
/// <https://platform.openai.com/docs/guides/rate-limits#retrying-with-exponential-backoff>,
/// around a call that holds one of 32 places of a semaphore while it is sent.
pub(crate) async fn tenacity(url: &str, prompts: Vec<Value>) -> usize {
    let (client, places) = (Client::new(), Arc::new(Semaphore::new(32)));
    let mut calls = JoinSet::new();
    for (body, number) in prompts.into_iter().zip(1..) {
        let (client, url, places) = (client.clone(), url.to_owned(), Arc::clone(&places));
        calls.spawn(async move {
            let mut luck = SplitMix64::new(number);
            for attempt in 0..6 {
                let place = places.acquire().await.unwrap();
                let answer = send(&client, &url, &body).await;
                drop(place);
                if answer == Some(StatusCode::OK) {
                    return true;
                }
                // Uniform from min to the lesser of max and 2^attempt.
                let share = luck.next_u64() as f64 / u64::MAX as f64;
                let most = f64::from(1_u32 << attempt).min(60.0);
                if attempt < 5 {
                    sleep(seconds(1.0 + share * (most - 1.0))).await;
                }
            }
            false
        });
    }
    calls.join_all().await.into_iter().filter(|is_done| *is_done).count()
}

/// Tokens of the prompt, as counted by their rule of thumb, and the longest answer.
fn cost(body: &Value) -> f64 {
    let prompt = body["messages"][0]["content"].as_str().unwrap_or_default();
    (prompt.len() as f64 / 4.0).ceil() + body["max_tokens"].as_f64().unwrap_or(0.0)
}

async fn send(client: &Client, url: &str, body: &Value) -> Option<StatusCode> {
    let mut request = Request::new(Method::POST, url.parse().unwrap());
    *request.body_mut() = Some(body.to_string().into());
    let response = client.execute(request).await.ok()?;
    let status = response.status();
    response.bytes().await.ok()?;
    Some(status)
}

//! Requests and tokens a minute, as `OpenAI` limits them: a request is charged what it
//! may cost, and given back what its answer did not take.
//!
//! ```text
//! 12 chats ──> layer: 60 requests and 6,000 tokens a minute ──> a model in process,
//!              │                                                which uses 100 tokens
//!              └── each is charged 508 tokens, and settled by `usage`
//! ```
//!
//! The clock is Tokio's, paused: waits are shown, not sat out.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example plays the server, with its clock, and shows what happens"
)]

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use forbear_core::limiter::{Gcra, TokenBucket};
use forbear_core::{Dimension, Policy};
use forbear_http::{ForbearLayer, Reader, estimated_token_cost};
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::Instant;
use tower::{ServiceBuilder, ServiceExt, service_fn};

const CHAT: &str = r#"{
    "messages": [{"role": "user", "content": "How long is a piece of string?"}],
    "max_tokens": 500
}"#;
const ANSWER: &str = r#"{"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 91}}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tokio::time::pause();
    let requests = Gcra::per("60/min".parse()?).with_burst(3)?;
    let tokens = TokenBucket::new("6000/min".parse()?, 1_000)?.counting(Dimension::Tokens);
    let policy = Policy::builder().limit(requests).limit(tokens).build()?;
    let layer = ForbearLayer::new(policy)
        .costing(|chat: &Request<String>| estimated_token_cost(chat.body().as_bytes()))
        .reading_with(Reader::for_provider("openai").with_usage());

    let model = service_fn(|_: Request<String>| async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let answer = Response::builder().header("content-type", "application/json");
        Ok::<_, Infallible>(answer.body(Full::<Bytes>::from(ANSWER)).expect("a valid answer"))
    });
    let client = ServiceBuilder::new().layer(layer).service(model);

    let start = Instant::now();
    let mut chats = tokio::task::JoinSet::new();
    for n in 0..12 {
        let chat = client.clone().oneshot(Request::post("/").body(CHAT.to_owned())?);
        chats.spawn(async move { chat.await.map(|answer| (n, answer.status())) });
    }
    while let Some(chat) = chats.join_next().await {
        let (n, status) = chat??;
        println!("{:>6.1?}  chat {n}: {status}", start.elapsed());
    }
    // A burst of three, then one a second: the tokens that were given back leave the
    // rate to the requests. Without them it is one in five seconds.
    assert!(start.elapsed() < Duration::from_secs(15));
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() {
        super::main().unwrap();
    }
}

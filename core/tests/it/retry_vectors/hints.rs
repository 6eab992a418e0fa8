//! The server's waits: never earlier, never without bound.

use std::time::Duration;

use forbear_core::backoff::{BackoffStrategy, Constant};
use forbear_core::limiter::Concurrency;
use forbear_core::stop::MaxAttempts;
use forbear_core::{
    Action, Beyond, Call, Cost, Engine, GiveUp, HintRule, Observation, SplitMix64, Timestamp,
};
use serde_json::json;

use super::{Vector, list, secs};

pub(super) fn keep(v: &Vector) -> bool {
    let hour = Duration::from_secs(3600);
    match v.name.as_str() {
        // The SDK falls back to its own half second; the server said 61.
        "anthropic.retry_after_61" => {
            for value in list(&v.inputs["values"]) {
                let hint = Duration::from_secs(value.as_str().unwrap().parse().unwrap());
                assert!(wait(hint, hour).unwrap() >= hint);
            }
        }
        "reqwest_retry.retry_after" => {
            assert!(wait(v.secs("retry_after"), hour).unwrap() >= secs(&v.expected["min_gap_s"]));
        }
        // Both clamp the server's wait to one of their own, which is too early.
        "smithy.retry_after_cap_v20" => {
            assert!(wait(v.secs("hint"), hour).unwrap() >= v.secs("hint"));
            assert_eq!(wait(v.secs("hint"), v.secs("max_backoff")), None);
        }
        "boto.x_amz_retry_after" => {
            let headers = list(&v.inputs["headers"]).iter().zip(list(&v.expected));
            for (header, expected) in headers {
                // A header that is no time is no hint.
                let Ok(millis) = header.as_str().unwrap().parse() else { continue };
                let hint = Duration::from_millis(millis);
                let delay = wait(hint, hour).unwrap();
                assert!(delay >= hint, "theirs is {}", expected[1]);
            }
        }
        "urllib3.retry_after_max" => {
            for row in list(&v.inputs["rows"]) {
                let (hint, cap) = (secs(&row[0]), secs(&row[1]));
                assert_eq!(wait(hint, cap).is_some(), hint <= cap);
            }
        }
        "openai.too_long" => {
            for (header, expected) in list(&v.inputs["headers"]).iter().zip(list(&v.expected)) {
                // Dates are read in forbear-http.
                let seconds = header["retry-after"].as_str().and_then(|text| text.parse().ok());
                let millis = header["retry-after-ms"].as_str().and_then(|text| text.parse().ok());
                let hint = seconds.map(Duration::from_secs).or(millis.map(Duration::from_millis));
                let Some(hint) = hint else { continue };
                let retries = wait(hint, Duration::from_secs(120)).is_some();
                assert_eq!(json!(retries), *expected, "{header}");
            }
        }
        _ => return false,
    }
    true
}

/// How long an engine with backoff of 50 ms, jittered, waits after a refusal with
/// this hint; `None` if it ends the call.
fn wait(hint: Duration, cap: Duration) -> Option<Duration> {
    let backoff = Constant::new(Duration::from_millis(50)).full_jitter();
    let limiter = Concurrency::new(1).unwrap();
    let stop = MaxAttempts::new(3).unwrap();
    let mut engine = Engine::new(limiter, backoff, stop, SplitMix64::new(3))
        .with_hint_rule(HintRule::new(cap, Beyond::Stop).unwrap());
    let mut call = Call::new(Timestamp::ZERO, Cost::REQUEST);
    assert_eq!(engine.poll(Timestamp::ZERO, &mut call), Action::Send);
    engine.complete(Timestamp::ZERO, &mut call, &Observation::throttled(Some(hint)));
    match engine.poll(Timestamp::ZERO, &mut call) {
        Action::SleepUntil(time, _) => Some(time.since(Timestamp::ZERO)),
        Action::Finish(Err(GiveUp::HintBeyondCap { opens_at })) => {
            assert!(opens_at.since(Timestamp::ZERO) >= hint);
            None
        }
        other => panic!("{other:?}"),
    }
}

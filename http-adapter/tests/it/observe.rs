use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use forbear_core::backoff::Constant;
use forbear_core::limiter::Gcra;
use forbear_core::{Observation, Outcome, Policy, PolicyBuilder, RateSignal, Throttle};
use forbear_http::observe::{MetricsObserver, TracingObserver};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, SubscriberExt};

/// An answer that says what it is.
#[derive(Clone, Copy, Debug)]
struct Answer(Observation);

impl RateSignal for Answer {
    fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    fn observe(&self) -> Observation {
        self.0
    }
}

fn failure(outcome: Outcome, code: Option<u16>) -> Answer {
    let mut seen = Observation::new(outcome);
    seen.code = code;
    Answer(seen)
}

fn throttled() -> Answer {
    let mut answer = failure(Outcome::Throttled(Throttle::RateLimit), Some(429));
    answer.0.retry_after = Some(Duration::from_secs(3));
    answer
}

fn builder() -> PolicyBuilder {
    Policy::builder().backoff(Constant::new(Duration::from_secs(1))).max_attempts(3).no_budget()
}

/// Makes a call whose attempts take 250 ms each and end so, and then in success.
async fn call(policy: &Policy, answers: &[Answer]) -> bool {
    let mut answers = answers.iter().copied();
    let call = policy.retry(|| {
        let answer = answers.next();
        async move {
            tokio::time::advance(Duration::from_millis(250)).await;
            answer.map_or(Ok(()), Err)
        }
    });
    call.await.is_ok()
}

/// What was counted, by name and labels: the counts and sums.
fn numbers(snapshotter: &Snapshotter) -> BTreeMap<String, String> {
    let all = snapshotter.snapshot().into_vec().into_iter();
    all.map(|(key, _, _, value)| {
        let labels: Vec<_> =
            key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Histogram(values) => format!("{values:?}"),
            DebugValue::Gauge(_) => unreachable!("there is none"),
        };
        (format!("{} {}", key.key().name(), labels.join(" ")), value)
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn metrics_have_the_numbers_of_what_was_done() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let observer = MetricsObserver::new().label("server.address", "a.example");
    let policy = builder().observe(observer).build().unwrap();
    assert!(call(&policy, &[throttled()]).await);
    assert!(!call(&policy, &[failure(Outcome::Transient, None); 3]).await);
    assert!(!call(&policy, &[failure(Outcome::Permanent, Some(404))]).await);
    drop(policy.attempts());

    let request = "http.client.request.duration server.address=a.example forbear.outcome=";
    let expected: BTreeMap<_, _> = [
        (format!("{request}success"), "[0.25]"),
        (format!("{request}rate_limit error.type=429 http.response.status_code=429"), "[0.25]"),
        (format!("{request}transient error.type=transient"), "[0.25, 0.25, 0.25]"),
        (format!("{request}permanent error.type=404 http.response.status_code=404"), "[0.25]"),
        ("forbear.call.attempts server.address=a.example forbear.end=success".into(), "[2.0]"),
        ("forbear.call.attempts server.address=a.example forbear.end=attempts".into(), "[3.0]"),
        (
            "forbear.call.attempts server.address=a.example forbear.end=not_retryable".into(),
            "[1.0]",
        ),
        ("forbear.call.duration server.address=a.example forbear.end=success".into(), "[3.5]"),
        ("forbear.call.duration server.address=a.example forbear.end=attempts".into(), "[2.75]"),
        (
            "forbear.call.duration server.address=a.example forbear.end=not_retryable".into(),
            "[0.25]",
        ),
        ("forbear.waits server.address=a.example forbear.wait.reason=server_hint".into(), "1"),
        ("forbear.waits server.address=a.example forbear.wait.reason=backoff".into(), "2"),
        (
            "forbear.wait.duration server.address=a.example forbear.wait.reason=server_hint".into(),
            "[3.0]",
        ),
        (
            "forbear.wait.duration server.address=a.example forbear.wait.reason=backoff".into(),
            "[1.0, 1.0]",
        ),
    ]
    .map(|(name, value): (String, _)| (name, value.to_owned()))
    .into();
    assert_eq!(numbers(&snapshotter), expected);
}

#[tokio::test(start_paused = true)]
async fn a_limiter_and_the_line_are_reasons_of_waits() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let gcra = Gcra::per("1/s".parse().unwrap());
    let policy = builder().limit(gcra).observe(MetricsObserver::new()).build().unwrap();
    let calls = [&policy; 3].map(|policy| policy.retry(|| async { Ok::<_, Answer>(()) }));
    let [a, b, c] = calls.map(IntoFuture::into_future);
    let _ = tokio::join!(a, b, c);
    let numbers = numbers(&snapshotter);
    assert_eq!(numbers["forbear.waits forbear.wait.reason=gcra"], "1");
    assert_eq!(numbers["forbear.waits forbear.wait.reason=line"], "1");
    assert!(!numbers.contains_key("forbear.wait.duration forbear.wait.reason=line"));
}

/// Writes events down, one line each.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = match field.name() {
            "message" => format!(" {value:?}"),
            name => format!(" {name}={value:?}"),
        };
        self.0.push_str(&text);
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Events {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let meta = event.metadata();
        let mut line = Line(format!("{} {}", meta.level(), meta.target()));
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_out_is_an_error_of_its_own() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let events = Events::default();
    let subscriber = tracing_subscriber::registry().with(events.clone());
    let _subscriber = tracing::subscriber::set_default(subscriber);
    let policy = builder().attempt_timeout(Duration::from_secs(5)).max_attempts(1);
    let policy = policy.observe(MetricsObserver::new()).observe(TracingObserver::new());
    let policy = policy.build().unwrap();
    let hangs = policy.retry(std::future::pending::<Result<(), Answer>>);
    assert!(hangs.await.is_err());
    let key = "http.client.request.duration forbear.outcome=transient error.type=timeout";
    assert_eq!(numbers(&snapshotter)[key], "[5.0]");
    let told = events.0.lock().unwrap();
    let answered = "DEBUG forbear answered forbear.outcome=\"transient\" duration_s=5.0 \
                    timed_out_after_s=5.0";
    assert_eq!(told[1], answered);
    assert!(told[2].ends_with("attempt 1 at 0ns: transient failure, timed out after 5s"));
}

#[tokio::test(start_paused = true)]
async fn events_tell_the_story_of_a_call() {
    let events = Events::default();
    let subscriber = tracing_subscriber::registry().with(events.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let policy = builder().max_attempts(2).observe(TracingObserver::new()).build().unwrap();
    assert!(call(&policy, &[throttled()]).await);
    let told = std::mem::take(&mut *events.0.lock().unwrap());
    let expected = [
        "DEBUG forbear sending http.request.resend_count=0",
        "DEBUG forbear answered forbear.outcome=\"rate_limit\" http.response.status_code=429 \
         duration_s=0.25 retry_after_s=3.0",
        "DEBUG forbear waiting forbear.wait.reason=\"server_hint\" duration_s=3.0",
        "DEBUG forbear sending http.request.resend_count=1",
        "DEBUG forbear answered forbear.outcome=\"success\" duration_s=0.25",
        "DEBUG forbear succeeded forbear.call.attempts=2 duration_s=3.5",
    ];
    assert_eq!(told, expected);

    assert!(!call(&policy, &[failure(Outcome::Permanent, Some(404))]).await);
    let last = events.0.lock().unwrap().pop().unwrap();
    assert_eq!(
        last,
        "WARN forbear gave up forbear.call.attempts=1 duration_s=0.25 \
         forbear.reason=the failure is not one that a retry can cure \
         forbear.history=attempt 1 at 0ns: permanent failure (404)"
    );
    let mut gone = policy.attempts();
    gone.permit().await.unwrap();
    drop(gone);
    let last = events.0.lock().unwrap().pop().unwrap();
    assert!(last.starts_with("DEBUG forbear gave up"), "{last}");
}

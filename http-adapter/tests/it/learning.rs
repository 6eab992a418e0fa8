use std::time::Duration;

use bytes::Bytes;
use forbear_core::Policy;
use forbear_http::{ForbearLayer, ReplayBody};
use http_body_util::{BodyExt, Full};
use tower::{ServiceBuilder, ServiceExt};

use crate::drain::{Drained, Logged, TABLE_HEAD, drain, drain_with};
use crate::lateness::{Watch, within_three};
use crate::server::{Draft, Express, HaProxy, Nginx};

/// What express-rate-limit permits in a window; neither is told to the policy.
const LIMIT: u32 = 50;
const WINDOW: Duration = Duration::from_secs(2);

/// No rate: what the server permits is for the policy to find out.
fn knowing_only(limiter: &str) -> Policy {
    toml::from_str(&format!(
        "[retry]
         max_attempts = 50
         backoff = {{ kind = 'exponential', base = '50ms', max = '2s', jitter = 'full' }}
         budget = {{ ratio = 1.0, reserve = 100 }}

         [[limit]]
         kind = '{limiter}'"
    ))
    .unwrap()
}

async fn drained(url: &str, limiter: &str, requests: usize) -> Drained {
    let logged = Logged::new();
    let layer = ForbearLayer::new(knowing_only(limiter));
    let service = ServiceBuilder::new().layer(layer).service(logged.clone());
    drain(url, &logged, service, requests).await
}

/// Five windows of express-rate-limit.
async fn express(draft: Draft) -> Option<Drained> {
    let server = Express::limiting(draft, LIMIT, u32::try_from(WINDOW.as_millis()).unwrap())?;
    Some(drained(&server.url(), "learned", 5 * LIMIT as usize).await)
}

/// The three servers side by side: they are idle most of the time.
async fn express_is_used_in_full() -> Result<(), String> {
    let watch = Watch::start();
    let (six, seven, eight) =
        tokio::join!(express(Draft::Six), express(Draft::Seven), express(Draft::Eight));
    let lateness = watch.stop();
    println!("{TABLE_HEAD}");
    for (draft, drained) in [("draft-6", six), ("draft-7", seven), ("draft-8", eight)] {
        let Some(drained) = drained else { continue };
        assert_eq!((drained.lost, drained.before_hint), (0, 0), "{draft}: {drained:?}");
        let [_, later @ ..] = drained.windows.as_slice() else {
            panic!("{draft} has too few windows: {drained:?}");
        };
        let refused = later.iter().map(|window| window.refused).sum::<usize>();
        let served = later.iter().map(|window| window.served).sum::<usize>();

        // By the time that passed and not by the windows that the server counts: one
        // begins with the first request, so waiting too long shows in no count. Of
        // three windows, 5 % are 300 ms for whatever else a busy machine has to do.
        let [whole @ .., last] = later else { panic!("{draft}: {drained:?}") };
        let time = last.from - whole[0].from;
        let quota = f64::from(LIMIT) * time.as_secs_f64() / WINDOW.as_secs_f64();
        let used = whole.iter().map(|window| window.served).sum::<usize>() as f64 / quota;
        println!("{}", drained.row(&format!("{draft}, {:.1} % used", 100.0 * used)));
        if used < lateness.wanted(0.95) || refused as f64 > 0.02 * (served + refused) as f64 {
            return Err(format!(
                "{lateness:?}, {draft}: {refused} refused, {used} used of {drained:?}"
            ));
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_quota_of_express_rate_limit_is_learned_and_used() {
    within_three(express_is_used_in_full).await;
}

/// How long it takes to find a rate of which only refusals tell: a wait of a second with
/// each of them is most of it.
const LEARNING: Duration = Duration::from_secs(20);

/// A server that only says no, its limit a second, and the requests to send.
struct Silent {
    name: &'static str,
    limit: f64,
    requests: usize,
    /// The part of the limit that is used at least after [`LEARNING`], on a machine that is
    /// not late.
    used: f64,
}

const SILENT: [Silent; 4] = [
    Silent { name: "HAProxy with Retry-After", limit: 50.0, requests: 1500, used: 0.92 },
    Silent { name: "HAProxy without", limit: 50.0, requests: 1650, used: 0.9 },
    Silent { name: "nginx with Retry-After", limit: 100.0, requests: 3000, used: 0.94 },
    Silent { name: "nginx without", limit: 100.0, requests: 3300, used: 0.96 },
];

/// Drains each of them, at once: they are idle most of the time.
async fn drain_silent() -> [Option<Drained>; 4] {
    let haproxy = |hint, requests| async move {
        let server = HaProxy::limiting(50, 1, hint)?;
        Some(drained(&server.url(), "learned", requests).await)
    };
    let nginx = |hint, requests| async move {
        let server = Nginx::limiting(100, 20, hint)?;
        Some(drained(&server.url(), "learned", requests).await)
    };
    let [one, two, three, four] = SILENT.map(|silent| silent.requests);
    let drains = tokio::join!(
        haproxy(Some(1), one),
        haproxy(None, two),
        nginx(Some(1), three),
        nginx(None, four)
    );
    [drains.0, drains.1, drains.2, drains.3]
}

/// Nothing is lost, no caller goes before the wait that one was told, and of what is sent
/// after [`LEARNING`] at most 2 % is refused while nearly all that the server has is used.
///
/// A busy machine is late, and then a server that counts by the second refuses more: less
/// is asked of that.
async fn silent_ones_are_used() -> Result<(), String> {
    let watch = Watch::start();
    let drains = drain_silent().await;
    let lateness = watch.stop();
    println!("{lateness:?}\n{TABLE_HEAD}");
    let mut missed = Vec::new();
    for (silent, drained) in SILENT.iter().zip(drains) {
        let (name, Some(drained)) = (silent.name, drained) else { continue };
        let later = drained.after(LEARNING);
        let used = later.rate / silent.limit;
        let says = format!("{name}, then {later:?}, {:.1} % used", 100.0 * used);
        println!("{}", drained.row(&says));
        // Whatever the machine does.
        assert_eq!((drained.lost, drained.before_hint), (0, 0), "{name}: {later:?}");
        assert!(drained.refused > 0, "the server does limit: {later:?}");
        let least = lateness.wanted(silent.used);
        if used < least || 50 * later.refused > later.answers {
            missed.push(format!("{says}, {least} asked for"));
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(format!("{lateness:?}: {missed:?}")) }
}

#[tokio::test]
async fn a_rate_that_is_only_refused_is_found_and_used() {
    within_three(silent_ones_are_used).await;
}

/// The layer over hyper-util's own requests and responses.
#[tokio::test]
async fn hyper_util_learns_what_is_only_refused_without_loss() {
    let Some(server) = HaProxy::limiting(50, 1, None) else { return };
    let executor = hyper_util::rt::TokioExecutor::new();
    let hyper = hyper_util::client::legacy::Client::builder(executor).build_http();
    let logged = Logged::over(hyper);
    let layer = ForbearLayer::new(knowing_only("learned"));
    let service = ServiceBuilder::new().layer(layer).service(logged.clone());
    let send = move |url: String| {
        let service = service.clone();
        async move {
            let body = ReplayBody::new(Full::<Bytes>::default());
            let request = http::Request::get(url).body(body).unwrap();
            let response = service.oneshot(request).await.ok()?;
            let status = response.status();
            response.into_body().collect().await.unwrap();
            Some(status)
        }
    };
    let drained = drain_with(&server.url(), &logged, send, 300).await;
    println!("{TABLE_HEAD}\n{}", drained.row("hyper-util, HAProxy without Retry-After"));
    assert_eq!((drained.lost, drained.before_hint), (0, 0), "{drained:?}");
    // Most of it is learning.
    assert!(drained.refused > 0 && drained.refused_share() <= 0.1, "{drained:?}");
}

/// The adaptive mode of the AWS SDKs, for comparison: it finds the rate by its refusals too,
/// and asks for more after each.
#[tokio::test]
async fn the_cubic_curve_drains_what_is_only_refused_without_loss() {
    let Some(server) = Nginx::limiting(100, 20, None) else { return };
    let drained = drained(&server.url(), "cubic", 300).await;
    println!("{TABLE_HEAD}\n{}", drained.row("cubic, nginx without Retry-After"));
    assert_eq!((drained.lost, drained.before_hint), (0, 0), "{drained:?}");
    // A client that does not slow down has nine of ten refused.
    assert!(drained.refused > 0 && drained.refused_share() < 0.5, "{drained:?}");
}

use std::time::Duration;

use forbear_core::Policy;
use forbear_http::ForbearLayer;
use tower::ServiceBuilder;

use crate::drain::{Drained, Logged, TABLE_HEAD, drain};
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
#[tokio::test]
async fn the_quota_of_express_rate_limit_is_learned_and_used() {
    let (six, seven, eight) =
        tokio::join!(express(Draft::Six), express(Draft::Seven), express(Draft::Eight));
    println!("{TABLE_HEAD}");
    for (draft, drained) in [("draft-6", six), ("draft-7", seven), ("draft-8", eight)] {
        let Some(drained) = drained else { return };
        assert_eq!((drained.lost, drained.before_hint), (0, 0), "{draft}: {drained:?}");
        let [_, later @ ..] = drained.windows.as_slice() else {
            panic!("{draft} has too few windows: {drained:?}");
        };
        let refused = later.iter().map(|window| window.refused).sum::<usize>();
        let served = later.iter().map(|window| window.served).sum::<usize>();
        assert!(refused as f64 <= 0.02 * (served + refused) as f64, "{draft}: {drained:?}");

        // By the time that passed and not by the windows that the server counts: one
        // begins with the first request, so waiting too long shows in no count. Of
        // three windows, 5 % are 300 ms for whatever else a busy machine has to do.
        let [whole @ .., last] = later else { panic!("{draft}: {drained:?}") };
        let time = last.from - whole[0].from;
        let quota = f64::from(LIMIT) * time.as_secs_f64() / WINDOW.as_secs_f64();
        let used = whole.iter().map(|window| window.served).sum::<usize>() as f64 / quota;
        println!("{}", drained.row(&format!("{draft}, {:.1} % used", 100.0 * used)));
        assert!(used >= 0.95, "{draft}: {used} of {drained:?}");
    }
}

/// A server that only says no, perhaps with a wait. There is no number to learn, so the
/// rate is found by its refusals, and these cannot be at most 2 %: each probe for more
/// ends in one. Nothing is lost, and no caller goes before the wait that one was told.
#[tokio::test]
async fn a_rate_that_is_only_refused_is_found_without_loss() {
    let haproxy = |hint| async move {
        let server = HaProxy::limiting(50, 1, hint)?;
        Some(drained(&server.url(), "cubic", 200).await)
    };
    let nginx = |hint| async move {
        let server = Nginx::limiting(100, 20, hint)?;
        Some(drained(&server.url(), "cubic", 300).await)
    };
    let drains = tokio::join!(haproxy(Some(1)), haproxy(None), nginx(Some(1)), nginx(None));
    println!("{TABLE_HEAD}");
    for (name, drained) in [
        ("HAProxy with Retry-After", drains.0),
        ("HAProxy without", drains.1),
        ("nginx with Retry-After", drains.2),
        ("nginx without", drains.3),
    ] {
        let Some(drained) = drained else { continue };
        println!("{}", drained.row(name));
        assert_eq!((drained.lost, drained.before_hint), (0, 0), "{name}: {drained:?}");
        assert!(drained.refused > 0, "the server does limit: {drained:?}");
        // A client that does not slow down has nine of ten refused.
        assert!(drained.refused_share() < 0.5, "{name}: {drained:?}");
    }
}

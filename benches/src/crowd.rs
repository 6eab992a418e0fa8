//! A crowd that backs off.

use forbear_sim::Scenario;

/// `clients` clients that think for Exp(1 s) and call a server that admits a tenth of them a
/// second, for `horizon_s` virtual seconds.
///
/// # Panics
///
/// With fewer than 10 clients or more than 1,000,000.
#[must_use]
pub fn scenario(clients: u32, horizon_s: u32) -> Scenario {
    // The rate grows with the crowd, or more clients would be more refusals too.
    let rate = clients / 10;
    // More than any of them makes in the time, within what a scenario may have.
    let calls = (10_000_000 / clients).min(40);
    let text = format!(
        r#"
        name = "crowd"
        title = "A crowd that backs off"
        description = "10 times more demand than rate."
        horizon = "{horizon_s}s"
        timer = "0"
        [clients]
        count = {clients}
        calls = {calls}
        callers = 1
        [arrivals]
        kind = "closed"
        think = {{ kind = "exponential", mean = "1s" }}
        [network]
        round_trip = "50ms"
        [server]
        retry_after = "none"
        [[server.limit]]
        kind = "token_bucket"
        rate = "{rate}/s"
        burst = {rate}
        [[policy]]
        name = "full-jitter"
        [policy.retry]
        max_attempts = "none"
        deadline = "none"
        budget = "none"
        hint = "none"
        backoff = {{ kind = "exponential", base = "100ms", max = "10s", jitter = "full" }}
        "#
    );
    Scenario::parse(&text, &[]).expect("a scenario")
}

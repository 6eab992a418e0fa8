//! Comparisons made by hand, the same every time.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a sample is made of small round numbers"
)]

use forbear_sim::results::{
    AttemptCount, CdfPoint, Comparison, Metrics, PolicyResult, RunResult, ScenarioInfo, Series,
};

/// Calls in a run of the sample: 24 clients, 50 calls each.
const CALLS: u64 = 1_200;
const PERMITTED_PER_S: f64 = 500.0 / 60.0;

/// What a sample policy does, roughly.
struct Manner {
    name: &'static str,
    source: &'static str,
    /// Sends a second at the start.
    first_wave: f64,
    /// Sends a second later on, as a multiple of what is permitted.
    pressure: f64,
    success_share: f64,
    drain_s: f64,
    /// How much the runs differ.
    spread: f64,
}

const MANNERS: [Manner; 5] = [
    Manner {
        name: "recommended",
        source: "[retry]\nmax_attempts = 12\nbackoff = { kind = \"exponential\", base = \"500ms\", \
                 jitter = \"full\" }\n\n[[limit]]\nkind = \"learned\"\nheadroom = 0.05\n",
        first_wave: 9.0,
        pressure: 1.01,
        success_share: 1.0,
        drain_s: 152.0,
        spread: 0.01,
    },
    Manner {
        name: "aimd",
        source: "[[limit]]\nkind = \"aimd\"\nincrease = 1\ndecrease = 0.5\n",
        first_wave: 40.0,
        pressure: 1.12,
        success_share: 1.0,
        drain_s: 174.0,
        spread: 0.02,
    },
    Manner {
        name: "exponential-full-jitter",
        source: "[retry]\nmax_attempts = 12\nbackoff = { kind = \"exponential\", base = \"1s\", \
                 factor = 2.0, max = \"60s\", jitter = \"full\" }\n",
        first_wave: 240.0,
        pressure: 1.9,
        success_share: 0.982,
        drain_s: 236.0,
        spread: 0.05,
    },
    Manner {
        name: "exponential-no-jitter",
        source: "[retry]\nmax_attempts = 8\nbackoff = { kind = \"exponential\", base = \"1s\" }\n",
        first_wave: 240.0,
        pressure: 2.6,
        success_share: 0.871,
        drain_s: 291.0,
        spread: 0.04,
    },
    Manner {
        name: "retry-at-once",
        source: "[retry]\nmax_attempts = 8\nbackoff = { kind = \"constant\", delay = \"100ms\" }\n",
        first_wave: 240.0,
        pressure: 21.0,
        success_share: 0.214,
        drain_s: 34.0,
        spread: 0.03,
    },
];

/// Five policies in a storm of 1 200 calls, `replications` times.
pub(crate) fn comparison(replications: u32) -> Comparison {
    Comparison {
        version: "0.1.0".to_owned(),
        command: format!(
            "forbear compare scenarios/minute-quota.toml --reps {replications} --seed 1 --html report.html"
        ),
        scenario: ScenarioInfo {
            name: "minute-quota".to_owned(),
            title: "24 clients share a quota of 500 a minute".to_owned(),
            description: "A batch of 1 200 calls starts at once on 24 clients. The server permits \
                          500 requests a minute for all of them, answers anything above with 429 \
                          and a Retry-After, and takes 50 to 300 ms for the rest."
                .to_owned(),
            foremost: Vec::new(),
            hash: "9f3c2a7be1d04586".to_owned(),
            source:
                "name = \"minute-quota\"\n\n[clients]\ncount = 24\ncalls = 50\n\n[server]\nkind \
                     = \"token_bucket\"\nrate = \"500/min\"\nburst = 60\nretry_after = true\n"
                    .to_owned(),
            calls: CALLS,
            permitted_per_s: Some(PERMITTED_PER_S),
            drain_bound_s: Some(136.8),
        },
        seed: 1,
        replications,
        partial: false,
        policies: MANNERS.iter().map(|manner| policy(manner, replications)).collect(),
    }
}

fn policy(manner: &Manner, replications: u32) -> PolicyResult {
    let runs: Vec<RunResult> =
        (0..u64::from(replications)).map(|index| run(manner, 1 + index)).collect();
    let series = series(manner);
    let completion = completion(manner);
    PolicyResult {
        name: manner.name.to_owned(),
        source: manner.source.to_owned(),
        runs,
        series,
        completion,
        attempts: attempts(manner),
    }
}

/// Calls by their sends, about as many sends as the pressure says.
fn attempts(manner: &Manner) -> Vec<AttemptCount> {
    let most = if manner.pressure < 1.05 { 2 } else { count(manner.pressure * 4.0) as u32 };
    let mut left = CALLS;
    let mut counts = Vec::new();
    for sends in 1..=most {
        let share = if sends == most { 1.0 } else { 1.0 / manner.pressure.min(4.0) };
        let calls = count(left as f64 * share);
        left -= calls;
        let failed = if sends == most {
            count(CALLS as f64 * (1.0 - manner.success_share)).min(calls)
        } else {
            0
        };
        counts.push(AttemptCount { sends, succeeded: calls - failed, failed });
    }
    counts
}

/// A number in `-1.0..1.0` that looks random and depends on the seed alone.
fn wobble(seed: u64, salt: u64) -> f64 {
    let mixed = (seed * 0x9e37_79b9 + salt * 0x85eb_ca6b).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    ((mixed >> 40) as f64) / f64::from(1_u32 << 23) - 1.0
}

fn count(value: f64) -> u64 {
    value.round().max(0.0) as u64
}

fn run(manner: &Manner, seed: u64) -> RunResult {
    // The storm of a seed is the same for all; the rest is the policy's own luck.
    let storm = wobble(seed, 0) * 0.03;
    let luck = |salt: u64| 1.0 + storm + manner.spread * wobble(seed, salt);
    let calls = CALLS as f64;
    let drain = manner.drain_s * luck(manner.name.len() as u64);
    let succeeded = if manner.success_share < 1.0 {
        count((calls * manner.success_share * luck(2)).min(calls))
    } else {
        CALLS
    };
    let offered = PERMITTED_PER_S * manner.pressure * luck(3);
    let sends = count(offered * drain).max(succeeded + 2);
    let wasted = sends - succeeded;
    let throttled = count(wasted as f64 * 0.96);
    let slow = drain * 0.9;
    RunResult {
        seed,
        hash: format!("{:016x}", seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ sends),
        events: sends * 4 + CALLS,
        metrics: Metrics {
            calls: CALLS,
            succeeded,
            failed: CALLS - succeeded,
            cut_off: 0,
            sends,
            throttled,
            wasted,
            before_hint: if manner.pressure > 1.5 { throttled * 2 / 3 } else { 0 },
            offered_load: sends as f64 / drain,
            goodput: succeeded as f64 / drain,
            amplification: sends as f64 / calls,
            throttled_rate: throttled as f64 / sends as f64,
            time_to_drain: drain,
            completion_p50: Some(slow * 0.5),
            completion_p95: Some(slow * 0.95),
            completion_p99: Some(slow),
            quota_utilisation: Some((succeeded as f64 / drain / PERMITTED_PER_S).min(1.0)),
            fairness: Some(0.999 - manner.spread * 0.8),
            missed_deadlines: None,
            share_error: None,
            drain_bound: Some((succeeded.saturating_sub(60)) as f64 / PERMITTED_PER_S),
        },
        shared: None,
        repeated: None,
    }
}

fn series(manner: &Manner) -> Series {
    let slices = count(manner.drain_s) as usize;
    let (mut sends, mut throttled, mut outstanding) = (Vec::new(), Vec::new(), Vec::new());
    let mut open = CALLS as f64;
    let leaving = open / slices as f64;
    for slice in 0..slices {
        let seed = slice as u64 + 1;
        let wave = if slice < 2 { manner.first_wave } else { 0.0 };
        let beat = if manner.name.ends_with("no-jitter") && (slice + 1).is_power_of_two() {
            90.0
        } else {
            0.0
        };
        let base = PERMITTED_PER_S * manner.pressure * (1.0 + 0.12 * wobble(seed, 7));
        let sent = wave.max(beat).max(base);
        let over = (sent - PERMITTED_PER_S * (1.0 + 0.05 * wobble(seed, 8))).max(0.0);
        let over =
            if manner.pressure < 1.05 { if slice % 29 == 7 { 1.0 } else { 0.0 } } else { over };
        sends.push(count(sent));
        throttled.push(count(over));
        open -= leaving;
        outstanding.push(count(open));
    }
    Series { slice_s: 1.0, sends, throttled, outstanding }
}

fn completion(manner: &Manner) -> Vec<CdfPoint> {
    (1..=100)
        .map(|percent| {
            let share = f64::from(percent) / 100.0;
            let curve = if manner.pressure < 1.5 { share } else { share * share };
            CdfPoint { seconds: 0.12 + manner.drain_s * 0.98 * curve, share }
        })
        .collect()
}

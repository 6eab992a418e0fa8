//! The retry throttle of gRPC.

use forbear_core::budget::{Attempt, Budget, RetryThrottle};
use forbear_core::{Outcome, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::ensure;
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct GrpcThrottle {
    #[serde(alias = "maxTokens")]
    max_tokens: u32,
    /// What a success gives back, in at most three decimal places.
    #[serde(alias = "tokenRatio")]
    token_ratio: f64,
    /// `F` for a failure and `S` for a success.
    outcomes: String,
}

impl GrpcThrottle {
    pub(super) const KIND: Kind = kind::<Self>(
        "grpc_throttle",
        "tokens of the retry throttle of gRPC",
        "F: max(0, t - 1); S: min(max, t + ratio); a retry if t > max / 2",
        "gRPC proposal A6, retryThrottling",
    );
}

impl Default for GrpcThrottle {
    fn default() -> Self {
        Self { max_tokens: 10, token_ratio: 0.1, outcomes: "FFFFFFSSSSSSSSSSSFSF".to_owned() }
    }
}

impl Law for GrpcThrottle {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let milli = self.token_ratio * 1000.0;
        let is_whole = (milli - milli.round()).abs() < 1e-6;
        let must = "a number of at most three decimal places";
        ensure(is_whole && milli <= 1e6, "token_ratio", self.token_ratio, must)?;
        let is_word = self.outcomes.chars().all(|outcome| matches!(outcome, 'F' | 'S'));
        ensure(is_word, "outcomes", &self.outcomes, "of the letters F and S only")?;
        let mut throttle = RetryThrottle::new(self.max_tokens, self.token_ratio)?;
        let (max, ratio) = (f64::from(self.max_tokens) * 1000.0, milli.round());
        let mut tokens = max;
        let (mut counts, mut permits) = (Vec::new(), Vec::new());
        for (number, letter) in (1..).zip(self.outcomes.chars()) {
            let failed = letter == 'F';
            tokens = if failed { (tokens - 1000.0).max(0.0) } else { (tokens + ratio).min(max) };
            let outcome = if failed { Outcome::Transient } else { Outcome::Success };
            throttle.observe(Timestamp::ZERO, &Attempt { number: 1, outcome, paid: 0 });
            let permitted = throttle.withdraw(Timestamp::ZERO, outcome).is_some();
            let what = format!("thousandths of a token after {number} ({letter})");
            counts.push(Check::exact(what, tokens, throttle.millitokens() as f64));
            let yes = |holds: bool| f64::from(u8::from(holds));
            let what = format!("retry permitted after {number} ({letter})");
            permits.push(Check::exact(what, yes(2.0 * tokens > max), yes(permitted)));
        }
        counts.append(&mut permits);
        Ok(counts)
    }
}

//! The curve of CUBIC.

use std::time::Duration;

use forbear_core::limiter::CubicCurve;
use forbear_core::{Quantity, Timestamp};
use serde::{Deserialize, Serialize};

use super::drive::whole_ns;
use super::error::{ensure, ensure_positive};
use super::{Check, Kind, Law, TruthError, kind, one_or_more};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Cubic {
    /// Where the rate was cut.
    w_max: f64,
    /// To what share.
    beta: f64,
    /// How fast it grows.
    #[serde(alias = "C")]
    c: f64,
    /// When it is looked at, in seconds.
    #[serde(alias = "t_s", deserialize_with = "one_or_more")]
    t: Vec<f64>,
}

impl Cubic {
    pub(super) const KIND: Kind = kind::<Self>(
        "cubic",
        "the curve of CUBIC",
        "K = cbrt(Wmax (1 - beta) / C), W(t) = C (t - K)^3 + Wmax",
        "RFC 9438; the adaptive mode of the AWS SDKs has its constants, 0.7 and 0.4",
    );
}

impl Default for Cubic {
    fn default() -> Self {
        Self { w_max: 100.0, beta: 0.7, c: 0.4, t: vec![0.0, 1.0, 2.0, 4.0, 6.0, 8.0] }
    }
}

impl Law for Cubic {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { w_max, beta, c, .. } = *self;
        ensure_positive("w_max", w_max)?;
        ensure((0.01..=0.99).contains(&beta), "beta", beta, "from 0.01 to 0.99")?;
        ensure((1e-3..=1e3).contains(&c), "c", c, "from 0.001 to 1000")?;
        let plateau = libm::cbrt(w_max * (1.0 - beta) / c);
        let expected = |t: f64| c * (t - plateau) * (t - plateau) * (t - plateau) + w_max;
        // The limiter has the constants of the RFC. All cubics are one: time is drawn
        // out to another `C`, and a curve that is cut to another share is that of
        // another peak, moved.
        let stretch = libm::cbrt(c / 0.4);
        let peak = w_max * (1.0 - beta) / 0.3;
        let must = "a time in which the curve goes to at most 1000 s and above 0";
        let end = self.t.iter().copied().fold(2.0 * plateau, f64::max);
        ensure(end * stretch <= 1000.0, "t", end, must)?;
        let curve =
            CubicCurve::cut_at(Timestamp::ZERO, Quantity::from_micros(whole_ns(peak) / 1000));
        let measured = |t: f64| {
            let at = Timestamp::ZERO.after(Duration::from_nanos(whole_ns(t * stretch)));
            curve.rate(at).as_micros() as f64 / 1e6 - peak + w_max
        };
        let measured_plateau = curve.plateau_after().as_secs_f64() / stretch;
        let mut checks =
            vec![Check::new("K [s]", plateau, measured_plateau, 1e-6 * plateau + 1e-8)];
        let instants = self.t.iter().map(|&t| (format!("W({t} s)"), t));
        let plateaus = [("W(K)".to_owned(), plateau), ("W(2 K)".to_owned(), 2.0 * plateau)];
        for (what, t) in instants.chain(plateaus) {
            ensure(t >= 0.0, "t", t, "not negative")?;
            let expected = expected(t);
            // Rates have six places, and times nine.
            let slope = 3.0 * c * (t - plateau) * (t - plateau);
            let tolerance = 4e-6 + slope * 2e-9 + 1e-9 * expected.abs();
            checks.push(Check::new(what, expected, measured(t), tolerance));
        }
        Ok(checks)
    }
}

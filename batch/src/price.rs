//! What units cost in money.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use forbear_core::Dimension;

use crate::BatchError;

/// Money for a million units of a dimension, in whatever currency the caller thinks in.
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
/// use forbear_batch::Price;
/// use forbear_core::Dimension;
///
/// let prices: [Price; 2] = ["input_tokens=2.50".parse()?, "output_tokens=10".parse()?];
/// let used = BTreeMap::from([(Dimension::InputTokens, 3_000_000), (Dimension::OutputTokens, 1)]);
/// assert_eq!(Price::sum(&prices, &used).to_string(), "7.50001");
/// # Ok::<(), forbear_batch::BatchError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Price {
    dimension: Dimension,
    /// Millionths for a million units.
    micros: u64,
}

/// An amount of money.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Money {
    /// In millionths of the currency.
    pub micros: u64,
}

impl Price {
    /// What `used` costs, rounded up to a millionth.
    #[must_use]
    pub fn sum(prices: &[Self], used: &BTreeMap<Dimension, u64>) -> Money {
        let pico = prices.iter().map(|price| {
            let units = used.get(&price.dimension).copied().unwrap_or(0);
            u128::from(units) * u128::from(price.micros)
        });
        let micros = pico.sum::<u128>().div_ceil(1_000_000);
        Money { micros: u64::try_from(micros).unwrap_or(u64::MAX) }
    }
}

impl FromStr for Price {
    type Err = BatchError;

    /// A dimension and money for a million units, with up to six decimal places:
    /// `input_tokens=2.50`.
    fn from_str(text: &str) -> Result<Self, BatchError> {
        let wrong = || {
            let must = "must be a dimension and a price of a million units, such as tokens=2.50";
            BatchError::settings(format!("the price is '{text}', {must}"))
        };
        let (name, amount) = text.split_once('=').ok_or_else(wrong)?;
        let dimension = Dimension::from_name(name).ok_or_else(wrong)?;
        let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
        let is_number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() || part.len() > 6 || !is_number(whole) || !is_number(part) {
            return Err(wrong());
        }
        let micros = format!("{whole}{part:0<6}").parse().map_err(|_| wrong())?;
        Ok(Self { dimension, micros })
    }
}

/// With as many decimal places as it has, and at least two.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.micros / 1_000_000, self.micros % 1_000_000);
        let part = format!("{part:06}");
        let (cents, rest) = part.split_at(2);
        write!(f, "{whole}.{cents}{}", rest.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_price_is_refused() {
        for text in
            ["", "tokens", "tokens=", "tokens=-1", "token=1", "tokens=1.1234567", "tokens=1e3"]
        {
            let error = text.parse::<Price>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("the price is '{text}', must be")));
        }
    }
}

//! One thing that may vary: the values it has, or the range it is drawn from.

use std::fmt;
use std::str::FromStr;

use super::grid::is_of_policy;
use super::range::{self, Item};
use super::span::Span;
use super::{Parameter, ParameterError};
use crate::rng::scaled;

/// A dotted key and what it may be: `key=a,b,c`, ranges with steps, or one range without.
///
/// | text | means |
/// | --- | --- |
/// | `retry.backoff.jitter=none,full` | one of these |
/// | `clients.count=10..40:10` | 10, 20, 30 or 40 |
/// | `retry.backoff.max=1s..64s:x2` | 1s, 2s, 4s, … or 64s |
/// | `retry.backoff.base=10ms..10s:log4` | 10ms, 100ms, 1s or 10s |
/// | `retry.max_attempts=2..12` | any whole number from 2 to 12 |
/// | `retry.backoff.factor=1.0..4.0` | any number from 1 to 4 |
/// | `retry.backoff.base=10ms..10s:log` | any time between, as many below 316ms as above |
///
/// Values that are drawn from a range have three digits.
///
/// # Examples
///
/// ```
/// use forbear_sim::sweep::Axis;
///
/// let axis: Axis = "retry.backoff.base=10ms..10s:log".parse()?;
/// assert_eq!(axis.at(1 << 63), "316ms");
/// assert!(axis.parameter().unwrap_err().to_string().contains("has no steps"));
/// # Ok::<(), forbear_sim::sweep::ParameterError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Axis {
    key: String,
    text: String,
    domain: Domain,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Domain {
    Values(Vec<String>),
    Span(Span),
}

impl Axis {
    /// The dotted key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether a policy file has the key; otherwise a scenario has it.
    #[must_use]
    pub fn is_of_policy(&self) -> bool {
        is_of_policy(&self.key)
    }

    /// The values, unless it is a range without steps.
    #[must_use]
    pub fn values(&self) -> Option<&[String]> {
        match &self.domain {
            Domain::Values(values) => Some(values),
            Domain::Span(_) => None,
        }
    }

    /// The value at `share / 2^64` of what it may be.
    #[must_use]
    pub fn at(&self, share: u64) -> String {
        match &self.domain {
            Domain::Values(values) => {
                let index = scaled(share, values.len() as u64 - 1);
                let value = usize::try_from(index).ok().and_then(|index| values.get(index));
                value.cloned().unwrap_or_default()
            }
            Domain::Span(span) => span.at(share),
        }
    }

    /// The same as a parameter of a grid.
    ///
    /// # Errors
    ///
    /// If it is a range without steps.
    pub fn parameter(&self) -> Result<Parameter, ParameterError> {
        match &self.domain {
            Domain::Values(values) => Ok(Parameter::new(&self.key, values.clone())),
            Domain::Span(_) => {
                let ends = self.text.strip_suffix(":log").unwrap_or(&self.text);
                Err(ParameterError::new(format!(
                    "{self} has no steps, must be such as {ends}:10, {ends}:x2 or {ends}:log5, or \
                     be sampled"
                )))
            }
        }
    }
}

impl FromStr for Axis {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        let (key, list) =
            text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
                let must = "must be key=values, such as retry.backoff.base=100ms,1s or \
                        clients.count=10..100:10";
                ParameterError::new(must.to_owned())
            })?;
        let wrong = |reason: String| ParameterError::new(format!("{key}: {reason}"));
        let items = items(list);
        let mut values = Vec::new();
        for item in &items {
            if item.is_empty() {
                return Err(wrong("a value is empty".to_owned()));
            }
            match range::read(item).map_err(wrong)? {
                Item::Values(more) => values.extend(more),
                Item::Span(span) if items.len() == 1 => {
                    let (key, text) = (key.to_owned(), text.to_owned());
                    return Ok(Self { key, text, domain: Domain::Span(span) });
                }
                Item::Span(_) => {
                    return Err(wrong(format!("{item} has no steps, so it must stand alone")));
                }
            }
            if values.len() > range::MOST {
                return Err(wrong(format!("there are more than {} values", range::MOST)));
            }
        }
        let mut sorted: Vec<&String> = values.iter().collect();
        sorted.sort_unstable();
        if let Some([twice, ..]) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(wrong(format!("the value {twice} comes twice")));
        }
        let text = format!("{key}={}", values.join(","));
        Ok(Self { key: key.to_owned(), text, domain: Domain::Values(values) })
    }
}

/// As one types it.
impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The texts between the commas that are neither in brackets nor in quotes.
fn items(list: &str) -> Vec<&str> {
    let (mut items, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    for (at, character) in list.char_indices() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                items.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(list[start..].trim());
    items
}

#[cfg(test)]
mod tests {
    use super::items;

    #[test]
    fn commas_divide_outside_of_brackets_and_quotes() {
        assert_eq!(items("1,2"), ["1", "2"]);
        assert_eq!(items("{ a = 1, b = 2 }, 'x,y'"), ["{ a = 1, b = 2 }", "'x,y'"]);
        assert_eq!(items(""), [""]);
    }
}

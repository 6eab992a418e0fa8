//! One thing that varies, and its values.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::grid::is_of_policy;
use super::range;

/// A dotted key and the values that it takes: `key=a,b,c`, or ranges.
///
/// | text | values |
/// | --- | --- |
/// | `retry.backoff.base=100ms,1s` | 100ms, 1s |
/// | `clients.count=10..40:10` | 10, 20, 30, 40 |
/// | `retry.backoff.max=1s..8s:x2` | 1s, 2s, 4s, 8s |
///
/// A range is exact (no floats), and has its end only if a step meets it. Commas in
/// brackets or quotes do not divide.
///
/// # Examples
///
/// ```
/// use forbear_sim::sweep::Parameter;
///
/// let base: Parameter = "retry.backoff.base=50ms,100ms..1s:x3".parse()?;
/// assert_eq!(base.values(), ["50ms", "100ms", "300ms", "900ms"]);
/// # Ok::<(), forbear_sim::sweep::ParameterError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Parameter {
    key: String,
    values: Vec<String>,
}

/// A text that says no key with values.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct ParameterError(String);

impl Parameter {
    /// The dotted key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its values, at least one, each of them once.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Whether a policy file has the key; otherwise a scenario has it.
    #[must_use]
    pub fn is_of_policy(&self) -> bool {
        is_of_policy(&self.key)
    }
}

impl FromStr for Parameter {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        let (key, list) =
            text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
                let must = "must be key=values, such as retry.backoff.base=100ms,1s or \
                        clients.count=10..100:10";
                ParameterError(must.to_owned())
            })?;
        let wrong = |reason: String| ParameterError(format!("{key}: {reason}"));
        let mut values = Vec::new();
        for item in items(list) {
            if item.is_empty() {
                return Err(wrong("a value is empty".to_owned()));
            }
            values.extend(range::expand(item).map_err(wrong)?);
            if values.len() > range::MOST {
                return Err(wrong(format!("there are more than {} values", range::MOST)));
            }
        }
        let mut sorted: Vec<&String> = values.iter().collect();
        sorted.sort_unstable();
        if let Some([twice, ..]) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(wrong(format!("the value {twice} comes twice")));
        }
        Ok(Self { key: key.to_owned(), values })
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.values.join(","))
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

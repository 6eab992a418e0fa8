//! `key=value` pairs of a command line, read as a TOML table.
//!
//! A value that is a number, a truth, an array or a table of TOML stays one; any
//! other is text. So whatever a policy file accepts, the command line accepts.

use std::ops::Range;
use std::sync::Arc;

use forbear_core::BackoffStrategy;
use forbear_core::spec::BackoffSpec;
use toml::de::DeValue;

use crate::diagnose;
use crate::problem::Problem;

/// The pairs, as written and as TOML.
#[derive(Debug)]
struct Pairs {
    toml: String,
    /// For each pair, its bytes as written and as TOML; keys and values apart.
    places: Vec<(Range<usize>, Range<usize>)>,
}

/// Reads a backoff, such as `kind=exponential base=1s max=60s jitter=full`.
///
/// # Errors
///
/// If a word is no pair, a key is unknown, or a value is wrong.
pub(crate) fn backoff(option: &str, text: &str) -> Result<Arc<dyn BackoffStrategy>, Problem> {
    let pairs = Pairs::parse(option, text)?;
    let as_written = |problem: Problem| problem.moved(|span| pairs.written(span, text));
    let spec: BackoffSpec = toml::from_str(&pairs.toml)
        .map_err(|error| as_written(diagnose::toml_error(option, &pairs.toml, &error)))?;
    spec.build().map_err(|error| as_written(diagnose::impossible(option, &pairs.toml, &error)))
}

impl Pairs {
    fn parse(option: &str, text: &str) -> Result<Self, Problem> {
        let mut pairs = Self { toml: String::new(), places: Vec::new() };
        let mut end = 0;
        for word in text.split_whitespace() {
            // Words come in order, so each is the next occurrence of itself.
            let start = end + text[end..].find(word).unwrap_or_default();
            end = start + word.len();
            let (key, value) = word.split_once('=').ok_or_else(|| {
                Problem::new(format!("'{word}' is no pair, must be key=value")).at(
                    option,
                    text,
                    start..end,
                )
            })?;
            let at = start + key.len() + 1;
            pairs.push(start..start + key.len(), &toml_key(key));
            pairs.toml.push_str(" = ");
            pairs.push(at..end, &toml_value(value));
            pairs.toml.push('\n');
        }
        Ok(pairs)
    }

    fn push(&mut self, written: Range<usize>, toml: &str) {
        let start = self.toml.len();
        self.toml.push_str(toml);
        self.places.push((written, start..self.toml.len()));
    }

    /// The place in `text`, as written, of a place in the TOML.
    fn written(&self, span: &Range<usize>, text: &str) -> Option<(String, Range<usize>)> {
        let (written, _) = self.places.iter().find(|(_, toml)| toml.contains(&span.start))?;
        Some((text.to_owned(), written.clone()))
    }
}

fn toml_key(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !key.is_empty() && key.chars().all(is_bare) { key.to_owned() } else { quoted(key) }
}

fn toml_value(value: &str) -> String {
    let is_text = match DeValue::parse(value) {
        Ok(parsed) => matches!(parsed.get_ref(), DeValue::Datetime(_)),
        Err(_) => true,
    };
    if is_text { quoted(value) } else { value.to_owned() }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_numbers_and_words_become_text() {
        for (value, toml) in [
            ("2", "2"),
            ("1.5", "1.5"),
            ("true", "true"),
            ("nan", "nan"),
            ("[1,2]", "[1,2]"),
            ("\"x\"", "\"x\""),
            ("1s", "\"1s\""),
            ("full", "\"full\""),
            ("500/min", "\"500/min\""),
            ("", "\"\""),
        ] {
            assert_eq!(toml_value(value), toml, "{value}");
        }
    }
}

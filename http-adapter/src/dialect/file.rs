//! Dialects from a TOML file: a vendor is added without a line of Rust.
//!
//! A [`Dialect`] is made of constants, because a reading borrows from it for as long as
//! anybody likes. What a file says is therefore kept for good, each text once, however
//! often a file is loaded.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use forbear_core::text::parse_duration;
use serde::{Deserialize, Deserializer, de};

use crate::dialect::{CounterRole, Dialect};
use crate::reader::Reader;
use crate::value::reset::ResetForm;

impl Reader {
    /// Adds the dialects of a TOML text, before those that it has.
    ///
    /// Each is a table `[[dialect]]`, with the keys of [`Dialect`]'s methods. `provider` and
    /// `prefix` must be there; `words` maps a word to `limit`, `remaining`, `used`, `reset`,
    /// `reset_after` (seconds), `reset_time`, `window_seconds` or `window_millis`; `reset` is
    /// `by_size`, `delta_seconds`, `delta_millis`, `epoch_seconds` or `epoch_millis`.
    ///
    /// # Errors
    ///
    /// Where in the text something is that is no such table, and what it must be.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_http::{Head, Reader};
    ///
    /// let reader = Reader::new().with_dialects_of(r#"
    ///     [[dialect]]
    ///     provider = "acme"
    ///     prefix = "x-acme-quota-"
    ///     words = { allowed = "limit", left = "remaining" }
    ///     reset = "delta_millis"
    ///     window = "1m"
    ///     source = "https://acme.example/docs/limits"
    /// "#)?;
    /// let headers = [("X-Acme-Quota-Left", "7"), ("X-Acme-Quota-Reset", "1500")];
    /// let reading = reader.read(&Head::new(200, &headers), Duration::ZERO);
    /// let window = reading.limits().next().expect("one window");
    /// assert_eq!(window.remaining, Some(7.into()));
    /// assert_eq!(window.reset_after, Some(Duration::from_millis(1500)));
    /// # Ok::<(), forbear_http::DialectError>(())
    /// ```
    pub fn with_dialects_of(mut self, toml: &str) -> Result<Self, DialectError> {
        let file: File = toml::from_str(toml).map_err(DialectError)?;
        self.dialects.splice(..0, file.dialect.into_iter().map(Row::into_dialect));
        Ok(self)
    }
}

/// A text that is no list of dialects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DialectError(toml::de::Error);

impl DialectError {
    /// What the TOML parser says, with the place in the text.
    #[must_use]
    pub const fn toml(&self) -> &toml::de::Error {
        &self.0
    }
}

/// The line, the column and the text there.
impl fmt::Display for DialectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_string().trim_end())
    }
}

impl Error for DialectError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    dialect: Vec<Row>,
}

/// One table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    provider: String,
    #[serde(deserialize_with = "prefix")]
    prefix: String,
    #[serde(default, deserialize_with = "words")]
    words: Vec<(String, CounterRole)>,
    #[serde(default)]
    dimension: Option<String>,
    #[serde(default)]
    reset: ResetForm,
    #[serde(default, deserialize_with = "window")]
    window: Option<Duration>,
    #[serde(default)]
    source: String,
}

impl Row {
    fn into_dialect(self) -> Dialect {
        let words: Vec<_> =
            self.words.iter().map(|(word, role)| (kept(&TEXTS, word), *role)).collect();
        let dialect = Dialect::counters(kept(&TEXTS, &self.provider), kept(&TEXTS, &self.prefix))
            .words(kept(&WORDS, &words[..]))
            .reset(self.reset)
            .source(kept(&TEXTS, &self.source));
        let dialect = match self.dimension {
            Some(name) => dialect.dimension(kept(&TEXTS, &name)),
            None => dialect,
        };
        match self.window {
            Some(window) => dialect.window(window),
            None => dialect,
        }
    }
}

type Kept<T> = Mutex<BTreeSet<&'static T>>;
static TEXTS: Kept<str> = Mutex::new(BTreeSet::new());
static WORDS: Kept<[(&str, CounterRole)]> = Mutex::new(BTreeSet::new());

/// The one copy of `value` that is kept for good.
fn kept<T: Ord + ?Sized>(all: &Kept<T>, value: &T) -> &'static T
where
    Box<T>: for<'a> From<&'a T>,
{
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(value) {
        return known;
    }
    let value: &'static T = Box::leak(Box::from(value));
    all.insert(value);
    value
}

/// A prefix of field names: four octets or more, or it would be a prefix of too much.
fn prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let must = if text.len() < 4 {
        "have four letters or more"
    } else if !text.bytes().all(is_of_name) {
        "be lower-case letters, digits and hyphens"
    } else {
        return Ok(text);
    };
    Err(de::Error::custom(format_args!("prefix is {text:?}, must {must}")))
}

fn words<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, CounterRole)>, D::Error> {
    let words = std::collections::BTreeMap::<String, CounterRole>::deserialize(deserializer)?;
    match words.keys().find(|word| !word.bytes().all(is_of_name)) {
        Some(word) => Err(de::Error::custom(format_args!(
            "word is {word:?}, must be lower-case letters, digits and hyphens"
        ))),
        None => Ok(words.into_iter().collect()),
    }
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn window<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let window = parse_duration(&text).map_err(de::Error::custom)?;
    if window.is_zero() {
        return Err(de::Error::custom(format_args!("window is {text:?}, must be above 0")));
    }
    Ok(Some(window))
}

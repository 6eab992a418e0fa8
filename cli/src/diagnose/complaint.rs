//! What serde, the TOML parser and `InvalidConfig` say, taken apart.

use super::nearest::nearest;

/// A message about a file, by what it is about.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Complaint<'a> {
    /// A key that means nothing in its table.
    UnknownKey { key: &'a str, expected: Vec<&'a str> },
    /// A word that is none of those that its key takes.
    UnknownWord { word: &'a str, expected: Vec<&'a str> },
    /// A value of another type, as serde writes it: "integer `5`".
    WrongType { value: &'a str, expected: &'a str },
    /// A number or text that cannot be: "burst is 0, must be at least 1".
    Impossible { parameter: &'a str, value: &'a str, text: &'a str },
    /// A key that is not there.
    Missing { key: &'a str },
    /// Anything else, such as a syntax error, whose place is exact.
    Other(&'a str),
}

impl<'a> Complaint<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        Self::unknown(text)
            .or_else(|| Self::wrong_type(text))
            .or_else(|| {
                Some(Self::Missing {
                    key: text.strip_prefix("missing field `")?.strip_suffix('`')?,
                })
            })
            .or_else(|| Self::impossible(text))
            .unwrap_or(Self::Other(text))
    }

    fn unknown(text: &'a str) -> Option<Self> {
        let (is_key, rest) = match text.strip_prefix("unknown field `") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("unknown variant `")?),
        };
        // A key may itself hold a backtick; what follows it does not.
        let (name, list) =
            rest.rsplit_once("`, expected ").or_else(|| rest.rsplit_once("`, there"))?;
        let expected = list.split('`').skip(1).step_by(2).collect();
        Some(if is_key {
            Self::UnknownKey { key: name, expected }
        } else {
            Self::UnknownWord { word: name, expected }
        })
    }

    fn wrong_type(text: &'a str) -> Option<Self> {
        let rest =
            text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "))?;
        let (value, expected) = rest.rsplit_once(", expected ")?;
        Some(Self::WrongType { value, expected })
    }

    fn impossible(text: &'a str) -> Option<Self> {
        let (parameter, rest) = text.split_once(" is ")?;
        let (value, _) = rest.rsplit_once(", must be ")?;
        // "the number" stands for a key that the reader of a number cannot know.
        let is_name = parameter.starts_with("the ") || !parameter.contains(char::is_whitespace);
        is_name.then_some(Self::Impossible { parameter, value, text })
    }

    /// The message in the words of the policy file; `key` is what it is about.
    pub(super) fn message(&self, key: Option<&str>) -> String {
        match (self, key) {
            (Self::UnknownKey { key, .. }, _) => format!("unknown key '{key}'"),
            (Self::UnknownWord { word, expected }, Some(key)) => {
                format!("{key} is '{word}', must be {}", one_of(expected))
            }
            (Self::UnknownWord { word, expected }, None) => {
                format!("'{word}' must be {}", one_of(expected))
            }
            (Self::WrongType { value, expected }, key) => {
                let value = value
                    .split_once('`')
                    .map_or(*value, |(_, number)| number.trim_end_matches('`'));
                format!("{} is {value}, must be {}", key.unwrap_or("the value"), plain(expected))
            }
            // "duration" is no key of a file; the key says more.
            (Self::Impossible { parameter, text, .. }, Some(key)) => {
                format!("{key}{}", &text[parameter.len()..])
            }
            (Self::Impossible { text, .. } | Self::Other(text), _) => (*text).to_owned(),
            (Self::Missing { key }, _) => format!("the key '{key}' is missing"),
        }
    }

    /// What would be right.
    pub(super) fn help(&self) -> Option<String> {
        match self {
            Self::UnknownKey { expected, .. } if expected.is_empty() => {
                Some("there are no keys here".into())
            }
            Self::UnknownKey { key, expected } => Some(match nearest(key, expected) {
                Some(right) => format!("did you mean '{right}'?"),
                None => format!("the keys here are {}", listed(expected, "and")),
            }),
            Self::UnknownWord { word, expected } => {
                nearest(word, expected).map(|right| format!("did you mean '{right}'?"))
            }
            Self::WrongType { value, expected: "a string" } => {
                let is_number = value.starts_with("integer") || value.starts_with("floating");
                is_number.then(|| {
                    let number = value.split('`').nth(1);
                    // A number with a sign, and what is none, has no unit either.
                    let plain = number.filter(|text| text.bytes().all(|c| c.is_ascii_digit()));
                    let number = plain.unwrap_or("30");
                    format!(
                        "a duration has a unit, such as \"{number}s\"; \
                         a rate has a time, such as \"{number}/min\""
                    )
                })
            }
            _ => None,
        }
    }
}

/// What serde expects, as a person would say it.
fn plain(expected: &str) -> &str {
    match expected {
        "a string" => "text",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        "a map" => "a table",
        "a value or \"none\"" => "a value of another type, or \"none\"",
        other if other.starts_with("struct ") || other.starts_with("internally tagged enum ") => {
            "a table"
        }
        other => other,
    }
}

fn one_of(words: &[&str]) -> String {
    match words {
        [] => "another word".into(),
        words => listed(words, "or"),
    }
}

/// `'a', 'b' and 'c'`.
fn listed(words: &[&str], last: &str) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    match quoted.split_last() {
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_apart() {
        let unknown = Complaint::parse("unknown field `brst`, expected one of `rate`, `burst`");
        assert_eq!(unknown, Complaint::UnknownKey { key: "brst", expected: vec!["rate", "burst"] });
        assert_eq!(unknown.help().unwrap(), "did you mean 'burst'?");
        assert_eq!(
            Complaint::parse("unknown field `x`, there are no fields"),
            Complaint::UnknownKey { key: "x", expected: vec![] }
        );
        assert_eq!(
            Complaint::parse("burst is 0, must be at least 1"),
            Complaint::Impossible {
                parameter: "burst",
                value: "0",
                text: "burst is 0, must be at least 1"
            }
        );
        assert_eq!(
            Complaint::parse("duration is ' is 5, must be', must be a number"),
            Complaint::Impossible {
                parameter: "duration",
                value: "' is 5, must be'",
                text: "duration is ' is 5, must be', must be a number"
            }
        );
        assert_eq!(Complaint::parse("missing field `rate`"), Complaint::Missing { key: "rate" });
        assert_eq!(Complaint::parse("unclosed table"), Complaint::Other("unclosed table"));
    }

    #[test]
    fn messages_speak_of_the_key() {
        let wrong = Complaint::parse("invalid type: integer `5`, expected a string");
        assert_eq!(wrong.message(Some("rate")), "rate is 5, must be text");
        let bad = Complaint::parse("duration is '500', must be a number and a unit");
        assert_eq!(bad.message(Some("base")), "base is '500', must be a number and a unit");
        assert_eq!(bad.message(None), "duration is '500', must be a number and a unit");
    }
}

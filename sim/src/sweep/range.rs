//! Ranges of values, `10..100:10` and `100ms..10s:x2`, in exact decimals.

use std::time::Duration;

use forbear_core::text::{format_duration, parse_duration};

use super::span::{Scale, Span};

/// The most values of one parameter.
pub(super) const MOST: usize = 10_000;

/// Parts of one: numbers have at most nine decimal places.
pub(super) const ONE: u128 = 1_000_000_000;

/// What is done to get the next value.
enum Step {
    Add(u128),
    /// In billionths.
    Multiply(u128),
}

/// How a value is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// Billionths of a number with this unit, which may be empty.
    Number(String),
    /// Nanoseconds.
    Duration,
}

/// What stands between two commas.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Item {
    /// A value, or the values of a range with steps.
    Values(Vec<String>),
    /// A range without steps.
    Span(Span),
}

/// The values of a range; the text itself if it is none.
pub(super) fn read(text: &str) -> Result<Item, String> {
    let single = || Ok(Item::Values(vec![text.to_owned()]));
    let Some((from_text, rest)) = text.split_once("..") else { return single() };
    let (to_text, step_text) = match rest.split_once(':') {
        Some((to_text, step_text)) => (to_text, Some(step_text)),
        None => (rest, None),
    };
    let scale = match step_text {
        None => Some((Scale::Linear, "")),
        Some(step) => step.strip_prefix("log").map(|count| (Scale::Log, count)),
    };
    if let Some((scale, count)) = scale {
        let Some((from, to, form)) = ends(from_text, to_text) else {
            // `../` and the like are texts.
            return if step_text.is_none() {
                single()
            } else {
                Err(format!("{text}: the ends must be numbers or times of one unit"))
            };
        };
        let is_whole = !from_text.contains('.') && !to_text.contains('.');
        let span = Span::new(from, to, form, is_whole, scale).map_err(|must| {
            format!(
                "{text}: '{}' must be {must}",
                if from == 0 && scale == Scale::Log { from_text } else { to_text }
            )
        })?;
        if count.is_empty() {
            return Ok(Item::Span(span));
        }
        let many = count.parse::<usize>().ok().filter(|count| (2..=MOST).contains(count));
        let many = many.ok_or_else(|| {
            format!("{text}: '{count}' must be a number of values, 2 to {MOST}, such as log5")
        })?;
        return Ok(Item::Values(span.spread(many)));
    }
    let step_text = step_text.unwrap_or_default();
    expand(text, from_text, to_text, step_text).map(Item::Values)
}

/// Both ends of a range and how they are written; `None` if they are not of one form.
fn ends(from_text: &str, to_text: &str) -> Option<(u128, u128, Form)> {
    let numbers = number(from_text).zip(number(to_text));
    match numbers {
        // `0..1` are numbers, `0..1s` are times.
        Some(((from, ""), (to, ""))) => Some((from, to, Form::Number(String::new()))),
        _ => match (duration(from_text), duration(to_text), numbers) {
            (Some(from), Some(to), _) => Some((from, to, Form::Duration)),
            (_, _, Some(((from, unit), (to, to_unit)))) if unit == to_unit => {
                Some((from, to, Form::Number(unit.to_owned())))
            }
            _ => None,
        },
    }
}

/// The values of a range with a step or a factor.
fn expand(
    text: &str,
    from_text: &str,
    to_text: &str,
    step_text: &str,
) -> Result<Vec<String>, String> {
    let wrong = |part: &str, must: &str| format!("{text}: '{part}' must be {must}");
    let factor = step_text.strip_prefix('x');
    let durations = (duration(from_text), duration(to_text));
    let (form, from, to, step) = match (durations, factor.is_some(), duration(step_text)) {
        ((Some(from), Some(to)), true, _) if from_text != to_text => {
            (Form::Duration, from, to, None)
        }
        ((Some(from), Some(to)), false, Some(step)) => (Form::Duration, from, to, Some(step)),
        _ => {
            let (from, unit) = number(from_text).ok_or_else(|| wrong(from_text, "a number"))?;
            let (to, to_unit) = number(to_text).ok_or_else(|| wrong(to_text, "a number"))?;
            if unit != to_unit {
                return Err(wrong(to_text, &format!("of the unit of {from_text}")));
            }
            let step = number(step_text).filter(|(_, step_unit)| *step_unit == unit);
            let must = format!("a step of the unit of {from_text}, or a factor such as x2");
            if step.is_none() && factor.is_none() {
                return Err(wrong(step_text, &must));
            }
            let step = step.map(|(step, _)| step);
            (Form::Number(unit.to_owned()), from, to, step)
        }
    };
    if from > to {
        return Err(wrong(to_text, &format!("at least {from_text}")));
    }
    let step = match (step, factor) {
        (Some(step), _) if step > 0 => Step::Add(step),
        (None, Some(factor)) => match number(factor) {
            Some((factor, "")) if factor > ONE && from > 0 => Step::Multiply(factor),
            Some((factor, "")) if factor > ONE => return Err(wrong(from_text, "above 0")),
            _ => return Err(wrong(step_text, "a factor above 1, such as x2")),
        },
        _ => return Err(wrong(step_text, "a step above 0")),
    };
    let mut values = Vec::new();
    let mut value = from;
    while value <= to {
        if values.len() == MOST {
            return Err(format!("{text} has more than {MOST} values"));
        }
        values.push(form.text(value));
        value = match step {
            Step::Add(step) => value + step,
            // A factor close to 1 still moves on.
            Step::Multiply(factor) => (value * factor / ONE).max(value + 1),
        };
    }
    Ok(values)
}

impl Form {
    pub(super) fn text(&self, value: u128) -> String {
        match self {
            Self::Duration => {
                let nanos = u64::try_from(value).unwrap_or(u64::MAX);
                format_duration(Duration::from_nanos(nanos))
            }
            Self::Number(unit) => {
                let (whole, fraction) = (value / ONE, value % ONE);
                let fraction = format!("{fraction:09}");
                let fraction = fraction.trim_end_matches('0');
                let point = if fraction.is_empty() { "" } else { "." };
                format!("{whole}{point}{fraction}{unit}")
            }
        }
    }
}

/// Nanoseconds.
fn duration(text: &str) -> Option<u128> {
    parse_duration(text).ok().map(|duration| duration.as_nanos())
}

/// Billionths, and the unit that follows.
fn number(text: &str) -> Option<(u128, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    // So small that no product overflows.
    let fits = (1..=12).contains(&whole.len()) && fraction.len() <= 9 && !fraction.contains('.');
    let (whole, fraction) = (whole, format!("{fraction:0<9}"));
    fits.then_some(())?;
    Some((whole.parse::<u128>().ok()? * ONE + fraction.parse::<u128>().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::{Item, read};

    /// The values of a text that has some.
    fn expand(text: &str) -> Result<Vec<String>, String> {
        match read(text)? {
            Item::Values(values) => Ok(values),
            Item::Span(span) => Err(format!("{span:?}")),
        }
    }

    #[test]
    fn ranges_are_exact() {
        for (text, values) in [
            ("10..40:10", "10 20 30 40"),
            ("10..35:10", "10 20 30"),
            ("0..0.3:0.1", "0 0.1 0.2 0.3"),
            ("7..7:1", "7"),
            ("5/s..15/s:5/s", "5/s 10/s 15/s"),
            ("100ms..1s:300ms", "100ms 400ms 700ms 1s"),
            ("0..1s:500ms", "0s 500ms 1s"),
            ("1s..10s:x3", "1s 3s 9s"),
            ("0.5s..2s:x2", "500ms 1s 2s"),
            ("1..3:x1.5", "1 1.5 2.25"),
            ("1/s..8/s:x2", "1/s 2/s 4/s 8/s"),
            ("100ms..10s:log3", "100ms 1s 10s"),
            ("1..1000:log4", "1 10 100 1000"),
            ("0.1..10:log5", "0.1 0.316 1 3.16 10"),
            ("1/s..16/s:log3", "1/s 4/s 16/s"),
            ("full", "full"),
            ("../policy", "../policy"),
        ] {
            assert_eq!(
                expand(text).map(|values| values.join(" ")),
                Ok(values.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_wrong_range_says_which_part_is_wrong() {
        for (text, reason) in [
            ("40..10", "40..10: '10' must be above the start"),
            ("0..10:log3", "0..10:log3: '0' must be above 0"),
            ("1..10:log1", "1..10:log1: '1' must be a number of values, 2 to 10000, such as log5"),
            ("1..10:logx", "1..10:logx: 'x' must be a number of values, 2 to 10000, such as log5"),
            ("1..b:log", "1..b:log: the ends must be numbers or times of one unit"),
            ("1ms..2/s:log", "1ms..2/s:log: the ends must be numbers or times of one unit"),
            ("40..10:10", "40..10:10: '10' must be at least 40"),
            ("10..40:0", "10..40:0: '0' must be a step above 0"),
            ("10..40:x1", "10..40:x1: 'x1' must be a factor above 1, such as x2"),
            ("0..40:x2", "0..40:x2: '0' must be above 0"),
            (
                "10..40:-5",
                "10..40:-5: '-5' must be a step of the unit of 10, or a factor such as x2",
            ),
            ("a..b:1", "a..b:1: 'a' must be a number"),
            ("1ms..5/s:1", "1ms..5/s:1: '5/s' must be of the unit of 1ms"),
            ("100ms..1s:50", "100ms..1s:50: '1s' must be of the unit of 100ms"),
            ("1..1000000:1", "1..1000000:1 has more than 10000 values"),
            ("1..9999999999999:1", "1..9999999999999:1: '9999999999999' must be a number"),
        ] {
            assert_eq!(expand(text), Err(reason.to_owned()), "{text}");
        }
    }
}

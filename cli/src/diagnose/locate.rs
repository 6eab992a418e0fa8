//! The place in a TOML document that a complaint is about.

use std::ops::Range;
use std::str::FromStr;

use forbear_core::Rate;
use forbear_core::text::parse_duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::complaint::Complaint;

/// Values in messages are cut at this many characters.
const CUT: usize = 40;

/// A place, and the key that it belongs to.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) span: Range<usize>,
    pub(super) key: Option<String>,
}

/// A key with its value, anywhere in the document.
#[derive(Clone, Debug)]
struct Entry<'a> {
    key: &'a str,
    key_span: Range<usize>,
    value: &'a DeValue<'a>,
    value_span: Range<usize>,
    inside: bool,
}

/// The place in `source` of what `complaint` is about; `span` is the place that
/// came with it, perhaps too wide.
pub(super) fn locate(
    source: &str,
    span: Option<Range<usize>>,
    complaint: &Complaint<'_>,
) -> Option<Found> {
    let (document, _) = DeTable::parse_recoverable(source);
    let mut entries = Vec::new();
    collect(document.get_ref(), span.as_ref(), span.is_none(), &mut entries);
    // A table of TOML sorts its keys; a reader goes from top to bottom.
    entries.sort_by_key(|entry| entry.key_span.start);
    find(&entries, complaint).or_else(|| {
        let span = span?;
        // The exact place of a value, whose key is worth naming.
        let key = entries.iter().find(|entry| entry.value_span == span && !entry.value.is_table());
        Some(Found { key: key.map(|entry| entry.key.to_owned()), span })
    })
}

/// All keys below `table`; those below `scope` are `inside`.
fn collect<'a>(
    table: &'a DeTable<'a>,
    scope: Option<&Range<usize>>,
    inside: bool,
    entries: &mut Vec<Entry<'a>>,
) {
    for (key, value) in table {
        let inside = inside || [key.span(), value.span()].iter().any(|span| Some(span) == scope);
        collect_value(key, value, scope, inside, entries);
    }
}

fn collect_value<'a>(
    key: &'a Spanned<std::borrow::Cow<'a, str>>,
    value: &'a Spanned<DeValue<'a>>,
    scope: Option<&Range<usize>>,
    inside: bool,
    entries: &mut Vec<Entry<'a>>,
) {
    let inside = inside || Some(&value.span()) == scope;
    match value.get_ref() {
        DeValue::Array(items) => {
            for item in items {
                collect_value(key, item, scope, inside, entries);
            }
        }
        DeValue::Table(table) => collect(table, scope, inside, entries),
        _ => {}
    }
    entries.push(Entry {
        key: key.get_ref(),
        key_span: key.span(),
        value: value.get_ref(),
        value_span: value.span(),
        inside,
    });
}

fn find(entries: &[Entry<'_>], complaint: &Complaint<'_>) -> Option<Found> {
    let first = |wanted: &dyn Fn(&Entry<'_>) -> bool| {
        entries.iter().find(|entry| entry.inside && wanted(entry))
    };
    let value = |entry: &Entry<'_>| Found {
        span: entry.value_span.clone(),
        key: Some(entry.key.to_owned()),
    };
    match complaint {
        Complaint::UnknownKey { key, .. } => first(&|entry| entry.key == *key)
            .map(|entry| Found { span: entry.key_span.clone(), key: Some(entry.key.to_owned()) }),
        Complaint::UnknownWord { word, .. } => {
            first(&|entry| entry.value.as_str() == Some(word)).map(value)
        }
        Complaint::WrongType { value: rendered, .. } => {
            first(&|entry| is_rendered(entry.value, rendered)).map(value)
        }
        Complaint::Impossible { parameter, value: text, .. } => {
            first(&|entry| entry.key == *parameter && agrees(entry.value, text))
                .or_else(|| first(&|entry| quoted(entry.value, text)))
                .or_else(|| first(&|entry| entry.key == *parameter))
                .map(value)
        }
        Complaint::Missing { .. } | Complaint::Other(_) => None,
    }
}

/// Whether serde writes `value` as `rendered`.
fn is_rendered(value: &DeValue<'_>, rendered: &str) -> bool {
    let number = || rendered.split('`').nth(1).unwrap_or_default();
    match value {
        DeValue::String(text) => rendered == format!("string {text:?}"),
        DeValue::Integer(_) => rendered.starts_with("integer") && agrees(value, number()),
        DeValue::Float(_) => rendered.starts_with("floating") && agrees(value, number()),
        DeValue::Boolean(is) => rendered == format!("boolean `{is}`"),
        DeValue::Array(_) => rendered == "sequence",
        DeValue::Table(_) => rendered == "map",
        DeValue::Datetime(_) => false,
    }
}

/// Whether `text` of a message is `value` of the file, perhaps written in
/// another way: `2m` for "120s".
fn agrees(value: &DeValue<'_>, text: &str) -> bool {
    match value {
        DeValue::String(written) => {
            let same_time = || Some(parse_duration(written).ok()? == parse_duration(text).ok()?);
            let same_rate = || Some(Rate::from_str(written).ok()? == Rate::from_str(text).ok()?);
            quoted(value, text)
                || written == text
                || same_time().unwrap_or(false)
                || same_rate().unwrap_or(false)
        }
        DeValue::Integer(number) => same_number(number.as_str(), text),
        DeValue::Float(number) => same_number(number.as_str(), text),
        DeValue::Boolean(is) => is.to_string() == text,
        _ => false,
    }
}

/// Whether `text` is `value` in quotes, perhaps cut.
fn quoted(value: &DeValue<'_>, text: &str) -> bool {
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    let (Some(inner), Some(written)) = (inner, value.as_str()) else { return false };
    written == inner
        || inner.strip_suffix('…').is_some_and(|start| written.starts_with(start))
        || (inner.chars().count() == CUT && written.starts_with(inner))
}

/// Whether both are one number: `1_000` and `1000`, `nan` and `NaN`.
fn same_number(written: &str, text: &str) -> bool {
    let read = |text: &str| text.replace('_', "").parse::<f64>().ok();
    match (read(written), read(text)) {
        // By order and not by `==`, for which NaN is no number and -0 is 0.
        (Some(a), Some(b)) => a.total_cmp(&b).is_eq() || (a.is_nan() && b.is_nan()),
        _ => written == text,
    }
}

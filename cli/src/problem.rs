//! What is wrong, where, and what would help.

use std::fmt::{self, Write as _};
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

/// The longest message; a file may hold any text as a key.
const LONGEST: usize = 400;

/// An error to show, for people or as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    message: String,
    place: Option<Place>,
    help: Option<String>,
}

/// Where in a file.
#[derive(Clone, Debug)]
struct Place {
    file: String,
    spot: Spot,
}

/// How much of the place is known.
#[derive(Clone, Debug)]
enum Spot {
    /// The file only.
    Nowhere,
    /// A line and a column, both from 1.
    Line(usize, Option<usize>),
    /// Bytes of a text that can be shown.
    Span(Arc<str>, Range<usize>),
}

impl Problem {
    /// A problem of no particular file.
    pub(crate) fn new(message: impl AsRef<str>) -> Self {
        Self { message: printable(message.as_ref()), place: None, help: None }
    }

    /// In this file.
    #[must_use]
    pub(crate) fn in_file(mut self, file: impl Into<String>) -> Self {
        self.place = Some(Place { file: file.into(), spot: Spot::Nowhere });
        self
    }

    /// In this line of this file, which is too long to be shown.
    #[must_use]
    pub(crate) fn at_line(
        mut self,
        file: impl Into<String>,
        line: usize,
        column: Option<usize>,
    ) -> Self {
        self.place = Some(Place { file: file.into(), spot: Spot::Line(line, column) });
        self
    }

    /// At these bytes of this file.
    #[must_use]
    pub(crate) fn at(
        mut self,
        file: impl Into<String>,
        source: impl Into<Arc<str>>,
        span: Range<usize>,
    ) -> Self {
        let source = source.into();
        let span = on_one_line(&source, span);
        self.place = Some(Place { file: file.into(), spot: Spot::Span(source, span) });
        self
    }

    /// With its place in another text, if `place` knows one.
    #[must_use]
    pub(crate) fn moved(
        mut self,
        place: impl Fn(&Range<usize>) -> Option<(String, Range<usize>)>,
    ) -> Self {
        if let Some(Place { spot, .. }) = &mut self.place
            && let Spot::Span(_, span) = spot
        {
            *spot =
                place(span).map_or(Spot::Nowhere, |(source, span)| Spot::Span(source.into(), span));
        }
        self
    }

    /// Whether its help begins so.
    pub(crate) fn is_helped_by(&self, start: &str) -> bool {
        self.help.as_ref().is_some_and(|help| help.starts_with(start))
    }

    /// What would help.
    #[must_use]
    pub(crate) fn help(mut self, help: impl AsRef<str>) -> Self {
        self.help = Some(printable(help.as_ref()));
        self
    }

    /// For people, with colours.
    pub(crate) fn render(&self) -> String {
        let renderer = Renderer::styled();
        let help = self.help.as_deref();
        let mut text = match &self.place {
            Some(Place { file, spot: Spot::Span(source, span) }) => {
                let mark = AnnotationKind::Primary.span(span.clone());
                let snippet = Snippet::source(&**source).path(file.as_str()).annotation(mark);
                let title = Level::ERROR.primary_title(&self.message).element(snippet);
                let help = help.map(|help| Level::HELP.message(help));
                renderer.render(&[title.elements(help)])
            }
            place => {
                let place = place.as_ref().map(|place| format!("{place}: "));
                let title = format!("{}{}", place.unwrap_or_default(), self.message);
                let title = Group::with_title(Level::ERROR.primary_title(title));
                let help = help.map(|help| Group::with_title(Level::HELP.secondary_title(help)));
                // One by one: groups of one report are joined by a bar.
                let lines: Vec<_> =
                    [title].into_iter().chain(help).map(|line| renderer.render(&[line])).collect();
                lines.join("\n")
            }
        };
        text.push('\n');
        text
    }

    /// For programs, on one line.
    pub(crate) fn json(&self) -> Value {
        let file = self.place.as_ref().map(|place| &place.file);
        let (line, column) = match self.place.as_ref().map(|place| &place.spot) {
            Some(Spot::Span(source, span)) => {
                let (line, column) = position(source, span.start);
                (Some(line), Some(column))
            }
            Some(Spot::Line(line, column)) => (Some(*line), *column),
            Some(Spot::Nowhere) | None => (None, None),
        };
        json!({ "error": {
            "message": self.message,
            "file": file,
            "line": line,
            "column": column,
            "help": self.help,
        } })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match &self.spot {
            Spot::Line(line, Some(column)) => write!(f, ":{line}:{column}"),
            Spot::Line(line, None) => write!(f, ":{line}"),
            Spot::Nowhere | Spot::Span(..) => Ok(()),
        }
    }
}

/// Line and column of a byte, both from 1; the column counts characters.
fn position(source: &str, byte: usize) -> (usize, usize) {
    let before = source.get(..byte).unwrap_or(source);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// `span` up to the end of its first line, on the borders of characters.
fn on_one_line(source: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start.min(source.len());
    while !source.is_char_boundary(start) {
        start -= 1;
    }
    let line_end = source[start..].find('\n').map_or(source.len(), |length| start + length);
    let mut end = span.end.clamp(start, line_end);
    while !source.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// `text` without control characters, which would steer a terminal, and no
/// longer than a few lines.
fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().min(LONGEST));
    for character in text.chars().take(LONGEST) {
        if character.is_control() {
            let _ = write!(clean, "{}", character.escape_default());
        } else {
            clean.push(character);
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_1_in_characters() {
        let source = "ä = 1\nöü = 2\n";
        assert_eq!(position(source, 0), (1, 1));
        assert_eq!(position(source, source.find('ü').unwrap()), (2, 2));
        assert_eq!(position(source, source.len()), (3, 1));
    }

    #[test]
    fn a_span_ends_with_its_line_and_never_splits_a_character() {
        let source = "a = [\n1]\nä";
        assert_eq!(on_one_line(source, 4..8), 4..5);
        assert_eq!(on_one_line(source, 10..99), 9..11);
        assert_eq!(on_one_line(source, 99..100), 11..11);
    }

    #[test]
    fn control_characters_and_endless_keys_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(printable(&"x".repeat(9_999)).chars().count(), LONGEST + 1);
    }
}

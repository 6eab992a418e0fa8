//! Fields from which nothing usable was obtained.

use std::borrow::Cow;

use crate::head::Head;
use crate::list::LIMIT;

/// The field lines that failed, a count for each name.
#[derive(Debug)]
pub(crate) struct Failures<'a>(Vec<(&'a str, u32)>);

impl<'a> Failures<'a> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Notes that a line of the field `name` failed.
    pub(crate) fn note(&mut self, name: &'a str) {
        for (known, count) in &mut self.0 {
            if known.eq_ignore_ascii_case(name) {
                *count = count.saturating_add(1);
                return;
            }
        }
        if self.0.len() < LIMIT {
            self.0.push((name, 1));
        }
    }

    /// Notes that the field `name` failed, however many lines it has.
    pub(crate) fn note_all(&mut self, name: &'a str) {
        self.note(name);
        self.set(name, u32::MAX);
    }

    /// Takes back what was noted of `name`.
    pub(crate) fn forgive(&mut self, name: &str) {
        self.set(name, 0);
    }

    fn set(&mut self, name: &str, lines: u32) {
        let known = self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        if let Some((_, count)) = known {
            *count = lines;
        }
    }

    /// The names of which every line failed, in lower case and sorted.
    pub(crate) fn into_names(self, head: &Head<'_>) -> Vec<Cow<'a, str>> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let failed =
            self.0.iter().filter(|(name, lines)| *lines > 0 && *lines >= lines_of(head, name));
        let mut names: Vec<_> = failed.map(|(name, _)| lower_case(name)).collect();
        names.sort_unstable();
        names
    }
}

/// Counted only once a line has failed, so that a sound response pays nothing.
fn lines_of(head: &Head<'_>, name: &str) -> u32 {
    let mut lines = 0_u32;
    head.fields.for_each(&mut |other, _| {
        lines = lines.saturating_add(u32::from(other.eq_ignore_ascii_case(name)));
    });
    lines
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

//! A number, and who says so.

/// A documented number of a limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Figure {
    /// The number as the policy file has it: a rate such as `500/min`, or how many may be
    /// in flight.
    pub value: &'static str,
    /// What is counted: `requests`, `tokens`, `in flight` ...
    pub counts: &'static str,
    /// The plan, tier, model or kind of token that it holds for.
    pub holds_for: &'static str,
    /// The address of the page that says so.
    pub source: &'static str,
    /// When it was published, as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; `None` if the page
    /// bears no date.
    pub published: Option<&'static str>,
}

impl Figure {
    pub(super) const fn new(
        value: &'static str,
        counts: &'static str,
        holds_for: &'static str,
        source: &'static str,
    ) -> Self {
        Self { value, counts, holds_for, source, published: None }
    }

    pub(super) const fn published(mut self, date: &'static str) -> Self {
        self.published = Some(date);
        self
    }
}

//! The report as one HTML page.
//!
//! No script and no request: styles and charts are inline, and a content
//! security policy forbids everything else, so that a scenario from a stranger
//! can do nothing even if the escaping failed. The page is well-formed XML too,
//! which lets a test check it with a strict parser.

mod view;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use self::view::Page;
use crate::error::ReportError;
use crate::report::Report;

const TEMPLATE: &str = include_str!("../../templates/report.html");

/// Writes the page.
pub(crate) fn html(report: &Report<'_>) -> Result<String, ReportError> {
    page("report.html", TEMPLATE, Page::of(report))
}

/// Fills `template` with `page`; what is no markup there stays none.
pub(crate) fn page(
    name: &'static str,
    template: &'static str,
    page: impl Serialize,
) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    environment.add_template(name, template)?;
    Ok(environment.get_template(name)?.render(Serde(page))?)
}

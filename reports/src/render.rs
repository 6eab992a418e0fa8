//! The formats of a report.

mod csv;
mod html;
mod json;
mod markdown;

pub(crate) use self::csv::{beyond, csv, inert, numbers};
pub(crate) use self::html::{html, page};
pub(crate) use self::json::json;
pub(crate) use self::markdown::{code, escaped, markdown};

//! The formats of a report.

mod csv;
mod html;
mod json;
mod markdown;
pub(crate) mod notes;
pub(crate) mod parts;
#[cfg(feature = "png")]
mod png;

pub(crate) use self::csv::{beyond, csv, finished, inert, numbers};
pub(crate) use self::html::{html, page};
pub(crate) use self::json::json;
pub(crate) use self::markdown::{code, escaped, markdown};
#[cfg(feature = "png")]
pub(crate) use self::png::png;

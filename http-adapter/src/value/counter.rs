//! The value of a limit or remaining field: a number, or a number and its policies.
//!
//! `100`, `22.0`, `100;w=21600`, `10, 10;w=1, 5000;w=3600`: the first drafts of the
//! `RateLimit` fields put the policies into the limit, and Envoy and Docker Hub kept that.

use std::time::Duration;

use crate::amount::Amount;
use crate::value::duration::{self, SECOND_NS};
use crate::value::text::{has_thousands_separators, split, split_once};

/// One member: a quota and, if it has one, the window that it is granted for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Member {
    pub(crate) quota: Amount,
    pub(crate) window: Option<Duration>,
}

/// The usable members of a field value, in order.
pub(crate) fn members(value: &[u8]) -> impl Iterator<Item = Member> {
    let value = if has_thousands_separators(value) { b"" } else { value };
    split(value, b',').filter_map(member)
}

/// Reads one member: a number and parameters, of which only the window counts.
fn member(text: &[u8]) -> Option<Member> {
    let mut parts = split(text, b';');
    let quota = Amount::parse(parts.next()?)?;
    let window = parts.find_map(|parameter| {
        let (key, window) = split_once(parameter, b'=')?;
        // Older Envoy builds spell the key out.
        let is_window = key.eq_ignore_ascii_case(b"w") || key.eq_ignore_ascii_case(b"window");
        duration::decimal(is_window.then_some(window)?, SECOND_NS)
    });
    Some(Member { quota, window: window.filter(|window| !window.is_zero()) })
}

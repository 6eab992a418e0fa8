//! The vocabulary as a list, for people who ask what is understood.

use crate::dialect::field::FIELDS;
use crate::dialect::table::{DIALECTS, PROFILES};

/// One row of the vocabulary.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct KnownField {
    /// The name of a field or the prefix of names, in lower case; `profile` for what only
    /// the provider's name tells.
    pub name: &'static str,
    /// Whether `name` is a prefix.
    pub is_prefix: bool,
    /// Who sends it.
    pub provider: &'static str,
    /// Where it is documented.
    pub source: &'static str,
}

/// All fields that a [`Reader`](crate::Reader) knows without being told.
///
/// # Examples
///
/// ```
/// let mut known = forbear_http::known_fields();
/// assert!(known.any(|field| field.name == "retry-after" && field.provider == "RFC 9110"));
/// ```
pub fn known_fields() -> impl Iterator<Item = KnownField> {
    let single = FIELDS.iter().map(|field| KnownField {
        name: field.name,
        is_prefix: false,
        provider: field.provider,
        source: field.source,
    });
    let prefixes = DIALECTS.iter().map(|dialect| KnownField {
        name: dialect.prefix(),
        is_prefix: true,
        provider: dialect.provider(),
        source: dialect.documented_at(),
    });
    let profiles = PROFILES.iter().map(|profile| KnownField {
        name: "profile",
        is_prefix: false,
        provider: profile.provider,
        source: profile.source,
    });
    single.chain(prefixes).chain(profiles)
}

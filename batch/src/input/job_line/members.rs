//! The members of a line, as JSON has them.

use std::borrow::Cow;
use std::fmt;

use forbear_core::{Cost, Dimension};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::JobName;

const MEMBERS: &[&str] =
    &["id", "custom_id", "method", "url", "path", "headers", "body", "priority", "tenant", "cost"];

/// The members of a line.
#[derive(Default)]
pub(super) struct Members<'a> {
    pub(super) id: Option<JobName>,
    pub(super) method: Option<Cow<'a, str>>,
    pub(super) url: Option<Cow<'a, str>>,
    pub(super) path: Option<Cow<'a, str>>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<&'a RawValue>,
    pub(super) priority: Option<u64>,
    pub(super) tenant: Option<Cow<'a, str>>,
    pub(super) cost: Option<CostMember>,
}

impl<'a> Members<'a> {
    pub(super) fn parse(text: &'a [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(text)
    }

    /// A line that is nothing but a body.
    pub(super) fn of_body(body: &'a RawValue) -> Self {
        Self { body: Some(body), ..Self::default() }
    }
}

// By hand: of a derived form the errors would speak of a Rust type, and `body: null` would be
// no body, where it is JSON's `null`.
impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"an object such as {"path": "/v1/items"}"#)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Members::default();
                let mut seen = [false; MEMBERS.len()];
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    let known = MEMBERS.iter().position(|member| *member == key);
                    let known = known.ok_or_else(|| de::Error::unknown_field(&key, MEMBERS))?;
                    // Two names for one member.
                    let slot = if known == 1 { 0 } else { known };
                    if std::mem::replace(&mut seen[slot], true) {
                        return Err(de::Error::duplicate_field(MEMBERS[known]));
                    }
                    match MEMBERS[known] {
                        "method" => members.method = Some(map.next_value()?),
                        "url" => members.url = Some(map.next_value()?),
                        "path" => members.path = Some(map.next_value()?),
                        "headers" => members.headers = map.next_value::<Headers>()?.0,
                        "body" => members.body = Some(map.next_value()?),
                        "priority" => members.priority = Some(map.next_value()?),
                        "tenant" => members.tenant = Some(map.next_value()?),
                        "cost" => members.cost = Some(map.next_value()?),
                        _ => members.id = Some(map.next_value()?),
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

impl<'de> Deserialize<'de> for JobName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl Visitor<'_> for NameVisitor {
            type Value = JobName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id: text or a whole number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<JobName, E> {
                Ok(JobName::Text(text.to_owned()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<JobName, E> {
                Ok(JobName::Number(number))
            }
        }

        deserializer.deserialize_any(NameVisitor)
    }
}

/// Fields in their order, of which several may have one name.
struct Headers(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeadersVisitor;

        impl<'de> Visitor<'de> for HeadersVisitor {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"headers such as {"x-name": "value"}"#)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Headers(fields))
            }
        }

        deserializer.deserialize_map(HeadersVisitor)
    }
}

/// What a job is said to cost: tokens by dimension, one request unless said otherwise.
pub(super) struct CostMember(pub(super) Cost);

impl<'de> Deserialize<'de> for CostMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CostVisitor;

        impl<'de> Visitor<'de> for CostVisitor {
            type Value = CostMember;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"a cost such as {"tokens": 900}"#)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CostMember, A::Error> {
                let mut cost = Cost::REQUEST;
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    let dimension = Dimension::from_name(&name)
                        .ok_or_else(|| de::Error::unknown_field(&name, &NAMES))?;
                    cost = cost.with(dimension, map.next_value()?);
                }
                Ok(CostMember(cost))
            }
        }

        deserializer.deserialize_map(CostVisitor)
    }
}

const NAMES: [&str; Dimension::ALL.len()] = {
    let mut names = [""; Dimension::ALL.len()];
    let mut slot = 0;
    while slot < names.len() {
        names[slot] = Dimension::ALL[slot].name();
        slot += 1;
    }
    names
};

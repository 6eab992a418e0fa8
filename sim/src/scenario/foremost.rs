//! What matters more in a storm than the number of calls that succeed.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Metric;

/// The most metrics: each one more is one more chance that a policy drops out by luck.
const MOST: usize = 3;

/// Metrics in the order in which they are asked; one is written without brackets.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Foremost(Vec<Metric>);

impl Foremost {
    pub(crate) fn metrics(&self) -> &[Metric] {
        &self.0
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Foremost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

/// Reads a name or a list of names.
struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Foremost;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a metric or a list of up to 3")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Foremost, E> {
        checked(vec![Metric::deserialize(name.into_deserializer())?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<Foremost, A::Error> {
        checked(Vec::deserialize(SeqAccessDeserializer::new(names))?)
    }
}

fn checked<E: de::Error>(metrics: Vec<Metric>) -> Result<Foremost, E> {
    if !(1..=MOST).contains(&metrics.len()) {
        let has = metrics.len();
        return Err(E::custom(format_args!("foremost has {has} metrics, must have 1 to {MOST}")));
    }
    for (at, metric) in metrics.iter().enumerate() {
        if matches!(metric, Metric::Calls | Metric::OfferedLoad) {
            let must = "must be a metric of which more or less is better";
            return Err(E::custom(format_args!("foremost is {metric}, {must}")));
        }
        if metrics[..at].contains(metric) {
            return Err(E::custom(format_args!("foremost has {metric} twice, must have it once")));
        }
    }
    Ok(Foremost(metrics))
}

impl Serialize for Foremost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [only] => only.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

//! The keys of a table under the names that other libraries give them.

use alloc::string::String;
use core::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Reads a table, each of whose keys may have any of its names.
///
/// One list for all variants of an enum, where `serde(alias)` wants one at each field.
pub(super) struct Renamed<D> {
    pub(super) inner: D,
    /// A name, and those that mean the same.
    pub(super) names: &'static [(&'static str, &'static [&'static str])],
}

impl<D> Renamed<D> {
    const fn with<E>(&self, inner: E) -> Renamed<E> {
        Renamed { inner, names: self.names }
    }

    fn name_of(&self, key: String) -> String {
        let is_meant = |(_, synonyms): &&(_, &[&str])| synonyms.contains(&key.as_str());
        match self.names.iter().find(is_meant) {
            Some((name, _)) => String::from(*name),
            None => key,
        }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Renamed<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.with(visitor);
        self.inner.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map struct enum
        identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Renamed<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let map = self.with(map);
        self.inner.visit_map(map)
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Renamed<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(key) = self.inner.next_key::<String>()? else { return Ok(None) };
        let key: StringDeserializer<A::Error> = self.name_of(key).into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.inner.next_value_seed(seed)
    }
}

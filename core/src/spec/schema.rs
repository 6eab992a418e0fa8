//! JSON Schema of what serde reads by hand.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{BudgetSpec, HintSpec};

/// A number of attempts, or "none".
pub(super) fn attempts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": "none" }] })
}

/// A duration, or "none".
pub(super) fn deadline(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string" })
}

/// A budget, or "none".
pub(super) fn budget(generator: &mut SchemaGenerator) -> Schema {
    or_none::<BudgetSpec>(generator)
}

/// A rule for hints, or "none".
pub(super) fn hint(generator: &mut SchemaGenerator) -> Schema {
    or_none::<HintSpec>(generator)
}

fn or_none<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let inner = generator.subschema_for::<T>();
    json_schema!({ "anyOf": [inner, { "const": "none" }] })
}

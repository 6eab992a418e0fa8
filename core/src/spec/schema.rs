//! JSON Schema of what serde reads by hand.

use alloc::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::jitter::Table;
use super::{BudgetSpec, HintSpec, JitterSpec};

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

impl JsonSchema for JitterSpec {
    fn schema_name() -> Cow<'static, str> {
        "JitterSpec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How delays are spread, so that callers refused together do not \
                return together: a word, a share of the delay, a duration to add, or a table.",
            "anyOf": [
                { "enum": ["none", "full", "equal", "decorrelated", "proportional"] },
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "type": "string", "pattern": "^[0-9.]" },
                generator.subschema_for::<Table>(),
            ],
        })
    }
}

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
pub(super) fn duration_or_none(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string" })
}

/// A budget, or "none".
pub(super) fn budget(generator: &mut SchemaGenerator) -> Schema {
    or_none::<BudgetSpec>(generator)
}

/// A number of lanes, or their weights.
pub(super) fn lanes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": 255 },
            {
                "type": "array",
                "items": { "type": "integer", "minimum": 1, "maximum": u32::MAX },
                "minItems": 1,
                "maxItems": 255,
            },
        ],
    })
}

/// A rule for hints, or "none".
pub(super) fn hint(generator: &mut SchemaGenerator) -> Schema {
    or_none::<HintSpec>(generator)
}

fn or_none<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let inner = generator.subschema_for::<T>();
    json_schema!({ "anyOf": [inner, { "const": "none" }] })
}

impl JsonSchema for BudgetSpec {
    fn schema_name() -> Cow<'static, str> {
        "BudgetSpec".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let ratio = json_schema!({ "type": "number", "minimum": 0, "maximum": 1000 });
        let count = json_schema!({ "type": "integer", "minimum": 0, "maximum": u32::MAX });
        json_schema!({
            "description": "The share of the traffic that may be retries; without a kind, a \
                number of retries for each first send.",
            "oneOf": [
                {
                    "type": "object",
                    "description": "Retries for each first send, without a clock.",
                    "properties": { "kind": { "const": "share" }, "ratio": ratio, "reserve": count },
                    "required": ["ratio"],
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "description": "Retries for each first send of the last seconds, and some a \
                        second for free.",
                    "properties": {
                        "kind": { "const": "windowed" },
                        "ratio": ratio,
                        "min_per_second": count,
                        "window": { "type": "string" },
                    },
                    "required": ["kind", "ratio"],
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "description": "Failures against successes, as in gRPC.",
                    "properties": {
                        "kind": { "const": "throttle" },
                        "max_tokens": { "type": "integer", "minimum": 1, "maximum": 1000 },
                        "ratio": { "type": "number", "exclusiveMinimum": 0, "maximum": 1000 },
                    },
                    "required": ["kind", "max_tokens", "ratio"],
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "description": "A price for each retry, as in the AWS SDKs.",
                    "properties": {
                        "kind": { "const": "quota" },
                        "capacity": count,
                        "transient": count,
                        "throttled": count,
                        "reward": ratio,
                    },
                    "required": ["kind"],
                    "additionalProperties": false,
                },
            ],
        })
    }
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

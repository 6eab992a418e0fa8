//! What a request to a language model costs, before and after it is sent.
//!
//! Before: one token for four octets of text, `OpenAI`'s rule of thumb ("1 token ~= 4 chars
//! in English",
//! <https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them>),
//! and the most tokens that the answer may have, which `OpenAI` counts too
//! (<https://platform.openai.com/docs/guides/rate-limits>, "Reduce the `max_tokens`"). A
//! tokenizer would be exact for one model and megabytes large; the difference is settled
//! by the answer.
//!
//! After: the object `usage` of the answer.

use forbear_core::{Cost, Dimension};
use serde_json::Value;

/// Octets of text that make a token.
const OCTETS_A_TOKEN: u64 = 4;

/// Where a request says how long the answer may be: `OpenAI` in both of its APIs and
/// before, Anthropic, Gemini.
const LONGEST_ANSWER: [&[&str]; 4] = [
    &["max_completion_tokens"],
    &["max_output_tokens"],
    &["max_tokens"],
    &["generationConfig", "maxOutputTokens"],
];

/// Estimates what a JSON request to a language model costs: one request, its text as input
/// tokens, the longest answer that it allows as output tokens, and their sum as tokens.
///
/// Text is every string but base64: images are not text, and cost what the model's
/// documentation says. A body that is no JSON is text as a whole. Languages other than
/// English have more tokens than this says.
///
/// # Examples
///
/// ```
/// use forbear_core::Dimension;
/// use forbear_http::estimated_token_cost;
///
/// let body = br#"{"messages":[{"content":"How long is a piece of string?"}],"max_tokens":100}"#;
/// let cost = estimated_token_cost(body);
/// assert_eq!(cost.get(Dimension::InputTokens), 8);
/// assert_eq!(cost.get(Dimension::Tokens), 108);
/// ```
#[must_use]
pub fn estimated_token_cost(body: &[u8]) -> Cost {
    let request = serde_json::from_slice::<Value>(body);
    let octets = request.as_ref().map_or(body.len() as u64, octets_of_text);
    let output = request
        .as_ref()
        .ok()
        .and_then(|request| LONGEST_ANSWER.iter().find_map(|path| at(request, path)?.as_u64()));
    tokens(octets.div_ceil(OCTETS_A_TOKEN), output.unwrap_or(0))
}

/// The octets of all strings that are text.
fn octets_of_text(value: &Value) -> u64 {
    match value {
        // A data URL, as OpenAI takes images.
        Value::String(text) if text.starts_with("data:") => 0,
        Value::String(text) => text.len() as u64,
        Value::Array(elements) => elements.iter().map(octets_of_text).sum(),
        Value::Object(members) => members
            .iter()
            // Where Anthropic and Gemini take base64, and what is no text of the prompt.
            .filter(|(key, _)| !matches!(key.as_str(), "data" | "model" | "role" | "type"))
            .map(|(_, value)| octets_of_text(value))
            .sum(),
        _ => 0,
    }
}

/// What the answer says that the request cost, if it says so.
///
/// `OpenAI`'s chat completions (`prompt_tokens`, `completion_tokens`), `OpenAI`'s responses
/// and Anthropic's messages (`input_tokens`, `output_tokens`), Gemini's `usageMetadata`.
/// Anthropic counts what it writes to its cache and not what it reads from there:
/// <https://docs.anthropic.com/en/api/rate-limits>.
pub(crate) fn usage(answer: &Value) -> Option<Cost> {
    const INPUT: [&[&str]; 3] = [
        &["usage", "prompt_tokens"],
        &["usage", "input_tokens"],
        &["usageMetadata", "promptTokenCount"],
    ];
    const OUTPUT: [&[&str]; 3] = [
        &["usage", "completion_tokens"],
        &["usage", "output_tokens"],
        &["usageMetadata", "candidatesTokenCount"],
    ];
    let first = |paths: &[&[&str]]| paths.iter().find_map(|path| at(answer, path)?.as_u64());
    let written = at(answer, &["usage", "cache_creation_input_tokens"]).and_then(Value::as_u64);
    let input = first(&INPUT)?.saturating_add(written.unwrap_or(0));
    // Embeddings have no output.
    Some(tokens(input, first(&OUTPUT).unwrap_or(0)))
}

fn tokens(input: u64, output: u64) -> Cost {
    let units = |tokens: u64| u32::try_from(tokens).unwrap_or(u32::MAX);
    Cost::REQUEST
        .with(Dimension::Tokens, units(input.saturating_add(output)))
        .with(Dimension::InputTokens, units(input))
        .with(Dimension::OutputTokens, units(output))
}

fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parts(cost: Cost) -> (u32, u32, u32) {
        use Dimension::{InputTokens, OutputTokens, Tokens};
        (cost.get(InputTokens), cost.get(OutputTokens), cost.get(Tokens))
    }

    #[test]
    fn text_is_counted_and_images_are_not() {
        let picture = "A".repeat(100_000);
        let body = json!({
            "model": "a-model-with-a-long-name",
            "max_completion_tokens": 50,
            "messages": [{"role": "user", "content": [
                {"type": "text", "text": "x".repeat(401)},
                {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{picture}")}},
                {"type": "image", "source": {"type": "base64", "data": picture}},
            ]}],
        });
        assert_eq!(parts(estimated_token_cost(body.to_string().as_bytes())), (101, 50, 151));
        assert_eq!(parts(estimated_token_cost(b"plain text")), (3, 0, 3));
        assert_eq!(parts(estimated_token_cost(b"")), (0, 0, 0));
    }

    #[test]
    fn usage_is_read_in_the_forms_of_four_apis() {
        for (answer, expected) in [
            (json!({"usage": {"prompt_tokens": 9, "completion_tokens": 12}}), (9, 12, 21)),
            (json!({"usage": {"input_tokens": 9, "output_tokens": 12}}), (9, 12, 21)),
            (
                json!({"usage": {"input_tokens": 9, "cache_creation_input_tokens": 100,
                    "cache_read_input_tokens": 5000, "output_tokens": 12}}),
                (109, 12, 121),
            ),
            (
                json!({"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 12}}),
                (9, 12, 21),
            ),
            (json!({"usage": {"prompt_tokens": 9, "total_tokens": 9}}), (9, 0, 9)),
        ] {
            assert_eq!(usage(&answer).map(parts), Some(expected), "{answer}");
        }
        for answer in [json!({}), json!({"usage": null}), json!({"usage": {"input_tokens": -1}})] {
            assert_eq!(usage(&answer), None, "{answer}");
        }
    }
}

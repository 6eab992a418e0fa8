//! The policy files that come with the command.

/// A commented policy file.
#[derive(Debug)]
pub(crate) struct Preset {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) source: &'static str,
}

impl Preset {
    /// The preset called `name`.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// The names, in order.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        PRESETS.iter().map(|preset| preset.name)
    }
}

macro_rules! preset {
    ($name:literal, $summary:literal) => {
        Preset {
            name: $name,
            summary: $summary,
            source: include_str!(concat!("../presets/", $name, ".toml")),
        }
    };
}

/// In the order in which help lists them.
pub(crate) const PRESETS: &[Preset] = &[
    preset!("recommended", "What suits most APIs; every key, with its default"),
    preset!("batch", "A long job that must get through, however long it takes"),
    preset!("openai", "OpenAI, usage tier 1 for gpt-4o"),
    preset!("anthropic", "Anthropic, lowest tier for Claude Sonnet 4"),
    preset!("github", "GitHub's REST API with a token"),
    preset!("stripe", "Stripe in live mode"),
];

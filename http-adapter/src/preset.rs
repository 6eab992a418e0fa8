//! Presets: what is known of a provider before its first answer.
//!
//! Rows of data: a policy file, how its responses are read, which methods are safe to send
//! again, whether its server knows an `Idempotency-Key`, and where each number is from. [`table`] has the rows.

mod figure;
mod table;
mod unknown;

#[cfg(feature = "toml")]
use forbear_core::{Policy, spec::PolicySpec};
use http::Method;

#[cfg(feature = "toml")]
use crate::ForbearLayer;
use crate::{Reader, Rule};

pub use self::{figure::Figure, unknown::UnknownPreset};

/// What is known of a provider: limits, responses, and what may be sent again.
///
/// Limits depend on a plan, a model or an account, and change. [`figures`](Self::figures)
/// says under which each number holds, and who says so; the server's own hints are obeyed
/// besides.
///
/// # Examples
///
/// ```
/// use forbear_http::Preset;
///
/// let openai = Preset::by_name("openai")?;
/// let requests = openai.figures().first().expect("a number");
/// assert_eq!(requests.value, "500/min");
/// assert_eq!(requests.holds_for, "gpt-4o in usage tier 1");
///
/// let names: Vec<_> = Preset::all().map(Preset::name).collect();
/// assert!(names.contains(&"stripe"));
/// # Ok::<(), forbear_http::UnknownPreset>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Preset {
    name: &'static str,
    summary: &'static str,
    policy: &'static str,
    figures: &'static [Figure],
    idempotency_header: Option<&'static str>,
    safe_methods: &'static [Method],
    rules: &'static [Rule],
}

impl Preset {
    /// The preset called `name`, such as `github`.
    ///
    /// # Errors
    ///
    /// If there is none; the error lists the names.
    pub fn by_name(name: &str) -> Result<&'static Self, UnknownPreset> {
        Self::all().find(|preset| preset.name == name).ok_or_else(|| UnknownPreset::new(name))
    }

    /// All presets: first those for any API, then the providers.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        table::PRESETS.iter()
    }

    /// Its name, in lower case.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it is for, in a few words.
    #[must_use]
    pub const fn summary(&self) -> &'static str {
        self.summary
    }

    /// Its policy, as a commented policy file.
    #[must_use]
    pub const fn policy_file(&self) -> &'static str {
        self.policy
    }

    /// The numbers of its limits, in the order of the policy file, each with its source;
    /// none for a preset that is no provider's, or whose limits are learned.
    #[must_use]
    pub const fn figures(&self) -> &'static [Figure] {
        self.figures
    }

    /// The field by which the server knows a request that it has seen, if the provider
    /// documents one: a POST that has it may be sent again after a 5xx.
    #[must_use]
    pub const fn idempotency_header(&self) -> Option<&'static str> {
        self.idempotency_header
    }

    /// Methods that the provider's own clients send again after a 5xx, beside the idempotent
    /// ones.
    #[must_use]
    pub const fn safe_methods(&self) -> &'static [Method] {
        self.safe_methods
    }

    /// What the provider's responses mean where that differs from the built-in rules.
    ///
    /// The built-in rules know the codes of each: which say that a quota is used up for
    /// good, such as `OpenAI`'s `insufficient_quota`, and which that a server is overloaded.
    #[must_use]
    pub const fn rules(&self) -> &'static [Rule] {
        self.rules
    }

    /// A reader of the provider's responses, with its [`rules`](Self::rules).
    #[must_use]
    pub fn reader(&self) -> Reader {
        let reader = Reader::for_provider(self.name);
        self.rules.iter().cloned().fold(reader, Reader::with_rule)
    }

    /// Its policy as data, to change a number before it is built.
    ///
    /// ```
    /// use forbear_core::Dimension;
    /// use forbear_core::spec::LimitSpec;
    /// use forbear_http::Preset;
    ///
    /// let mut spec = Preset::by_name("stripe")?.policy_spec();
    /// let rate = "100/s".parse()?;
    /// spec.limit = vec![LimitSpec::Gcra { dimension: Dimension::Requests, rate, burst: 20 }];
    /// let policy = spec.build()?;
    /// # let _ = policy;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "toml")]
    #[expect(clippy::missing_panics_doc, reason = "each row of the constant table is tested")]
    #[must_use]
    pub fn policy_spec(&self) -> PolicySpec {
        toml::from_str(self.policy).expect("the table is constant and each row of it is tested")
    }

    /// Its policy, with a state of its own.
    ///
    /// ```
    /// use forbear_http::Preset;
    ///
    /// let policy = Preset::by_name("notion")?.policy();
    /// # let _ = policy;
    /// # Ok::<(), forbear_http::UnknownPreset>(())
    /// ```
    #[cfg(feature = "toml")]
    #[expect(clippy::missing_panics_doc, reason = "each row of the constant table is tested")]
    pub fn policy(&self) -> Policy {
        self.policy_spec().build().expect("the table is constant and each row of it is tested")
    }
}

#[cfg(feature = "toml")]
impl ForbearLayer {
    /// Sends as `preset` says: its policy, its reader, its safe methods, and an
    /// `Idempotency-Key` on each POST and PATCH if the provider documents that it honours one.
    ///
    /// ```
    /// use forbear_http::{ForbearLayer, Preset};
    ///
    /// let layer = ForbearLayer::preset(Preset::by_name("stripe")?);
    /// # let _ = layer;
    /// # Ok::<(), forbear_http::UnknownPreset>(())
    /// ```
    #[must_use]
    pub fn preset(preset: &Preset) -> Self {
        let layer = Self::new(preset.policy()).reading_with(preset.reader());
        let layer = preset.safe_methods().iter().cloned().fold(layer, Self::repeating);
        if preset.idempotency_header().is_some() { layer.adding_idempotency_keys() } else { layer }
    }
}

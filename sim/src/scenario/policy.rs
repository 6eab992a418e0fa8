//! The `[[policy]]` tables, and policy files.

use forbear_core::spec::PolicySpec;
use forbear_core::{InvalidConfig, Policy};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Value;

use super::{ScenarioError, overrides};

/// A policy with the name that it has in a comparison.
///
/// # Examples
///
/// ```
/// use forbear_core::spec::PolicySpec;
/// use forbear_sim::NamedPolicy;
///
/// let policy = NamedPolicy::new(PolicySpec::default(), "plain").unwrap();
/// assert_eq!(policy.name(), "plain");
/// ```
#[derive(Clone, Debug)]
pub struct NamedPolicy {
    name: String,
    spec: PolicySpec,
    policy: Policy,
}

impl NamedPolicy {
    /// The policy of `spec`, called `fallback` if it has no name of its own.
    ///
    /// # Errors
    ///
    /// If a number of the policy is out of range.
    pub fn new(spec: PolicySpec, fallback: &str) -> Result<Self, InvalidConfig> {
        let policy = spec.build()?;
        let name = spec.name.clone().unwrap_or_else(|| fallback.to_owned());
        Ok(Self { name, spec, policy })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same policy under another name.
    #[must_use]
    pub fn renamed(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The same policy with the values at some dotted keys of its file replaced:
    /// `retry.max_attempts=3`, `limit.0.rate=20/s`.
    ///
    /// # Errors
    ///
    /// If a key is unknown, or a value is not right for it.
    pub fn with(&self, overrides: &[(String, String)]) -> Result<Self, ScenarioError> {
        let mut policy = self.clone();
        for (key, value) in overrides {
            let replacing = |error| ScenarioError::replacing(key, value, error);
            let mut root =
                Value::try_from(&policy.spec).map_err(|error| ScenarioError::key(key, error))?;
            *overrides::place(&mut root, key)? = overrides::read(value);
            let spec: PolicySpec = root.try_into().map_err(replacing)?;
            policy.policy = spec
                .build()
                .map_err(|error| ScenarioError::key(&format!("{key}={value}"), error))?;
            policy.spec = spec;
        }
        Ok(policy)
    }

    /// What it was built from.
    #[must_use]
    pub const fn spec(&self) -> &PolicySpec {
        &self.spec
    }

    /// The policy itself.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The policy as TOML.
    #[must_use]
    pub fn source(&self) -> String {
        toml::to_string(&self.spec).unwrap_or_else(|error| format!("# {error}\n"))
    }
}

impl Serialize for NamedPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.spec.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NamedPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spec = PolicySpec::deserialize(deserializer)?;
        if spec.name.is_none() {
            return Err(D::Error::missing_field("name"));
        }
        Self::new(spec, "").map_err(D::Error::custom)
    }
}

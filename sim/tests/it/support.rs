//! What several tests need.

use forbear_core::spec::PolicySpec;
use forbear_sim::{NamedPolicy, Scenario};

/// A scenario of which a test names only what it is about.
pub(crate) fn scenario(tables: &str) -> Scenario {
    let head = "name = \"test\"\ntitle = \"\"\ndescription = \"\"\nhorizon = \"10h\"\n";
    Scenario::parse(&format!("{head}{tables}"), &[]).unwrap_or_else(|error| panic!("{error}"))
}

/// A policy from TOML.
pub(crate) fn policy(text: &str) -> NamedPolicy {
    let spec: PolicySpec = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    NamedPolicy::new(spec, "test").unwrap_or_else(|error| panic!("{error}"))
}

//! The names of what is kept in Redis.

use forbear_core::InvalidConfig;

/// Longer names cost memory and bandwidth in each call.
const MAX_NAME: usize = 200;

/// The keys of one quota, in the order in which the script takes them.
///
/// The name is a hash tag, so all are in one slot of a cluster, and each is declared
/// to the script, as a cluster, Dragonfly and serverless services demand.
#[derive(Clone, Debug)]
pub struct Keys(Vec<String>);

impl Keys {
    /// The keys of the quota `name` under `prefix`.
    ///
    /// # Errors
    ///
    /// If either is empty, too long, or has a brace, which would move the hash tag.
    pub fn new(prefix: &str, name: &str, limits: usize) -> Result<Self, InvalidConfig> {
        for (parameter, text) in [("prefix", prefix), ("name", name)] {
            if text.is_empty() || text.len() > MAX_NAME || text.contains(['{', '}']) {
                let short: String = text.chars().take(40).collect();
                let must = "1 to 200 bytes without braces";
                return Err(InvalidConfig::new(parameter, format!("'{short}'"), must));
            }
        }
        let key = |what: &str| format!("{prefix}:{{{name}}}:{what}");
        let fixed = ["state", "members", "leases", "present", "waiting", "hold"].map(key);
        let logs = (1..=limits).map(|limit| key(&format!("log{limit}")));
        Ok(Self(fixed.into_iter().chain(logs).collect()))
    }

    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_one_slot_of_a_cluster() {
        let keys = Keys::new("forbear", "openai", 2).unwrap();
        assert_eq!(keys.as_slice()[0], "forbear:{openai}:state");
        assert_eq!(keys.as_slice().len(), 8);
        assert!(keys.as_slice().iter().all(|key| key.starts_with("forbear:{openai}:")));
    }

    #[test]
    fn a_name_that_moves_the_tag_is_refused() {
        let error = Keys::new("forbear", "open{ai", 1).unwrap_err();
        assert_eq!(error.to_string(), "name is 'open{ai', must be 1 to 200 bytes without braces");
        assert!(Keys::new("", "openai", 1).is_err());
        assert!(Keys::new("forbear", &"x".repeat(201), 1).is_err());
    }
}

//! Header fields that nobody but the server may see.

use std::path::Path;
use std::{env, fmt, fs};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::input::field_name;
use crate::{BatchError, ErrorKind};

/// What stands where a secret would.
const REDACTED: &[u8] = b"[secret]";

/// Shorter ones are not looked for in what a server says: they would be found everywhere.
const SHORTEST: usize = 8;

/// A header field that goes to the server and nowhere else.
///
/// Its value is in no journal, no result and no message. Where a server repeats it, the
/// result says `[secret]` instead.
///
/// # Examples
///
/// ```
/// use forbear_batch::SecretHeader;
///
/// let key = SecretHeader::new("x-api-key", "sk-4711-secret")?;
/// assert_eq!(format!("{key:?}"), "SecretHeader { name: \"x-api-key\", .. }");
/// assert!(SecretHeader::from_env("x-api-key", "NO_SUCH_VARIABLE").is_err());
/// # Ok::<(), forbear_batch::BatchError>(())
/// ```
#[derive(Clone)]
pub struct SecretHeader {
    name: HeaderName,
    value: HeaderValue,
    /// What is not to be repeated: the value without its scheme.
    secret: Vec<u8>,
}

impl SecretHeader {
    /// The field `name` with this value.
    ///
    /// # Errors
    ///
    /// If the name is none of a field that a user may set, or the value is empty or has a
    /// character that none may have.
    pub fn new(name: &str, value: &str) -> Result<Self, BatchError> {
        let field = field_name(name).map_err(BatchError::settings)?;
        Self::of(field, "", value, &format!("the value of the header '{name}'"))
    }

    /// `authorization: Bearer` and this token.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn bearer(token: &str) -> Result<Self, BatchError> {
        Self::of(http::header::AUTHORIZATION, "Bearer ", token, "the token")
    }

    /// The field `name` with the value of the environment's `variable`.
    ///
    /// # Errors
    ///
    /// If it is not set, and as for [`new`](Self::new).
    pub fn from_env(name: &str, variable: &str) -> Result<Self, BatchError> {
        let field = field_name(name).map_err(BatchError::settings)?;
        Self::of(field, "", &variable_named(variable)?, &format!("the variable {variable}"))
    }

    /// `authorization: Bearer` and the value of the environment's `variable`.
    ///
    /// # Errors
    ///
    /// As for [`from_env`](Self::from_env).
    pub fn bearer_from_env(variable: &str) -> Result<Self, BatchError> {
        let token = variable_named(variable)?;
        Self::of(
            http::header::AUTHORIZATION,
            "Bearer ",
            &token,
            &format!("the variable {variable}"),
        )
    }

    /// The field `name` with the content of the file at `path`, but for space around it.
    ///
    /// # Errors
    ///
    /// If it cannot be read, and as for [`new`](Self::new).
    pub fn from_file(name: &str, path: &Path) -> Result<Self, BatchError> {
        let field = field_name(name).map_err(BatchError::settings)?;
        let content = fs::read_to_string(path)
            .map_err(|error| BatchError::io(ErrorKind::Settings, path, "", &error))?;
        Self::of(field, "", &content, &format!("the content of {}", path.display()))
    }

    fn of(name: HeaderName, scheme: &str, value: &str, what: &str) -> Result<Self, BatchError> {
        let value = value.trim();
        if value.is_empty() {
            return Err(BatchError::settings(format!("{what} is empty, must be a secret")));
        }
        let secret = value.rsplit(' ').next().unwrap_or(value).as_bytes().to_owned();
        let mut value = HeaderValue::try_from(format!("{scheme}{value}")).map_err(|_| {
            BatchError::settings(format!("{what} has a character that no header may have"))
        })?;
        value.set_sensitive(true);
        Ok(Self { name, value, secret })
    }
}

fn variable_named(variable: &str) -> Result<String, BatchError> {
    env::var(variable).map_err(|error| {
        let what = match error {
            env::VarError::NotPresent => "is not set",
            env::VarError::NotUnicode(_) => "is no text",
        };
        BatchError::settings(format!("the variable {variable} {what}, must be a secret"))
    })
}

impl fmt::Debug for SecretHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretHeader").field("name", &self.name.as_str()).finish_non_exhaustive()
    }
}

/// The secrets of a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<SecretHeader>);

impl Secrets {
    pub(crate) fn push(&mut self, header: SecretHeader) {
        self.0.push(header);
    }

    /// Adds those that `headers` does not have.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        for SecretHeader { name, value, .. } in &self.0 {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
    }

    /// What a server said, with `[secret]` where it repeats one.
    pub(crate) fn redact(&self, said: Vec<u8>) -> Vec<u8> {
        let secrets = self.0.iter().map(|header| header.secret.as_slice());
        secrets.filter(|secret| secret.len() >= SHORTEST).fold(said, redact_one)
    }
}

fn redact_one(said: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let is_there = |at: usize| said[at..].starts_with(secret);
    let Some(first) = (0..said.len()).find(|&at| is_there(at)) else { return said };
    let mut clean = said[..first].to_owned();
    let mut at = first;
    while at < said.len() {
        if is_there(at) {
            clean.extend_from_slice(REDACTED);
            at += secret.len();
        } else {
            clean.push(said[at]);
            at += 1;
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_is_repeated_is_redacted() {
        let mut secrets = Secrets::default();
        secrets.push(SecretHeader::bearer("sk-12345678").unwrap());
        secrets.push(SecretHeader::new("authorization", "Basic dXNlcjpwYXNz").unwrap());
        secrets.push(SecretHeader::new("x-pin", "1234").unwrap());
        let said =
            br#"{"auth":"Bearer sk-12345678","again":"sk-12345678","b":"dXNlcjpwYXNz","n":1234}"#;
        let clean = String::from_utf8(secrets.redact(said.to_vec())).unwrap();
        assert_eq!(
            clean,
            r#"{"auth":"Bearer [secret]","again":"[secret]","b":"[secret]","n":1234}"#
        );
    }

    #[test]
    fn no_error_tells_the_value() {
        for error in [
            SecretHeader::new("x-key", "topsecret\u{7}").unwrap_err(),
            SecretHeader::new("x-key", "  ").unwrap_err(),
            SecretHeader::new("content-length", "topsecret").unwrap_err(),
            SecretHeader::from_env("x-key", "FORBEAR_NO_SUCH_VARIABLE").unwrap_err(),
        ] {
            assert!(!format!("{error} {error:?}").contains("topsecret"), "{error}");
        }
        let missing = SecretHeader::bearer_from_env("FORBEAR_NO_SUCH_VARIABLE").unwrap_err();
        assert_eq!(
            missing.to_string(),
            "the variable FORBEAR_NO_SUCH_VARIABLE is not set, must be a secret"
        );
    }

    #[test]
    fn a_field_of_the_job_is_kept() {
        let mut secrets = Secrets::default();
        secrets.push(SecretHeader::new("x-key", "of the batch").unwrap());
        let own = HeaderValue::from_static("of the job");
        let mut headers = HeaderMap::from_iter([(HeaderName::from_static("x-key"), own.clone())]);
        secrets.add_to(&mut headers);
        assert_eq!(headers["x-key"], own);
    }
}

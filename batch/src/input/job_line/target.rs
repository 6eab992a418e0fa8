//! Where a request goes.

use http::Uri;

use super::Expectations;

/// Where a request goes, and whose limits it counts against.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    pub(crate) uri: Uri,
    /// Host, and port where one is named, in lower case.
    pub(crate) scope: String,
}

impl Target {
    pub(super) fn of(
        url: Option<&str>,
        path: Option<&str>,
        expected: &Expectations,
    ) -> Result<Self, String> {
        // OpenAI's batch files call a path `url`.
        match (url, path) {
            (Some(_), Some(_)) => Err("path must be left out where url is given".into()),
            (Some(path), None) if path.starts_with('/') => Self::of_path("url", path, expected),
            (Some(url), None) => Self::of_url("url", url),
            (None, Some(path)) => Self::of_path("path", path, expected),
            (None, None) => match (&expected.url, &expected.base_url) {
                (Some(url), _) | (None, Some(url)) => Self::of_url("url", url),
                (None, None) => Err("url or path is missing: one must say where it goes".into()),
            },
        }
    }

    fn of_path(member: &str, path: &str, expected: &Expectations) -> Result<Self, String> {
        if !path.starts_with('/') {
            return Err(format!("{member} is '{path}', must begin with '/'"));
        }
        let base = expected.base_url.as_deref().ok_or_else(|| {
            format!("{member} is '{path}', must be a whole address where no base URL is given")
        })?;
        Self::of_url(member, &format!("{}{path}", base.trim_end_matches('/')))
    }

    /// An address that stands alone; `name` is what the error calls it.
    pub(crate) fn of_url(name: &str, url: &str) -> Result<Self, String> {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            return Err(format!("{name} is '{url}', must begin with http:// or https://"));
        }
        let uri: Uri = url.parse().map_err(|error| format!("{name} is '{url}': {error}"))?;
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        if authority.contains('@') {
            return Err(format!("{name} must have no user name or password: give a header"));
        }
        // What is no port is passed over by `Uri`, and the request would go to port 80.
        let port = authority.rsplit(']').next().and_then(|end| end.split_once(':'));
        if port.is_some_and(|(_, port)| !port.is_empty()) && uri.port_u16().unwrap_or(0) == 0 {
            return Err(format!("{name} is '{url}', must have a port from 1 to 65535"));
        }
        let scope = authority.to_ascii_lowercase();
        Ok(Self { uri, scope })
    }
}

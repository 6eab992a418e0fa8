//! Why there is no connection at the start.

use std::time::Duration;

use forbear_core::InvalidConfig;
use forbear_core::text::format_duration;
use redis::{ErrorKind, ServerErrorKind};

/// Why a shared quota could not be set up.
///
/// Only at the start: once it is set up, no failure of Redis is an error of a call, but
/// an [`Event`](crate::Event) and a wait.
///
/// # Examples
///
/// ```
/// use forbear_redis::SharedQuota;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let rate = "500/min".parse().unwrap();
/// let error = SharedQuota::connect("127.0.0.1:6379", "openai", rate).await.unwrap_err();
/// assert!(error.is_config());
/// assert!(error.to_string().starts_with("url is '127.0.0.1:6379', must be "), "{error}");
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ConnectError(Kind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error(transparent)]
    Config(#[from] InvalidConfig),
    #[error("redis does not serve the quota: {0}")]
    Redis(#[from] redis::RedisError),
    #[error("redis does not serve the quota: {error}; {advice}")]
    Advised {
        #[source]
        error: redis::RedisError,
        advice: &'static str,
    },
    #[error("redis did not answer within {}", format_duration(*.0))]
    TimedOut(Duration),
    #[error("there is no connection to redis")]
    NotConnected,
}

/// What to do about an error at the start whose words do not say so.
fn advice(error: &redis::RedisError) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            Some("it is a cluster, connect with `open::cluster`")
        }
        // Its reasons, if it gave any, were lost with the connection.
        _ if error.is_connection_dropped() && !error.is_connection_refusal() => Some(
            "it hung up, as a Redis does in protected mode, or one that speaks TLS (`rediss://`)",
        ),
        _ => None,
    }
}

impl From<Kind> for ConnectError {
    fn from(kind: Kind) -> Self {
        Self(match kind {
            Kind::Redis(error) => match advice(&error) {
                Some(advice) => Kind::Advised { error, advice },
                None => Kind::Redis(error),
            },
            kind => kind,
        })
    }
}

impl ConnectError {
    /// Whether it is what was asked for that is wrong, and not the server.
    #[must_use]
    pub const fn is_config(&self) -> bool {
        matches!(self.0, Kind::Config(_))
    }

    /// Whether the server was too slow, or did not answer at all.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &self.0 {
            Kind::TimedOut(_) => true,
            Kind::Redis(error) | Kind::Advised { error, .. } => error.is_timeout(),
            Kind::Config(_) | Kind::NotConnected => false,
        }
    }
}

impl From<InvalidConfig> for ConnectError {
    fn from(invalid: InvalidConfig) -> Self {
        Self(Kind::Config(invalid))
    }
}

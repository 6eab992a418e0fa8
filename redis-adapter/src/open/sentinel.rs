//! A primary that sentinels name.

use std::sync::Arc;
use std::time::Duration;

use forbear_core::InvalidConfig;
use redis::aio::MultiplexedConnection;
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    RedisResult, TlsMode,
};
use tokio::sync::Mutex;

use super::{Opening, refused};

/// How long the primary may take: a part of the bound on all.
const PRIMARY: Duration = Duration::from_millis(500);

/// Connections to the primary that these sentinels name.
///
/// `primary` is a URL with the primary's name among the sentinels in place of its host, and
/// with its login, its database, and its scheme. The sentinels are asked for each connection,
/// one after the other until one answers, and a server that says it is a replica is no
/// primary. What a promotion loses is in `docs/FLEET.md`.
///
/// # Errors
///
/// If a URL is wrong, or there is no sentinel.
///
/// # Examples
///
/// ```no_run
/// use forbear_redis::{SharedLimit, SharedQuota, open};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let sentinels = ["redis://10.0.0.7:26379/", "redis://10.0.0.8:26379/"];
/// let quota = SharedQuota::builder("openai")
///     .limit(SharedLimit::rate("500/min".parse()?))
///     .connect_with(open::sentinel(sentinels, "redis://:secret@mymaster/0")?)
///     .await?;
/// # let _ = quota;
/// # Ok(())
/// # }
/// ```
pub fn sentinel<'a>(
    sentinels: impl IntoIterator<Item = &'a str>,
    primary: &str,
) -> Result<impl Fn() -> Opening<MultiplexedConnection> + Send + Sync + 'static, InvalidConfig> {
    let sentinels = sentinels.into_iter().map(IntoConnectionInfo::into_connection_info);
    let sentinels: RedisResult<Vec<_>> = sentinels.collect();
    let sentinels = sentinels.map_err(|error| refused("sentinels", &error))?;
    if sentinels.is_empty() {
        return Err(InvalidConfig::new("sentinels", "empty", "at least one URL"));
    }
    let client = primary.into_connection_info().and_then(|primary| client(sentinels, &primary));
    let client = Arc::new(Mutex::new(client.map_err(|error| refused("primary", &error))?));
    #[cfg(feature = "tls")]
    super::tls::choose_provider();
    // A call has its own bound on time.
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PRIMARY))
        .set_response_timeout(None);
    Ok(move || -> Opening<MultiplexedConnection> {
        let (client, config) = (Arc::clone(&client), config.clone());
        Box::pin(async move { client.lock().await.get_async_connection_with_config(&config).await })
    })
}

fn client(sentinels: Vec<ConnectionInfo>, primary: &ConnectionInfo) -> RedisResult<SentinelClient> {
    let node = SentinelNodeConnectionInfo::default()
        .set_redis_connection_info(primary.redis_settings().clone());
    let (name, node) = match primary.addr() {
        ConnectionAddr::Tcp(name, _) => (name, node),
        ConnectionAddr::TcpTls { host, .. } => (host, node.set_tls_mode(TlsMode::Secure)),
        _ => return Err((ErrorKind::InvalidClientConfig, "it has no name").into()),
    };
    SentinelClient::build(sentinels, name.clone(), Some(node), SentinelServerType::Master)
}

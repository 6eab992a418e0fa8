//! One server, by its URL.

use forbear_core::InvalidConfig;
use redis::{AsyncConnectionConfig, Client};

use super::{Open, boxed};

pub(crate) fn url(url: &str) -> Result<Open, InvalidConfig> {
    // A password is not shown: whatever stands before the host is left out.
    let client = Client::open(url).map_err(|_| {
        let host = url.rsplit('@').next().unwrap_or_default();
        let short: String = host.chars().take(60).collect();
        let must = "such as redis://host:6379/0 (rediss:// needs the feature tls)";
        InvalidConfig::new("url", format!("'{short}'"), must)
    })?;
    #[cfg(feature = "tls")]
    super::tls::choose_provider();
    // A call has its own bound on time, and so has a connection.
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    Ok(boxed(move || {
        let (client, config) = (client.clone(), config.clone());
        async move { client.get_multiplexed_async_connection_with_config(&config).await }
    }))
}

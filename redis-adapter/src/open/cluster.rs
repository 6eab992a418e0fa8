//! A Redis Cluster.

use std::time::Duration;

use forbear_core::InvalidConfig;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;

use super::{Opening, refused};

/// How long one node may take: a part of the bound on all, so that a node that is gone
/// without a trace does not keep a member from the others.
const NODE: Duration = Duration::from_millis(500);

/// Connections to the Redis Cluster that some of these nodes belong to.
///
/// All keys of a quota are in one slot, so each call goes to one node, and a quota is away
/// when that node is, and no other. A slot that moves is followed; while it is on its way,
/// the node refuses calls about its keys, so members go by the rule for a time without
/// Redis until it has arrived. Connections to the nodes have the login and the TLS of the
/// first URL.
///
/// # Errors
///
/// If a URL is wrong, none is given, or they differ in login or TLS.
///
/// # Examples
///
/// ```no_run
/// use forbear_redis::{SharedLimit, SharedQuota, open};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let quota = SharedQuota::builder("openai")
///     .limit(SharedLimit::rate("500/min".parse()?))
///     .connect_with(open::cluster(["redis://10.0.0.7/", "redis://10.0.0.8/"])?)
///     .await?;
/// # let _ = quota;
/// # Ok(())
/// # }
/// ```
pub fn cluster<'a>(
    nodes: impl IntoIterator<Item = &'a str>,
) -> Result<impl Fn() -> Opening<ClusterConnection> + Send + Sync + 'static, InvalidConfig> {
    let builder = ClusterClientBuilder::new(nodes)
        .connection_timeout(NODE)
        // A call has its own bound on time.
        .overall_response_timeout(None);
    let client = builder.build().map_err(|error| refused("cluster", &error))?;
    #[cfg(feature = "tls")]
    super::tls::choose_provider();
    Ok(move || -> Opening<ClusterConnection> {
        let client = client.clone();
        Box::pin(async move { client.get_async_connection().await })
    })
}

//! Connections to a Redis that is not one server at one address.
//!
//! For [`connect_with`](crate::SharedQuotaBuilder::connect_with) and
//! [`start_with`](crate::SharedQuotaBuilder::start_with). Each function looks at the
//! addresses and connects to none; what it returns makes a connection, as often as it is
//! asked.

#[cfg(feature = "cluster")]
mod cluster;
#[cfg(feature = "sentinel")]
mod sentinel;
#[cfg(feature = "tls")]
mod tls;
mod url;

use std::future::Future;
use std::pin::Pin;

#[cfg(any(feature = "cluster", feature = "sentinel"))]
use forbear_core::InvalidConfig;
use redis::RedisResult;
use redis::aio::ConnectionLike;

#[cfg(feature = "cluster")]
pub use self::cluster::cluster;
#[cfg(feature = "sentinel")]
pub use self::sentinel::sentinel;
pub(crate) use self::url::url;

/// A connection of some kind that is being made.
#[cfg(any(feature = "cluster", feature = "sentinel"))]
pub type Opening<C> = Pin<Box<dyn Future<Output = RedisResult<C>> + Send>>;

pub(crate) type Connection = Box<dyn ConnectionLike + Send>;
/// Makes a connection.
pub(crate) type Open =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = RedisResult<Connection>> + Send>> + Send>;

pub(crate) fn boxed<F, Fut, C>(open: F) -> Open
where
    F: Fn() -> Fut + Send + 'static,
    Fut: Future<Output = RedisResult<C>> + Send + 'static,
    C: ConnectionLike + Send + 'static,
{
    Box::new(move || {
        let opening = open();
        Box::pin(async move {
            let connection: Connection = Box::new(opening.await?);
            Ok(connection)
        })
    })
}

/// What is wrong with an address, or with several beside one another; it may hold a
/// password, so it is not shown.
#[cfg(any(feature = "cluster", feature = "sentinel"))]
fn refused(parameter: &'static str, error: &redis::RedisError) -> InvalidConfig {
    let must = "URLs such as redis://host:6379, with one login (rediss:// needs the feature tls)";
    InvalidConfig::new(parameter, error, must)
}

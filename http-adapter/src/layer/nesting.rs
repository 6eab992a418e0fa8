//! Retries inside of retries, which multiply: three attempts at three levels are 27.
//!
//! The outermost layer retries; one inside of it sends once. It knows by an extension of
//! the request, which travels to other tasks, and by a value of the task, which also works
//! for requests that have no extensions to offer (reqwest's) and for calls that a service
//! makes to answer one.

use std::future::Future;

use super::HttpRequest;

/// An extension of a request that is to be sent once: whoever sends it on retries.
///
/// The layer sets it on what it sends and obeys it on what it gets. Set by hand, it asks
/// for a request not to be retried.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct SendOnce;

impl SendOnce {
    /// The one value.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

tokio::task_local! {
    /// Set while a layer sends, in the task that does.
    static SENDING: ();
}

/// Whether somebody further out retries `request`; from here on somebody does.
pub(super) fn enter<Q: HttpRequest>(request: &mut Q) -> bool {
    let is_marked = request.extensions_mut().is_some_and(|known| known.insert(SendOnce).is_some());
    is_marked || SENDING.try_with(|&()| ()).is_ok()
}

/// Runs a send, known to be one to what runs inside of it.
pub(super) async fn sending<F: Future>(send: F) -> F::Output {
    SENDING.scope((), send).await
}

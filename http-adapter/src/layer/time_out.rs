//! The time that each send has until the head of its response is there.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use forbear_core::driver::Attempts;
use tokio::time::{Instant, timeout_at};

/// When a send is cut off.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeOut {
    after: Duration,
    at: Instant,
}

impl TimeOut {
    /// That of a send which got its permit now, if there is one.
    #[expect(clippy::disallowed_methods, reason = "a driver reads the clock")]
    pub(super) fn from_now(attempts: &Attempts) -> Option<Self> {
        let after = attempts.attempt_timeout()?;
        Some(Self { after, at: Instant::now().checked_add(after)? })
    }

    /// What `work` comes to, or how long it had where that was too little.
    pub(super) async fn bound<F: Future>(
        this: Option<Self>,
        work: Pin<&mut F>,
    ) -> Result<F::Output, Duration> {
        match this {
            None => Ok(work.await),
            // Boxed: most sends have none, and a timer is larger than the rest.
            Some(Self { after, at }) => Box::pin(timeout_at(at, work)).await.map_err(|_| after),
        }
    }
}

//! One row under optimistic concurrency.
//!
//! Who writes must name the version that was read, and a write in between makes it
//! another one (Kung and Robinson, "On optimistic methods for concurrency control",
//! 1981). Of those that read together one wins; that the others do not come back
//! together is what jitter is for (Brooker, "Exponential Backoff And Jitter", AWS
//! 2015, <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).

/// A row, of which only the version matters.
#[derive(Debug, Default)]
pub(super) struct Row {
    version: u32,
}

impl Row {
    /// The version, which a write must name.
    pub(super) const fn read(&self) -> u32 {
        self.version
    }

    /// Writes if `version` is still the one; whether it was.
    pub(super) const fn write(&mut self, version: u32) -> bool {
        let is_current = self.version == version;
        if is_current {
            self.version = self.version.wrapping_add(1);
        }
        is_current
    }
}

//! Ctrl-C: the first asks to stop, the second kills.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether somebody pressed Ctrl-C.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    ///
    /// If the operating system refuses the handler.
    pub(crate) fn listen() -> io::Result<Self> {
        let pressed = Arc::new(AtomicBool::new(false));
        // In this order: the one that kills looks at what was there before.
        flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&pressed))?;
        flag::register(SIGINT, Arc::clone(&pressed))?;
        Ok(Self(pressed))
    }

    /// Takes a request to terminate, as a supervisor makes it, for Ctrl-C as well.
    ///
    /// # Errors
    ///
    /// If the operating system refuses the handler.
    pub(crate) fn listen_for_termination(&self) -> io::Result<()> {
        flag::register(SIGTERM, Arc::clone(&self.0)).map(drop)
    }

    /// Whether it was pressed.
    pub(crate) fn is_pressed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Set once it was pressed.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.0
    }
}

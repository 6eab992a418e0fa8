//! Ctrl-C: the first asks to stop, the second kills. The request to terminate that a
//! supervisor makes asks to stop, too.

use std::io::{self, Write};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};

/// Who listens until there is something to keep.
static EARLY: Mutex<Option<Handle>> = Mutex::new(None);

/// Until somebody [listens](Interrupt::listen), Ctrl-C ends the process at once with `text`
/// on standard error: files are read, and there is nothing to keep yet.
///
/// # Errors
///
/// If the operating system refuses the handler or a thread.
pub(crate) fn say_at_once(text: String) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let handle = signals.handle();
    thread::Builder::new().spawn(move || {
        if signals.forever().next().is_some() {
            let _ = io::stderr().write_all(text.as_bytes());
            process::exit(130);
        }
    })?;
    *EARLY.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
    Ok(())
}

/// Makes a write that goes beyond the largest file that the process may have (`ulimit -f`)
/// fail as one to a full disk does.
///
/// # Errors
///
/// If the operating system refuses the handler.
#[cfg(unix)]
pub(crate) fn let_writes_fail() -> io::Result<()> {
    flag::register(signal_hook::consts::SIGXFSZ, Arc::default()).map(drop)
}

/// Where there is no such limit.
#[cfg(not(unix))]
pub(crate) fn let_writes_fail() -> io::Result<()> {
    Ok(())
}

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
        // Supervisors ask more than once, and have SIGKILL for the impatient.
        flag::register(SIGTERM, Arc::clone(&pressed))?;
        if let Some(early) = EARLY.lock().unwrap_or_else(PoisonError::into_inner).take() {
            early.close();
        }
        Ok(Self(pressed))
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

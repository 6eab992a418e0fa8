//! The paused clock, held while a socket is waited for.

use std::sync::{Arc, Mutex, mpsc};

/// Holds the paused clock while a socket is waited for: it does not move while a blocking
/// task runs, and one runs as long as there is an exchange.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<Mutex<(usize, Option<mpsc::Sender<()>>)>>);

/// One exchange that holds it.
pub(super) struct Exchanging(Held);

impl Held {
    pub(super) fn hold(&self) -> Exchanging {
        let mut state = self.0.lock().unwrap();
        state.0 += 1;
        if state.0 == 1 {
            let (release, released) = mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || released.recv());
            state.1 = Some(release);
        }
        Exchanging(self.clone())
    }
}

impl Drop for Exchanging {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap();
        state.0 -= 1;
        if state.0 == 0 {
            state.1 = None;
        }
    }
}

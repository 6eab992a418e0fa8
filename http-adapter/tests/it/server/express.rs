use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{installed, missing};

/// Node's express-rate-limit.
pub(crate) struct Express {
    child: Child,
    port: u16,
}

/// Which draft of the `RateLimit` fields it writes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Draft {
    Six,
    Seven,
    Eight,
}

impl Express {
    /// A server that permits `limit` requests in windows of `window_ms`, each of which
    /// begins with the first request after the last.
    ///
    /// `None` where Node or the packages are not installed; where `CI` is set that is a
    /// failure.
    pub(crate) fn limiting(draft: Draft, limit: u32, window_ms: u32) -> Option<Self> {
        let node = installed("node")?;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/express");
        if !folder.join("node_modules/express-rate-limit").is_dir() {
            missing("express-rate-limit (scripts/test installs it)");
            return None;
        }
        let draft = match draft {
            Draft::Six => "draft-6",
            Draft::Seven => "draft-7",
            Draft::Eight => "draft-8",
        };
        let mut child = Command::new(node)
            .arg(folder.join("server.mjs"))
            .args([draft, &limit.to_string(), &window_ms.to_string()])
            // Held open as long as the server is wanted.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the server prints its port");
        Some(Self { child, port })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Express {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

use std::fs;
use std::process::Command;

use super::{Process, free_port, installed, shown};

/// Debian's HAProxy with a stick table that counts requests.
pub(crate) struct HaProxy {
    _process: Process,
    port: u16,
}

impl HaProxy {
    /// A server that permits `limit` requests in any `window_s` seconds, and answers
    /// 429 to others, with `Retry-After` if `retry_after` is given [s].
    ///
    /// `http_req_rate` counts refused requests too: who does not slow down is
    /// refused for ever.
    ///
    /// `None` where HAProxy is not installed; where `CI` is set that is a failure.
    pub(crate) fn limiting(limit: u32, window_s: u32, retry_after: Option<u32>) -> Option<Self> {
        let haproxy = installed("haproxy")?;
        let port = free_port();
        let folder = Process::folder("haproxy", port);
        let hint = retry_after.map(|seconds| format!(" hdr Retry-After {seconds}"));
        let hint = hint.unwrap_or_default();
        let config = format!(
            "global
                 maxconn 256
                 nbthread 1
             defaults
                 mode http
                 timeout client 30s
                 timeout connect 1s
                 timeout server 1s
             frontend limited
                 bind 127.0.0.1:{port}
                 stick-table type ip size 10 expire 1m store http_req_rate({window_s}s)
                 http-request track-sc0 src
                 http-request return status 429 content-type text/plain string 'slow down'{hint} if {{ sc_http_req_rate(0) gt {limit} }}
                 http-request return status 200 content-type text/plain string 'done'\n"
        );
        fs::write(folder.join("conf"), config).unwrap();
        let mut command = Command::new(haproxy);
        command.args(["-db", "-f", &shown(&folder, "conf")]);
        Some(Self { _process: Process::start(command, folder, port), port })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

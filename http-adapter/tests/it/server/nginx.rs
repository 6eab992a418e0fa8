use std::fs;
use std::process::Command;

use super::{Process, free_port, installed, shown};

/// Debian's nginx with `limit_req`.
pub(crate) struct Nginx {
    _process: Process,
    port: u16,
}

impl Nginx {
    /// A server that permits `rate` requests a second and `burst` on top, and
    /// answers 429 to others, with `Retry-After` if `retry_after` is given [s].
    ///
    /// `None` where nginx is not installed; where `CI` is set that is a failure.
    pub(crate) fn limiting(rate: u32, burst: u32, retry_after: Option<u32>) -> Option<Self> {
        let nginx = installed("nginx")?;
        let port = free_port();
        let folder = Process::folder("nginx", port);
        let at = |name| shown(&folder, name);
        let hint = retry_after
            .map(|seconds| format!("add_header Retry-After {seconds} always;"))
            .unwrap_or_default();
        let config = format!(
            "daemon off; master_process off; worker_processes 1; pid {pid};
             error_log {errors} crit;
             events {{ worker_connections 512; }}
             http {{
                 access_log off; keepalive_requests 100000;
                 client_body_temp_path {temp}; proxy_temp_path {temp};
                 fastcgi_temp_path {temp}; uwsgi_temp_path {temp}; scgi_temp_path {temp};
                 limit_req_zone $binary_remote_addr zone=all:1m rate={rate}r/s;
                 server {{
                     listen 127.0.0.1:{port};
                     limit_req zone=all burst={burst} nodelay;
                     limit_req_status 429;
                     error_page 429 @refused;
                     # Not `return` at once: it would come before the limit is asked.
                     location / {{ try_files /none @done; }}
                     location @done {{ return 200 'done'; }}
                     location @refused {{ {hint} return 429 'slow down'; }}
                 }}
             }}",
            pid = at("pid"),
            errors = at("errors"),
            temp = at("temp"),
        );
        fs::write(folder.join("conf"), config).unwrap();
        let mut command = Command::new(nginx);
        command.args(["-c", &at("conf"), "-p", &at(""), "-e", &at("errors")]);
        Some(Self { _process: Process::start(command, folder, port), port })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

//! nginx on loopback, with a log of every answer.

use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, process, thread};

/// A server that permits 100 requests a second and 20 on top.
pub(crate) struct Nginx {
    child: Child,
    port: u16,
    folder: PathBuf,
    /// Lines of the log that were counted already.
    counted: AtomicUsize,
}

impl Nginx {
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = env::temp_dir().join(format!("forbear-drain-{}", process::id()));
        fs::create_dir_all(&folder)?;
        let at = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            "daemon off; master_process off; worker_processes 1; pid {pid};
             error_log {errors} crit;
             events {{ worker_connections 512; }}
             http {{
                 log_format status '$status'; access_log {log} status; keepalive_requests 100000;
                 client_body_temp_path {temp}; proxy_temp_path {temp};
                 fastcgi_temp_path {temp}; uwsgi_temp_path {temp}; scgi_temp_path {temp};
                 limit_req_zone $binary_remote_addr zone=all:1m rate=100r/s;
                 server {{
                     listen 127.0.0.1:{port};
                     limit_req zone=all burst=20 nodelay;
                     limit_req_status 429;
                     error_page 429 @refused;
                     # Not `return` at once: it would come before the limit is asked.
                     location / {{ try_files /none @done; }}
                     location @done {{ return 200 'done'; }}
                     location @refused {{ add_header Retry-After 1 always; return 429 'slow'; }}
                 }}
             }}",
            pid = at("pid"),
            errors = at("errors"),
            log = at("log"),
            temp = at("temp"),
        );
        fs::write(folder.join("conf"), config)?;
        let path = env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin";
        let child = Command::new("nginx")
            .args(["-c", &at("conf"), "-p", &at(""), "-e", &at("errors")])
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("nginx cannot be started: {error}"))?;
        let this = Self { child, port, folder, counted: AtomicUsize::new(0) };
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(this);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err("nginx does not listen".into())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Requests, and those answered with 429, since it was asked last.
    pub(crate) fn counted(&self) -> Result<(usize, usize), Box<dyn Error>> {
        let log = fs::read_to_string(self.folder.join("log"))?;
        let statuses: Vec<_> = log.lines().skip(self.counted.load(Ordering::Relaxed)).collect();
        self.counted.fetch_add(statuses.len(), Ordering::Relaxed);
        let refused = statuses.iter().filter(|&&status| status == "429").count();
        Ok((statuses.len(), refused))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

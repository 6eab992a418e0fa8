use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Debian's nginx on loopback, in a directory of its own.
pub(crate) struct Nginx {
    child: Child,
    port: u16,
    directory: PathBuf,
}

impl Nginx {
    /// A server that permits `rate` requests a second and `burst` on top, and
    /// answers 429 to others, with `Retry-After` if `retry_after` is given [s].
    ///
    /// `None` where nginx is not installed; where `CI` is set that is a failure.
    pub(crate) fn limiting(rate: u32, burst: u32, retry_after: Option<u32>) -> Option<Self> {
        let hint = retry_after
            .map(|seconds| format!("add_header Retry-After {seconds} always;"))
            .unwrap_or_default();
        Self::start(|port| {
            format!(
                "limit_req_zone $binary_remote_addr zone=all:1m rate={rate}r/s;
                 server {{
                     listen 127.0.0.1:{port};
                     limit_req zone=all burst={burst} nodelay;
                     limit_req_status 429;
                     error_page 429 @refused;
                     # Not `return` at once: it would come before the limit is asked.
                     location / {{ try_files /none @done; }}
                     location @done {{ return 200 'done'; }}
                     location @refused {{ {hint} return 429 'slow down'; }}
                 }}"
            )
        })
    }

    fn start(server: impl Fn(u16) -> String) -> Option<Self> {
        let nginx = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]
            .into_iter()
            .find(|path| fs::exists(path).unwrap_or_default());
        let Some(nginx) = nginx else {
            assert!(std::env::var_os("CI").is_none(), "nginx is not installed");
            eprintln!("skipped: nginx is not installed");
            return None;
        };
        // Bound and released: nobody else takes it in between, as ports are handed
        // out in turn.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory =
            std::env::temp_dir().join(format!("forbear-nginx-{}-{port}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let at = |name: &str| directory.join(name).display().to_string();
        let config = format!(
            "daemon off; master_process off; worker_processes 1; pid {pid};
             error_log {errors} crit;
             events {{ worker_connections 512; }}
             http {{
                 access_log off; keepalive_requests 100000;
                 client_body_temp_path {temp}; proxy_temp_path {temp};
                 fastcgi_temp_path {temp}; uwsgi_temp_path {temp}; scgi_temp_path {temp};
                 {server}
             }}",
            pid = at("pid"),
            errors = at("errors"),
            temp = at("temp"),
            server = server(port),
        );
        fs::write(directory.join("conf"), config).unwrap();
        let child = Command::new(nginx)
            .args(["-c", &at("conf"), "-p", &at(""), "-e", &at("errors")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut this = Self { child, port, directory };
        this.wait_until_it_listens();
        Some(this)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn wait_until_it_listens(&mut self) {
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                let errors = fs::read_to_string(self.directory.join("errors")).unwrap_or_default();
                panic!("nginx ended with {status}: {errors}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nginx does not listen");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

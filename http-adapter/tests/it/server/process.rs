//! A server that a test starts; also part of the tests of `batch` and `cli`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where a program that the tests start is installed.
///
/// `None` where it is not; where `CI` is set that is a failure.
pub(super) fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(program)).find(|path| path.is_file());
    if found.is_none() {
        missing(program);
    }
    found
}

/// Skips a test for want of `what`; where `CI` is set that is a failure.
pub(super) fn missing(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what} is not installed");
    eprintln!("skipped: {what} is not installed");
}

/// A port that nobody listens on.
///
/// Bound and released: nobody else takes it in between, as ports are handed out in
/// turn.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A process with a folder for its files.
pub(super) struct Process {
    child: Child,
    folder: PathBuf,
}

impl Process {
    /// A folder for the files of the server at `port`.
    pub(super) fn folder(program: &str, port: u16) -> PathBuf {
        let name = format!("forbear-{program}-{}-{port}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Starts `command`, which is to listen on `port`.
    pub(super) fn start(mut command: Command, folder: PathBuf, port: u16) -> Self {
        let errors = fs::File::create(folder.join("stderr")).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn();
        let mut this = Self { child: child.unwrap(), folder };
        this.wait_until_it_listens(port);
        this
    }

    fn wait_until_it_listens(&mut self, port: u16) {
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status}: {}", self.errors());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not listen: {}", self.errors());
    }

    fn errors(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        read("stderr") + &read("errors")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A path as a configuration file has it.
pub(super) fn shown(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

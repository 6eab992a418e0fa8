//! Redis servers that tests start: each on a free port of loopback, gone when it is dropped.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::print_stderr,
    reason = "a test panics where its server fails, waits for it, and says that it is skipped"
)]

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use redis::{Client, Cmd, Connection, Value};

/// A Redis or a Valkey that keeps nothing on disk.
#[derive(Debug)]
pub struct Server {
    child: Child,
    folder: PathBuf,
    port: u16,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Server {
    /// A server as it is by itself.
    ///
    /// `None`, here and below, where none is installed; where `CI` is set that is a failure.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// A server with these options too.
    #[must_use]
    pub fn start_with(options: &[&str]) -> Option<Self> {
        Self::start_by(|port, folder| {
            let mut arguments = plain(port, folder);
            arguments.extend(options.iter().map(ToString::to_string));
            arguments
        })
    }

    /// A server whose arguments are made for its port and its folder.
    #[must_use]
    pub fn start_by(arguments: impl Fn(u16, &Path) -> Vec<String>) -> Option<Self> {
        let program = installed()?;
        for _ in 0..10 {
            let port = free_port();
            let folder = format!("forbear-redis-{}-{port}", std::process::id());
            let folder = std::env::temp_dir().join(folder);
            fs::create_dir_all(&folder).expect("a folder of its own");
            let arguments = arguments(port, &folder);
            let child = spawn(&program, &folder, &arguments);
            let program = program.clone();
            let mut server = Self { child, folder, port, program, arguments };
            if server.listens() {
                return Some(server);
            }
        }
        panic!("redis-server does not start");
    }

    fn listens(&mut self) -> bool {
        for _ in 0..1000 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            if self.child.try_wait().expect("it is a child").is_some() {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// The port that it listens at.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What a client needs to find it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// A connection to it.
    #[must_use]
    pub fn connection(&self) -> Connection {
        let client = Client::open(self.url()).expect("the URL is one");
        client.get_connection().expect("it listens")
    }

    /// Runs a command.
    #[must_use]
    pub fn ask(&self, words: &[&str]) -> Value {
        self.try_ask(words).expect("the command works")
    }

    /// Runs a command whose answer is of no interest.
    pub fn run(&self, words: &[&str]) {
        let _ = self.ask(words);
    }

    /// Runs a command that may fail.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn try_ask(&self, words: &[&str]) -> redis::RedisResult<Value> {
        let mut command = Cmd::new();
        command.arg(words);
        command.query(&mut self.connection())
    }

    /// Waits until a command's answer, as text, has this in it.
    pub fn wait_for(&self, words: &[&str], text: &str) {
        let mut last = String::new();
        for _ in 0..1500 {
            last = match self.try_ask(words) {
                Ok(Value::BulkString(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
                Ok(Value::VerbatimString { text, .. }) => text,
                other => format!("{other:?}"),
            };
            if last.contains(text) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("no '{text}' within 15 s: {last}");
    }

    /// Sends it a signal, such as `-STOP`.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().expect("there is a kill");
        assert!(sent.success(), "{signal} is not sent");
    }

    /// Ends it with all that it knows.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is a child");
        self.child.wait().expect("it is a child");
    }

    /// Starts it anew on the same port.
    pub fn restart(&mut self) {
        self.child = spawn(&self.program, &self.folder, &self.arguments);
        assert!(self.listens(), "it does not start again");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that nobody has. It is bound and released: another may take it in between, and then
/// the server does not start.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

/// The arguments of a server that listens on loopback and keeps nothing.
#[must_use]
pub fn plain(port: u16, folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let port = port.to_string();
    let words = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    words.into_iter().chain(["--dir", &folder]).map(ToOwned::to_owned).collect()
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/bin".into()]).collect();
    let programs = ["redis-server", "valkey-server"];
    let mut places =
        programs.iter().flat_map(|program| folders.iter().map(move |folder| folder.join(program)));
    let found = places.find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "redis-server is not installed");
        eprintln!("skipped: redis-server is not installed");
    }
    found
}

fn spawn(program: &Path, folder: &Path, arguments: &[String]) -> Child {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it is a program")
}

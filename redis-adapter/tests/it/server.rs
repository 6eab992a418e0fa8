//! Starting and stopping Redis; each on a free port, gone when it is dropped.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use forbear_redis::model::Store;
use forbear_redis::testing::{Keys, Reply, Request, with_clock};
use redis::{Client, Connection, Value};

/// A Redis server on loopback that keeps nothing on disk.
pub(crate) struct Server {
    child: Child,
    folder: PathBuf,
    port: u16,
    program: PathBuf,
    options: Vec<String>,
}

/// Where a server is installed: Redis, or Valkey.
///
/// `None` where neither is; where `CI` is set that is a failure.
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

impl Server {
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(options: &[&str]) -> Option<Self> {
        let program = installed()?;
        let mut options: Vec<String> = options.iter().map(ToString::to_string).collect();
        for _ in 0..10 {
            // Bound and released: another test may take it in between, and then the
            // server does not start.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let folder =
                std::env::temp_dir().join(format!("forbear-redis-{}-{port}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            let child = spawn(&program, &folder, port, &options);
            let mut server = Self { child, folder, port, program: program.clone(), options };
            if server.listens() {
                return Some(server);
            }
            options = std::mem::take(&mut server.options);
        }
        panic!("redis-server does not start");
    }

    fn listens(&mut self) -> bool {
        for _ in 0..1000 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn connection(&self) -> Connection {
        Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    /// Runs a command, whose answer is text or a number.
    pub(crate) fn run(&self, words: &[&str]) -> Value {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        command.query(&mut self.connection()).unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Ends it with all that it knows.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it anew on the same port.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(&self.program, &self.folder, self.port, &self.options);
        assert!(self.listens(), "it does not start again");
    }
}

fn spawn(program: &PathBuf, folder: &PathBuf, port: u16, options: &[String]) -> Child {
    Command::new(program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no", "--dir"])
        .arg(folder)
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A server whose script goes by a clock that is the last argument, in microseconds; so
/// are the expiries of what it holds back.
///
/// Each call goes to the model of the simulator too, which must answer the same.
pub(crate) struct Scripted {
    pub(crate) server: Server,
    connection: Connection,
    hash: String,
    keys: Keys,
    limits: usize,
    /// `None` where the test changes what is in Redis.
    model: Option<Store>,
}

const VIRTUAL: &str = r"
local raw = tonumber(ARGV[#ARGV])
local redis = { call = function(name, key, ...)
  local words = { ... }
  if name == 'PTTL' then
    local till = redis.call('GET', key)
    if not till or tonumber(till) <= raw then return -2 end
    return math.ceil((till - raw) / 1000)
  elseif name == 'SET' then
    return redis.call('SET', key, string.format('%.0f', raw + words[3] * 1000))
  elseif name == 'PEXPIRE' then
    return redis.call('HSET', '{' .. 'expiries}', key, string.format('%.0f', raw + words[1] * 1000))
  end
  return redis.call(name, key, ...)
end }
local expiries = redis.call('HGETALL', '{expiries}')
for i = 1, #expiries, 2 do
  if tonumber(expiries[i + 1]) <= raw then
    redis.call('DEL', expiries[i])
    redis.call('HDEL', '{expiries}', expiries[i])
  end
end
";

impl Scripted {
    pub(crate) fn start(limits: usize) -> Option<Self> {
        let server = Server::start()?;
        let mut connection = server.connection();
        let script = with_clock(VIRTUAL);
        let hash: String =
            redis::cmd("SCRIPT").arg("LOAD").arg(&script).query(&mut connection).unwrap();
        let keys = Keys::new("test", "quota", limits).unwrap();
        Some(Self { server, connection, hash, keys, limits, model: Some(Store::new()) })
    }

    pub(crate) fn call(&mut self, now_us: u64, member: &str, request: &Request) -> Reply {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.hash).arg(self.keys.as_slice().len()).arg(self.keys.as_slice());
        command.arg(request.arguments(member)).arg(now_us);
        let value: Value = command.query(&mut self.connection).unwrap();
        let reply = Reply::read(&value, self.limits).unwrap();
        if let Some(model) = &mut self.model {
            let modelled = model.call(now_us, member, request);
            assert_eq!(modelled, reply, "to {member} at {now_us} us: {request:?}");
        }
        reply
    }

    pub(crate) fn flush(&mut self) {
        redis::cmd("FLUSHALL").exec(&mut self.connection).unwrap();
        if let Some(model) = &mut self.model {
            model.flush();
        }
    }

    /// Compares no more with the model, since the test is about to change what is in Redis.
    pub(crate) fn without_model(mut self) -> Self {
        self.model = None;
        self
    }

    /// The fields of the state, for a look from outside.
    pub(crate) fn state(&mut self) -> std::collections::BTreeMap<String, String> {
        redis::cmd("HGETALL").arg(&self.keys.as_slice()[0]).query(&mut self.connection).unwrap()
    }
}

//! The connection to Redis, and the one call that is made over it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, ErrorKind, RedisError, RedisResult, Script, ServerErrorKind, Value};

use crate::error::Kind;
use crate::keys::Keys;
use crate::message::{Reply, Request};
use crate::script;

type Connection = Box<dyn ConnectionLike + Send>;
type Opening = Pin<Box<dyn Future<Output = RedisResult<Connection>> + Send>>;
/// Makes a connection.
pub(crate) type Open = Box<dyn Fn() -> Opening + Send>;

/// How long the first answer may take, at least.
const FIRST_TIMEOUT: Duration = Duration::from_secs(2);

/// A Redis that runs the script.
pub(crate) struct Store {
    open: Open,
    connection: Option<Connection>,
    keys: Vec<String>,
    script: String,
    hash: String,
    timeout: Duration,
    /// This member's name: random, and new in each process.
    member: String,
}

impl Store {
    pub(crate) fn new(open: Open, keys: &Keys, timeout: Duration) -> Self {
        let script = script::source();
        let hash = Script::new(&script).get_hash().to_owned();
        let (keys, member) = (keys.as_slice().to_vec(), random_name());
        Self { open, connection: None, keys, script, hash, timeout, member }
    }

    /// Carries one request to Redis, within the bound on time.
    pub(crate) async fn call(&mut self, request: &Request) -> Result<Reply, Kind> {
        self.call_within(self.timeout, request).await
    }

    /// The first call of all, which finds no connection and no script, and nobody waits
    /// for permits yet.
    pub(crate) async fn first_call(&mut self, request: &Request) -> Result<Reply, Kind> {
        self.call_within(self.timeout.max(FIRST_TIMEOUT), request).await
    }

    async fn call_within(&mut self, timeout: Duration, request: &Request) -> Result<Reply, Kind> {
        // Taken, so that whatever goes wrong, and a call that is dropped, leaves none: a
        // connection that failed once may lead to a server that is no primary any more.
        let connection = self.connection.take();
        let called = tokio::time::timeout(timeout, self.call_over(connection, request)).await;
        let (connection, value) = called.map_err(|_| Kind::TimedOut(timeout))??;
        let limits = request.parts.len();
        let reply = Reply::read(&value, limits).ok_or_else(|| {
            let error = (ErrorKind::UnexpectedReturnType, "the script was answered otherwise");
            RedisError::from(error)
        })?;
        self.connection = Some(connection);
        Ok(reply)
    }

    // By `&mut`, since what makes connections need not be `Sync`.
    async fn call_over(
        &mut self,
        connection: Option<Connection>,
        request: &Request,
    ) -> RedisResult<(Connection, Value)> {
        let mut connection = if let Some(connection) = connection {
            connection
        } else {
            let mut connection = (self.open)().await?;
            // Who has to log in first is told so; a call of many words is not answered.
            run(&mut connection, &redis::cmd("PING")).await?;
            connection
        };
        let by_hash = self.command("EVALSHA", &self.hash, request);
        let mut value = run(&mut connection, &by_hash).await;
        // A restart, a failover or SCRIPT FLUSH leaves Redis without the script.
        let no_script = ErrorKind::Server(ServerErrorKind::NoScript);
        if value.as_ref().is_err_and(|error| error.kind() == no_script) {
            let in_full = self.command("EVAL", &self.script, request);
            value = run(&mut connection, &in_full).await;
        }
        Ok((connection, value?))
    }

    fn command(&self, name: &str, script: &str, request: &Request) -> Cmd {
        let mut command = Cmd::new();
        command.arg(name).arg(script).arg(self.keys.len()).arg(&self.keys);
        command.arg(request.arguments(&self.member));
        command
    }
}

async fn run(connection: &mut Connection, command: &Cmd) -> RedisResult<Value> {
    connection.req_packed_command(command).await?.extract_error()
}

/// 128 bits from the operating system.
fn random_name() -> String {
    use forbear_core::{Entropy, SplitMix64};

    let entropy = || SplitMix64::from_os().next_u64();
    format!("{:016x}{:016x}", entropy(), entropy())
}

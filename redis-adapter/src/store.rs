//! The connection to Redis, and the one call that is made over it.

use std::time::Duration;

use redis::{Cmd, ErrorKind, RedisError, RedisResult, Script, ServerErrorKind, Value};

use crate::error::Kind;
use crate::keys::Keys;
use crate::message::{Reply, Request};
use crate::open::{Connection, Open};
use crate::script;

/// How long a connection may take to be made, and the first answer to come, at least.
///
/// A connection is several round trips: TCP, TLS, the log-in, the look at the keys; and
/// through a cluster or a sentinel, of more than one. Callers do not wait for it: they go
/// by the rule for a time without Redis.
const OPENING: Duration = Duration::from_secs(2);

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

    pub(crate) const fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// Makes a connection, which has a bound on time of its own: at a distance at which a
    /// call is in time, a connection need not be.
    pub(crate) async fn open(&mut self) -> Result<(), Kind> {
        let bound = self.timeout.max(OPENING);
        let opened = tokio::time::timeout(bound, self.opened()).await;
        self.connection = Some(opened.map_err(|_| Kind::TimedOut(bound))??);
        Ok(())
    }

    /// Carries one request to Redis, within the bound on time.
    pub(crate) async fn call(&mut self, request: &Request) -> Result<Reply, Kind> {
        self.call_within(self.timeout, request).await
    }

    /// The first call of all, which finds no script, and nobody waits for permits yet.
    pub(crate) async fn first_call(&mut self, request: &Request) -> Result<Reply, Kind> {
        self.call_within(self.timeout.max(OPENING), request).await
    }

    async fn call_within(&mut self, timeout: Duration, request: &Request) -> Result<Reply, Kind> {
        // Taken, so that whatever goes wrong, and a call that is dropped, leaves none: a
        // connection that failed once may lead to a server that is no primary any more.
        let mut connection = self.connection.take().ok_or(Kind::NotConnected)?;
        let called = tokio::time::timeout(timeout, self.call_over(&mut connection, request)).await;
        let value = called.map_err(|_| Kind::TimedOut(timeout))??;
        let limits = request.parts.len();
        let reply = Reply::read(&value, limits).ok_or_else(|| {
            let error = (ErrorKind::UnexpectedReturnType, "the script was answered otherwise");
            RedisError::from(error)
        })?;
        self.connection = Some(connection);
        Ok(reply)
    }

    // By `&mut`, since what makes connections need not be `Sync`.
    async fn opened(&mut self) -> RedisResult<Connection> {
        let mut connection = (self.open)().await?;
        // Who has to log in first is told so; a call of many words is not answered. About a
        // key, so that a cluster sends it where the script goes, and nowhere else.
        run(&mut connection, redis::cmd("PTTL").arg(&self.keys[0])).await?;
        Ok(connection)
    }

    async fn call_over(
        &mut self,
        connection: &mut Connection,
        request: &Request,
    ) -> RedisResult<Value> {
        let by_hash = self.command("EVALSHA", &self.hash, request);
        let value = run(connection, &by_hash).await;
        // A restart, a failover or SCRIPT FLUSH leaves Redis without the script.
        let no_script = ErrorKind::Server(ServerErrorKind::NoScript);
        if value.as_ref().is_err_and(|error| error.kind() == no_script) {
            let in_full = self.command("EVAL", &self.script, request);
            return run(connection, &in_full).await;
        }
        value
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

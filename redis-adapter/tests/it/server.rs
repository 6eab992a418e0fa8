//! A Redis whose script goes by a clock of the test.

use forbear_redis::model::Store;
use forbear_redis::testing::{Keys, Reply, Request, with_clock};
pub(crate) use forbear_redis_testing::Server;
use redis::{Connection, Value};

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

#[path = "../../../http-adapter/tests/it/server/nginx.rs"]
mod nginx;
#[path = "../../../http-adapter/tests/it/server/process.rs"]
mod process;
#[path = "../servers/token_server.rs"]
#[allow(dead_code, reason = "the benches look at more of it")]
mod token_server;

use self::process::{Process, free_port, installed, shown};

pub(crate) use self::{
    nginx::Nginx,
    token_server::{Quota, TokenServer},
};

//! Starting and stopping; each on a free port, and gone when it is dropped.

mod express;
mod haproxy;
mod nginx;
mod process;

use self::process::{Process, free_port, installed, missing, shown};

pub(crate) use self::{
    express::{Draft, Express},
    haproxy::HaProxy,
    nginx::Nginx,
};

//! A Redis that is far away, or behind a network that fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use forbear_redis::{Mode, WithoutRedis};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::{event, is_lost, is_recovered, limit, policy, quota, told};
use crate::server::Server;

/// A line to a server on which each byte takes so long each way, and which can be cut.
struct Line {
    url: String,
    is_cut: Arc<AtomicBool>,
}

impl Line {
    async fn to(server: &Server, one_way: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let (port, is_cut) = (server.port(), Arc::new(AtomicBool::new(false)));
        let cut = Arc::clone(&is_cut);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                // Who connects while it is cut hears nothing at all.
                let far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let ((near_in, near_out), (far_in, far_out)) =
                    (near.into_split(), far.into_split());
                carry(near_in, far_out, one_way, &cut);
                carry(far_in, near_out, one_way, &cut);
            }
        });
        Self { url, is_cut }
    }

    fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::SeqCst);
    }
}

fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    one_way: Duration,
    cut: &Arc<AtomicBool>,
) {
    let (send, mut arrive) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let cut = Arc::clone(cut);
    tokio::spawn(async move {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut bytes).await {
            if !cut.load(Ordering::SeqCst) {
                let _ = send.send((Instant::now() + one_way, bytes[..length].to_vec()));
            }
        }
    });
    tokio::spawn(async move {
        while let Some((at, bytes)) = arrive.recv().await {
            tokio::time::sleep_until(at.into()).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
    });
}

/// A call is one round trip, a connection is several.
#[tokio::test]
async fn a_connection_may_take_longer_than_a_call() {
    let Some(server) = Server::start() else { return };
    let line = Line::to(&server, Duration::from_millis(60)).await;
    let builder = quota(limit("100/s", 100)).lease(Duration::from_secs(5));
    let (builder, mut told) = told(builder);
    let quota = builder.connect(&line.url).await.unwrap();
    line.cut(true);
    let policy = policy(&quota);
    let task = tokio::spawn(super::greedy(policy, Arc::default()));
    event(&mut told, is_lost).await;
    line.cut(false);
    event(&mut told, is_recovered).await;
    assert_eq!(quota.status().mode, Mode::Leased);
    task.abort();
}

/// How long after a partition members find Redis back, one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_find_redis_back_within_the_time_that_was_set() {
    let Some(mut server) = Server::start() else { return };
    let within = Duration::from_millis(400);
    let (mut members, mut listeners) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        let builder = quota(limit("100/s", 100)).without_redis(WithoutRedis::Closed);
        let (builder, told) = told(builder.reconnect_within(within));
        let member = builder.connect(&server.url()).await.unwrap();
        tokio::spawn(super::greedy(policy(&member), Arc::default()));
        members.push(member);
        listeners.push(told);
    }
    server.kill();
    for told in &mut listeners {
        event(told, is_lost).await;
    }
    // Until each has come to its longest pauses.
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.restart();
    let start = Instant::now();
    for told in &mut listeners {
        event(told, is_recovered).await;
    }
    // The rest is for the machine; 5 s were usual before it could be set.
    assert!(start.elapsed() < within + Duration::from_millis(1500), "{:?}", start.elapsed());
}

/// Whoever makes a connection is not waited for.
#[tokio::test]
async fn a_quota_is_closed_while_a_connection_is_made() {
    let Some(server) = Server::start() else { return };
    let line = Line::to(&server, Duration::ZERO).await;
    let (builder, mut told) = told(quota(limit("100/s", 100)));
    let quota = builder.connect(&line.url).await.unwrap();
    line.cut(true);
    let task = tokio::spawn(super::greedy(policy(&quota), Arc::default()));
    event(&mut told, is_lost).await;
    task.abort();
    let _ = task.await;
    // By now it waits for an answer that does not come, for two seconds each time.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let start = Instant::now();
    quota.close().await;
    assert!(start.elapsed() < Duration::from_millis(1200), "{:?}", start.elapsed());
}

//! A Redis Cluster of three masters.

use std::sync::Arc;
use std::time::{Duration, Instant};

use forbear_redis::{Event, SharedQuota, WithoutRedis, open};
use redis::Value;

use super::{assert_within, greedy, is_lost, is_recovered, limit, policy, told, wait_for_sends};
use crate::server::Server;

/// The slots of each master.
const SLOTS: [[u16; 2]; 3] = [[0, 5460], [5461, 10922], [10923, 16383]];

struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    fn start() -> Option<Self> {
        let node = |_| {
            Server::start_by(|port, folder| {
                let bus = forbear_redis_testing::free_port().to_string();
                let words = ["--cluster-enabled", "yes", "--cluster-port", &bus];
                // A slot whose master is gone is no reason to refuse the others.
                let more = ["--cluster-require-full-coverage", "no"];
                let words = words.into_iter().chain(more).map(ToOwned::to_owned);
                forbear_redis_testing::plain(port, folder).into_iter().chain(words).collect()
            })
        };
        let nodes: Vec<_> = (0..3).map_while(node).collect();
        (nodes.len() == 3).then(|| Self::join(nodes))
    }

    fn join(nodes: Vec<Server>) -> Self {
        for (number, (node, slots)) in (1..).zip(nodes.iter().zip(SLOTS)) {
            // As redis-cli does: masters that begin alike quarrel about who is ahead, and one
            // that draws ahead in the middle of a move takes the slot back.
            node.run(&["CLUSTER", "SET-CONFIG-EPOCH", &i32::to_string(&number)]);
            let [first, last] = slots.map(|slot| slot.to_string());
            node.run(&["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
        }
        for node in &nodes[1..] {
            let bus = text(&nodes[0].ask(&["CLUSTER", "MYID"]));
            let own = text(&nodes[0].ask(&["CLUSTER", "NODES"]));
            // Its line is `id host:port@bus ..`.
            let own = own.lines().find(|line| line.starts_with(&bus)).unwrap().to_owned();
            let bus = own.split(['@', ',', ' ']).nth(2).unwrap();
            let port = nodes[0].port().to_string();
            node.run(&["CLUSTER", "MEET", "127.0.0.1", &port, bus]);
        }
        for node in &nodes {
            node.wait_for(&["CLUSTER", "INFO"], "cluster_state:ok");
            node.wait_for(&["CLUSTER", "INFO"], "cluster_slots_assigned:16384");
        }
        Self { nodes }
    }

    /// The slot of a quota, and the master that has it.
    fn home(&self, quota: &str) -> (String, usize) {
        let slot = self.nodes[0].ask(&["CLUSTER", "KEYSLOT", &format!("{{{quota}}}")]);
        let Value::Int(slot) = slot else { panic!("{slot:?}") };
        let home = SLOTS.iter().position(|slots| slot <= i64::from(slots[1])).unwrap();
        (slot.to_string(), home)
    }

    fn id(&self, node: usize) -> String {
        text(&self.nodes[node].ask(&["CLUSTER", "MYID"]))
    }
}

fn text(value: &Value) -> String {
    redis::from_redis_value_ref(value).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_moves_is_followed_and_loses_nothing() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.nodes[0].url();
    let (slot, from) = cluster.home("quota");
    let to = (from + 1) % 3;
    let (start, sends) = (Instant::now(), Arc::default());
    let (mut members, mut listeners) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let builder = SharedQuota::builder("quota").limit(limit("200/s", 50));
        let (builder, told) = told(builder.without_redis(WithoutRedis::Closed));
        // One address is enough to find the others.
        let nodes = open::cluster([url.as_str()]).unwrap();
        let member = builder.connect_with(nodes).await.unwrap();
        tokio::spawn(greedy(policy(&member), Arc::clone(&sends)));
        members.push(member);
        listeners.push(told);
    }
    wait_for_sends(&sends, 100).await;
    // As redis-cli and operators move a slot.
    let (source, target) = (&cluster.nodes[from], &cluster.nodes[to]);
    target.run(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &cluster.id(from)]);
    source.run(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &cluster.id(to)]);
    let port = target.port().to_string();
    let mut moved = 0;
    loop {
        let keys = source.ask(&["CLUSTER", "GETKEYSINSLOT", &slot, "1"]);
        let keys: Vec<String> = redis::from_redis_value(keys).unwrap();
        let [key] = keys.as_slice() else { break };
        source.run(&["MIGRATE", "127.0.0.1", &port, key, "0", "1000"]);
        moved += 1;
        // Some keys are here and some there for longer than a call takes.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(moved >= 3, "{moved} keys");
    for node in [target, source, &cluster.nodes[(from + 2) % 3]] {
        node.run(&["CLUSTER", "SETSLOT", &slot, "NODE", &cluster.id(to)]);
    }
    let before = sends.lock().unwrap().len();
    wait_for_sends(&sends, before + 100).await;
    let mut events = Vec::new();
    for told in &mut listeners {
        events.extend(std::iter::from_fn(|| told.try_recv().ok()));
    }
    assert!(!events.contains(&Event::StateLost), "{events:?}");
    assert_eq!(members[0].status().members, 2);
    assert_within(sends.lock().unwrap().iter().map(|at| *at - start).collect(), 50, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_is_away_when_its_own_master_is_and_no_other() {
    let Some(mut cluster) = Cluster::start() else { return };
    let urls: Vec<_> = cluster.nodes.iter().map(Server::url).collect();
    let nodes = || open::cluster(urls.iter().map(String::as_str)).unwrap();
    let (_, home) = cluster.home("quota");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let other = names.into_iter().find(|name| cluster.home(name).1 != home).unwrap();
    let gone = cluster.home(other).1;
    let builder = |name: &str| SharedQuota::builder(name).limit(limit("1000/s", 100));
    let (here, mut told_here) = told(builder("quota"));
    let (there, mut told_there) = told(builder(other));
    let here = here.connect_with(nodes()).await.unwrap();
    let there = there.connect_with(nodes()).await.unwrap();
    let (sent_here, sent_there) = (Arc::default(), Arc::default());
    tokio::spawn(greedy(policy(&here), Arc::clone(&sent_here)));
    tokio::spawn(greedy(policy(&there), Arc::clone(&sent_there)));
    wait_for_sends(&sent_there, 100).await;
    cluster.nodes[gone].kill();
    super::event(&mut told_there, is_lost).await;
    let before = sent_here.lock().unwrap().len();
    wait_for_sends(&sent_here, before + 300).await;
    // One that starts now finds a master that does not answer among those that do.
    let (late, mut told_late) = told(builder("quota"));
    late.connect_with(nodes()).await.unwrap().close().await;
    for told in [&mut told_here, &mut told_late] {
        let events: Vec<_> = std::iter::from_fn(|| told.try_recv().ok()).collect();
        assert!(!events.iter().any(is_lost), "{events:?}");
    }
    cluster.nodes[gone].restart();
    // It has the slots again, and knows nothing else.
    super::event(&mut told_there, is_recovered).await;
}

#[tokio::test]
async fn who_takes_a_cluster_for_one_server_is_told_what_to_do() {
    let Some(cluster) = Cluster::start() else { return };
    let (_, home) = cluster.home("quota");
    let wrong = cluster.nodes[(home + 1) % 3].url();
    let builder = SharedQuota::builder("quota").limit(limit("10/s", 10));
    let error = builder.connect(&wrong).await.unwrap_err();
    assert!(
        std::error::Error::source(&error).is_some_and(|source| source.is::<redis::RedisError>())
    );
    let error = error.to_string();
    assert!(error.ends_with("it is a cluster, connect with `open::cluster`"), "{error}");
    let same = |nodes: &[&'static str]| open::cluster(nodes.iter().copied()).err().unwrap();
    assert_eq!(
        same(&["redis://:a@127.0.0.1/", "redis://:b@127.0.0.1/"]).to_string(),
        "cluster is Cannot use different password among initial nodes. - InvalidClientConfig, must be \
         URLs such as redis://host:6379, with one login (rediss:// needs the feature tls)"
    );
}

//! Members in processes of their own, one of which is killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{assert_within, limit, policy, quota};
use crate::server::Server;

const URL: &str = "FORBEAR_REDIS_TEST_URL";

/// Not a test by itself: what a process does that the test below starts.
#[tokio::test]
async fn worker() {
    let Ok(url) = std::env::var(URL) else { return };
    let quota = quota(limit("300/s", 60)).connect(&url).await.unwrap();
    let policy = policy(&quota);
    // Bounded in time, whoever forgets to kill it.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        let send = async || {
            let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let mut out = std::io::stdout();
            writeln!(out, "sent {}", at.as_nanos()).unwrap();
            out.flush()
        };
        if policy.retry(send).await.is_err() {
            return;
        }
    }
}

fn spawn(url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "live::processes::worker", "--nocapture", "--test-threads", "1"])
        .env(URL, url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_member_that_is_killed_takes_little_with_it() {
    let Some(server) = Server::start() else { return };
    let mut children: Vec<_> = (0..3).map(|_| spawn(&server.url())).collect();
    let (tell, told) = std::sync::mpsc::channel();
    for (member, child) in children.iter_mut().enumerate() {
        let (tell, out) = (tell.clone(), child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(nanos) = line.strip_prefix("sent ") {
                    let at = Duration::from_nanos(nanos.parse().unwrap());
                    let _ = tell.send((member, at));
                }
            }
        });
    }
    let (mut sends, mut killed_at) = (Vec::new(), None);
    let mut seen = [0_u32; 3];
    while sends.len() < 1200 {
        let (member, at) = told.recv_timeout(Duration::from_secs(10)).unwrap();
        seen[member] += 1;
        sends.push(at);
        // By SIGKILL, in the middle of it all.
        if killed_at.is_none() && seen.iter().all(|&count| count > 100) {
            children[0].kill().unwrap();
            killed_at = Some(at);
        }
    }
    for child in &mut children {
        let _ = child.kill();
        child.wait().unwrap();
    }
    let first = *sends.iter().min().unwrap();
    let killed_at = killed_at.expect("all three took part");
    let after = sends.iter().filter(|&&at| at > killed_at).count();
    let span = sends.iter().max().unwrap().saturating_sub(killed_at);
    eprintln!("{seen:?} sends, {after} in {span:?} after one was killed");
    // The two others take over what it used.
    let due = span.as_millis() as usize * 300 / 1000;
    assert!(after * 100 >= due * 75, "{after} of {due}");
    assert_within(sends.iter().map(|at| *at - first).collect(), 60, 300);
}

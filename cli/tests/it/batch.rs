use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Directory, Ran, forbear, run};
use crate::token_server::{Quota, TokenServer};

/// A server that limits nothing, and takes so long.
fn server(latency_ms: u64) -> TokenServer {
    let latency = Duration::from_millis(latency_ms);
    let refusals_count = false;
    let (requests, tokens, burst_s, answered) = (1e6, 1e9, 1.0, 0.5);
    TokenServer::start(Quota { requests, tokens, burst_s, latency, answered, refusals_count })
}

fn prompts(count: usize) -> String {
    let line = |number: usize| {
        let body = json!({"metadata": format!("job-{number}"), "max_tokens": 20});
        format!("{}\n", json!({"id": number, "path": "/v1/chat/completions", "body": body}))
    };
    (1..=count).map(line).collect()
}

fn policy(rate: &str) -> String {
    format!(
        "[retry]\nmax_attempts = 5\ndeadline = 'none'\nbudget = 'none'\n\
         [[limit]]\nkind = 'gcra'\nrate = '{rate}'\nburst = 5\n"
    )
}

/// A batch in a directory of its own.
struct Batch {
    directory: Directory,
    words: Vec<String>,
}

impl Batch {
    fn new(requests: impl AsRef<[u8]>, url: &str, rate: &str) -> Self {
        let directory = Directory::new();
        let input = directory.file("requests.jsonl", requests);
        let policy = directory.file("policy.toml", policy(rate));
        let out = directory.path("results.jsonl");
        let words = ["batch", &input, "--out", &out, "--base-url", url, "--policy", &policy];
        let words = words.iter().map(ToString::to_string).collect();
        Self { directory, words }
    }

    fn words<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        self.words.iter().map(String::as_str).chain(more.iter().copied()).collect()
    }

    fn run(&self, more: &[&str]) -> Ran {
        run(&self.words(more))
    }

    fn start(&self, more: &[&str]) -> Child {
        let mut command = forbear(&self.words(more));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it starts")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path(name)).unwrap_or_default()
    }

    fn results(&self) -> Vec<Value> {
        self.read("results.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The lines that the journal has as done, of those that are whole.
    fn done(&self) -> Vec<u64> {
        let journal = self.read("results.jsonl.journal");
        let whole = journal.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let job =
            |line: &str| serde_json::from_str::<Value>(&line[9..]).unwrap()["done"]["job"].as_u64();
        whole.lines().filter_map(job).collect()
    }
}

/// Numbers that look random, the same ones each time (`SplitMix64`).
struct Luck(u64);

impl Luck {
    fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        least + (word ^ (word >> 31)) % (most - least)
    }
}

#[test]
fn after_20_kills_every_job_is_done_exactly_once() {
    const JOBS: usize = 2000;
    let server = server(15);
    let batch = Batch::new(prompts(JOBS), &server.url(), "400/s");
    let mut luck = Luck(20);
    let (mut kills, mut sent_by_then) = (0, Vec::new());
    while kills < 20 {
        let mut child = batch.start(&["--quiet"]);
        let before = batch.done().len() as u64;
        // Some before anything is done, most in the middle of it: 20 times 60 are less than
        // there are.
        let more = if luck.between(0, 5) > 0 { luck.between(1, 60) } else { 0 };
        while (batch.done().len() as u64) < before + more {
            assert!(child.try_wait().unwrap().is_none(), "there is still something to do");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let log = server.log();
        let sends = |line: &u64| log.jobs.get(&format!("job-{line}")).map_or(0, |job| job.0.len());
        sent_by_then
            .push(batch.done().iter().map(|line| (*line, sends(line))).collect::<BTreeMap<_, _>>());
    }
    let done_before = batch.done().len();
    assert!(done_before > 100, "the kills left it some time: {done_before}");
    let summary = batch.run(&["--json"]).exits(0).json();
    assert_eq!(
        (&summary["succeeded"], &summary["done_before"]),
        (&JOBS.into(), &done_before.into())
    );

    let (results, mut done) = (batch.results(), batch.done());
    let lines: BTreeSet<_> =
        results.iter().map(|result| result["line"].as_u64().unwrap()).collect();
    assert_eq!((results.len(), lines.len()), (JOBS, JOBS));
    for result in &results {
        assert_eq!(result["body"]["echo"], format!("job-{}", result["line"]), "its own answer");
    }
    done.sort_unstable();
    assert_eq!(done, (1..=JOBS as u64).collect::<Vec<_>>());

    let log = server.log();
    for by_then in &sent_by_then {
        for (line, sends) in by_then {
            let job = &log.jobs[&format!("job-{line}")];
            assert_eq!(job.0.len(), *sends, "line {line} was sent again although it was done");
        }
    }
    let mut repeated = 0;
    for (name, (keys, _)) in &log.jobs {
        let different: BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), 1, "{name} came with {keys:?}");
        assert!(!keys[0].is_empty());
        repeated += usize::from(keys.len() > 1);
    }
    println!(
        "{repeated} of {JOBS} jobs were sent more than once, done before the last start: {done_before}"
    );
    assert!(repeated > 0, "some kill hit a request on its way");
}

#[test]
fn the_exit_code_says_what_became_of_it() {
    let server = server(0);
    let batch = Batch::new(prompts(3), &server.url(), "1000/s");
    let ran = batch.run(&[]).exits(0);
    assert!(ran.stdout.contains("succeeded") && ran.stdout.contains('3'), "{}", ran.stdout);
    assert_eq!(batch.run(&["--json"]).exits(0).json()["done_before"], 3);

    let batch = Batch::new(prompts(2) + "{}\n[]\n", &server.url(), "1000/s");
    let ran = batch.run(&[]).exits(3);
    assert!(
        ran.stderr.contains("requests.jsonl:3: url or path is missing")
            || ran.stderr.contains("requests.jsonl:4:"),
        "{}",
        ran.stderr
    );
    assert_eq!(batch.results().len(), 3, "an empty object goes to the base URL");

    Batch::new("\n\n", &server.url(), "1000/s").run(&[]).exits(4);

    let batch = Batch::new(prompts(2), "http://127.0.0.1:1", "1000/s");
    let ran = batch.run(&["--json"]).exits(1);
    let error: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("cannot connect to 127.0.0.1:1: "), "{error}");
    assert_eq!(error["error"]["help"], "2 requests are left; the same command goes on with them");
    assert_eq!(ran.json()["end"], "stopped");
    // It goes on with them.
    let words = batch
        .words(&[])
        .iter()
        .map(|word| word.replace("http://127.0.0.1:1", &server.url()))
        .collect();
    let batch = Batch { directory: batch.directory, words };
    batch.run(&[]).exits(0);
    assert_eq!(batch.results().len(), 2);
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_is_sent() {
    let server = server(0);
    for (more, says) in [
        (&["--bearer-env", "FORBEAR_NO_SUCH"][..], "the variable FORBEAR_NO_SUCH is not set"),
        (
            &["--header-env", "x-api-key"],
            "--header-env: must have an '=', such as x-api-key=API_KEY",
        ),
        (&["--url", "localhost"], "the URL is 'localhost', must begin with http:// or https://"),
        (&["--weight", "a=0"], "the weight of 'a' is 0, must be at least 1"),
        (&["--price", "token=1"], "the price is 'token=1', must be a dimension"),
        (&["--timeout", "5"], "must be a number and a unit"),
        (&["--preset", "opena"], "openai"),
    ] {
        let batch = Batch::new(prompts(1), &server.url(), "1000/s");
        let ran = batch.run(more).exits(2);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    }
    let ran = run(&["batch", "no-such.jsonl", "--out", "x"]).exits(2);
    assert!(ran.stderr.contains("no-such.jsonl: no such file or directory"), "{}", ran.stderr);
    assert_eq!(server.log().jobs.len(), 0);
}

#[test]
fn a_secret_is_taken_from_the_environment() {
    let server = server(0);
    let batch = Batch::new(prompts(2), &server.url(), "1000/s");
    let ran: Ran = forbear(&batch.words(&["--bearer-env", "FORBEAR_TEST_KEY", "--json"]))
        .env("FORBEAR_TEST_KEY", "sk-of-the-test")
        .output()
        .unwrap()
        .into();
    let ran = ran.exits(0);
    assert_eq!(server.log().authorization.as_deref(), Some("Bearer sk-of-the-test"));
    for name in batch.directory.names() {
        assert!(!batch.read(&name).contains("sk-of-the-test"), "{name}");
    }
    assert!(!format!("{ran:?}").contains("sk-of-the-test"));
}

#[test]
fn results_may_go_to_standard_output_and_be_in_order() {
    let server = server(0);
    let batch = Batch::new(prompts(30), &server.url(), "1000/s");
    let piped = batch.words(&["--ordered"]);
    let out = piped.iter().position(|word| *word == "--out").unwrap() + 1;
    let piped: Vec<_> =
        piped.iter().enumerate().map(|(at, word)| if at == out { "-" } else { word }).collect();
    let ran = run(&piped).exits(0);
    let lines = |text: &str| -> Vec<u64> {
        let line =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64().unwrap();
        text.lines().map(line).collect()
    };
    assert_eq!(lines(&ran.stdout), (1..=30).collect::<Vec<_>>());
    assert!(ran.stderr.contains("succeeded"), "{}", ran.stderr);
    // Again: all of them, and nothing is sent.
    let again = run(&piped).exits(0);
    assert_eq!((again.stdout == ran.stdout, server.log().served), (true, 30));
}

#[test]
fn a_dry_run_sends_nothing_and_says_how_long_and_how_much() {
    let server = server(0);
    let batch = Batch::new(prompts(300), &server.url(), "60/min");
    let ran = batch
        .run(&["--dry-run", "--latency", "2s", "--price", "output_tokens=10", "--json"])
        .exits(0);
    let forecast = ran.json();
    // 5 at once, then one a second; the last answer takes 2 s.
    assert_eq!((&forecast["jobs"], &forecast["takes_ms"]), (&300.into(), &297_000.into()));
    assert_eq!(forecast["cost"]["output_tokens"], 6000);
    assert_eq!(forecast["money"], "0.06");
    assert_eq!(batch.directory.names(), ["policy.toml", "requests.jsonl"]);
    assert_eq!(server.log().jobs.len(), 0);
    let table = batch.run(&["--dry-run"]).exits(0).stdout;
    assert!(table.contains("4m 55s") && table.contains("assumed"), "{table}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_what_is_in_flight_and_keeps_the_rest() {
    let server = server(300);
    let batch = Batch::new(prompts(500), &server.url(), "50/s");
    for signal in ["INT", "TERM"] {
        let before = server.log().served;
        let child = batch.start(&["--json"]);
        while server.log().served < before + 10 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let ran: Ran = child.wait_with_output().unwrap().into();
        let ran = ran.exits(130);
        assert_eq!(ran.json()["end"], "interrupted");
        assert!(ran.stderr.contains("stopping: "), "{}", ran.stderr);
        // Each request that was sent was waited for.
        let log = server.log();
        assert_eq!(log.jobs.len(), batch.done().len());
        assert!(log.jobs.values().all(|(sends, served)| (sends.len(), *served) == (1, 1)));
    }
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_stops_the_batch_and_nothing_is_lost() {
    let server = server(0);
    let batch = Batch::new(prompts(400), &server.url(), "1000/s");
    // Files of 16 blocks of 512 octets at most, as POSIX has it, or of 1024; without the
    // signal that comes with it, a write fails as on a full disk.
    let command =
        format!("trap '' XFSZ; ulimit -f 16; exec {} \"$@\"", env!("CARGO_BIN_EXE_forbear"));
    let words = batch.words(&["--json"]);
    let output =
        Command::new("sh").args(["-c", &command, "forbear"]).args(&words).output().unwrap();
    let ran = Ran::from(output).exits(1);
    let error: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("cannot be written: File too large"), "{error}");
    assert!(error["error"]["file"].as_str().unwrap().contains("results.jsonl"), "{error}");
    let kept = batch.done().len();
    assert!(kept > 0 && kept < 400, "{kept}");
    batch.run(&[]).exits(0);
    let lines: BTreeSet<_> = batch.results().iter().map(|result| result["line"].as_u64()).collect();
    assert_eq!((batch.results().len(), lines.len()), (400, 400));
}

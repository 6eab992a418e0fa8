use std::process::Command;

use crate::compare::STORM;
use crate::support::{Directory, run};

/// Whether GNU parallel is installed; where `CI` is set it has to be.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn is_installed() -> bool {
    let version = Command::new("parallel").arg("--version").output();
    let is_gnu =
        version.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("GNU parallel"));
    if !is_gnu {
        assert!(std::env::var_os("CI").is_none(), "GNU parallel is not installed");
        eprintln!("skipped: GNU parallel is not installed");
    }
    is_gnu
}

/// The command line of `docs/TUNING.md`.
#[test]
fn gnu_parallel_runs_the_shards_of_a_sweep() {
    if !is_installed() {
        return;
    }
    let directory = Directory::new();
    let file = directory.file("storm.toml", STORM);
    let vary = "--vary retry.backoff.base=100ms..6400ms:x2 --vary clients.count=10,20";
    let forbear = env!("CARGO_BIN_EXE_forbear");
    let part = directory.path("part-");
    let sweep = format!("'{forbear}' sweep '{file}' patient --reps 3 {vary}");
    let script = format!(
        "parallel --will-cite --jobs 2 \"{sweep} --shard {{}}/4 --json > '{part}'{{}}.json\" ::: 1 2 3 4"
    );
    let ran = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let parts: Vec<String> = (1..=4).map(|number| format!("{part}{number}.json")).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let merged = run(&[&["merge", "--json"][..], &parts].concat()).exits(0);
    let words = ["sweep", &file, "patient", "--reps", "3"];
    let whole = run(&[&words[..], &vary.split(' ').collect::<Vec<_>>(), &["--json"]].concat());
    assert_eq!(merged.stdout, whole.exits(0).stdout);
}

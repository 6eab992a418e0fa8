use std::io::Read;
use std::process::{Command, Stdio};

use crate::support::{Directory, forbear, run};

fn is_coloured(text: &[u8]) -> bool {
    text.contains(&0x1b)
}

#[test]
fn colours_are_for_terminals_unless_forced_and_never_with_no_color() {
    for (words, no_color, expected) in [
        (&["delays", "nosuch"][..], false, false),
        (&["delays", "nosuch", "--color", "always"], false, true),
        (&["delays", "nosuch", "--color=always"], false, true),
        (&["delays", "nosuch", "--color", "auto"], true, false),
        (&["delays", "nosuch", "--color", "never"], false, false),
        (&["--color", "always", "--nosuch"], false, true),
        (&["--nosuch"], true, false),
    ] {
        let mut command = forbear(words);
        if no_color {
            command.env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1");
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(is_coloured(&output.stderr), expected, "{words:?}");
    }
}

#[test]
fn errors_are_json_where_data_would_be() {
    for words in [
        &["delays", "nosuch", "--json"][..],
        &["--json", "delays", "--nosuch"],
        &["--json"],
        &["--json", "nosuch"],
        &["--json", "signal", "nosuch"],
        &["--json", "init", "--out", "/nosuch/policy.toml"],
    ] {
        let ran = run(words).exits(2);
        let error = ran.json_error();
        assert!(error["message"].is_string(), "{words:?}: {error}");
        assert_eq!(ran.stdout, "", "{words:?}");
        for key in ["file", "line", "column", "help"] {
            assert!(error.get(key).is_some(), "{words:?} lacks {key}: {error}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for words in [
        &["delays", "--retries", "100000"][..],
        &["delays", "--json", "--retries", "1000", "--samples", "1000"],
        &["compare", "retry-after-herd", "--reps", "1"],
        &["compare", "retry-after-herd", "--reps", "1", "--json"],
        &["schema"],
        &["completions", "zsh"],
        &["--help"],
    ] {
        let mut command = forbear(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(stderr, "", "{words:?}");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{words:?}");
    }
}

#[test]
fn what_was_found_decides_the_exit_code_though_nobody_reads_it() {
    let broken = ["check", "retry-after-herd", "none", "--reps", "1", "--assert", "sends < 1"];
    for words in [&broken[..], &[&broken[..], &["--json"]].concat()] {
        let mut command = forbear(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(3), "{words:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_grow_is_an_unexpected_error() {
    let directory = Directory::new();
    let page = directory.path("page.html");
    let words =
        ["compare", "retry-after-herd", "none", "recommended", "--reps", "1", "--html", &page];
    let command =
        format!("ulimit -f 8; exec \"$0\" {}", words.map(|word| format!("'{word}'")).join(" "));
    let ran = Command::new("sh")
        .args(["-c", &command, env!("CARGO_BIN_EXE_forbear")])
        .output()
        .expect("there is a shell");
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("page.html: cannot be written: "), "{stderr}");
    assert!(directory.names().is_empty(), "{:?}", directory.names());
}

#[test]
fn a_full_disk_is_an_unexpected_error() {
    // Linux has a device that is always full.
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let output = forbear(&["schema"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("cannot write the output"), "{stderr}");
}

#[test]
fn quiet_leaves_the_remarks_out() {
    let directory = Directory::new();
    let ran = run(&["init", "-q", "--out", &directory.path("policy.toml")]).exits(0);
    assert_eq!(ran.stderr, "");
}

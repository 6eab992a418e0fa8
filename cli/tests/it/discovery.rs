use crate::support::{forbear, run};

const COMMANDS: &[&str] = &[
    "compare",
    "run",
    "replay",
    "explain",
    "sweep",
    "merge",
    "check",
    "scenarios",
    "delays",
    "signal",
    "verify",
    "init",
    "schema",
    "completions",
    "man",
];

#[test]
fn help_names_every_command_and_every_exit_code() {
    let help = run(&["--help"]).exits(0).stdout;
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
    }
    for code in ["  0 ", "  1 ", "  2 ", "  3 ", "  4 ", "130 "] {
        assert!(help.contains(code), "{code}: {help}");
    }
}

#[test]
fn every_command_has_help_with_examples() {
    for command in COMMANDS {
        let help = run(&[command, "--help"]).exits(0).stdout;
        assert!(help.contains("Usage: forbear"), "{help}");
        assert!(help.contains("forbear "), "{help}");
        assert!(!help.contains('\u{1b}'), "{help}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let expected = concat!("forbear ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(run(&["--version"]).exits(0).stdout, expected);
}

#[test]
fn no_command_shows_the_help_as_an_error() {
    let ran = run(&[]).exits(2);
    assert!(ran.stderr.contains("Usage: forbear"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_word_that_is_almost_right_is_suggested() {
    assert!(run(&["delay"]).exits(2).stderr.contains("'delays'"));
    assert!(run(&["delays", "--retires", "3"]).exits(2).stderr.contains("'--retries'"));
}

#[test]
fn the_schema_is_json_and_knows_every_table() {
    let schema = run(&["schema"]).exits(0).json();
    for key in ["name", "retry", "limit"] {
        assert!(schema["properties"][key].is_object(), "{key}: {schema}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn every_command_has_a_manual_page() {
    let page = run(&["man"]).exits(0).stdout;
    assert!(page.contains(".TH forbear 1"), "{page}");
    for command in COMMANDS {
        assert!(page.contains(&format!("forbear\\-{command}(1)")), "{command}: {page}");
        let page = run(&["man", command]).exits(0).stdout;
        assert!(
            page.contains(&format!("forbear\\fR \\fB{command}"))
                || page.contains(&format!("forbear {command}")),
            "{page}"
        );
    }
    let ran = run(&["man", "comapre"]).exits(2);
    assert!(ran.stderr.contains("no command is called 'comapre'"), "{}", ran.stderr);
}

#[test]
fn completions_are_there_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&["completions", shell]).exits(0).stdout;
        assert!(script.contains("delays"), "{shell}");
    }
    run(&["completions", "cmd"]).exits(2);
}

#[test]
fn completions_know_scenarios_metrics_and_presets_and_keep_files() {
    for shell in ["bash", "fish", "zsh"] {
        let script = run(&["completions", shell]).exits(0).stdout;
        for name in ["retry-after-herd", "completion_p99", "recommended"] {
            assert!(script.contains(name), "{shell} lacks {name}");
        }
    }
    let zsh = run(&["completions", "zsh"]).exits(0).stdout;
    assert!(zsh.contains("files:file:_files"), "{zsh}");
    let fish = run(&["completions", "fish"]).exits(0).stdout;
    assert!(fish.contains("__fish_forbear_using_subcommand compare\" -a \"aws-backoff"), "{fish}");
    for command in ["delays", "replay", "explain"] {
        let offers = format!("__fish_forbear_using_subcommand {command}\" -a \"");
        let line = fish.lines().rev().find(|line| line.contains(&offers)).unwrap_or_default();
        assert!(line.contains("recommended"), "{command}: {line}");
    }
    // The names are for completion; the help is for people.
    assert!(!run(&["compare", "--help"]).exits(0).stdout.contains("possible values"));
}

/// What a shell itself offers after `line`; `None` where it is not installed.
#[cfg(unix)]
fn offered_by_bash(line: &str) -> Option<String> {
    use std::process::Command;
    let script = run(&["completions", "bash"]).exits(0).stdout;
    let words: Vec<&str> = line.split(' ').collect();
    let last = words.len() - 1;
    let ask = format!(
        "{script}\nCOMP_WORDS=({line}); COMP_CWORD={last}; \
         _forbear forbear '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words[last],
        words[last - 1]
    );
    let output = Command::new("bash").args(["-c", &ask]).output().ok()?;
    Some(String::from_utf8(output.stdout).expect("it is UTF-8"))
}

#[test]
#[cfg(unix)]
fn bash_completes_the_name_of_a_scenario_and_of_a_metric() {
    let Some(offered) = offered_by_bash("forbear compare retry-") else { return };
    assert_eq!(offered, "retry-after-herd\n");
    let offered = offered_by_bash("forbear sweep brown-out --objective completion_p9").unwrap();
    assert_eq!(offered, "completion_p95\ncompletion_p99\n");
}

#[test]
fn arguments_that_are_no_text_do_not_panic() {
    #[cfg(unix)]
    {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let output = forbear(&["delays"]).arg(OsStr::from_bytes(b"\xff.toml")).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn a_name_that_is_none_is_helped_with_what_is_meant_there() {
    let of = |words: &[&str]| run(words).exits(2).stderr;
    let policies = of(&["compare", "retry-after-herd", "nosuch"]);
    assert_eq!(policies.matches(" recommended,").count(), 1, "{policies}");
    let key = of(&["sweep", "retry-after-herd", "--vary", "nosuch=1,2"]);
    assert!(key.contains("or of a policy file, such as retry.max_attempts"), "{key}");
    let near = of(&["sweep", "retry-after-herd", "--vary", "clinets.count=1,2"]);
    assert!(near.contains("did you mean 'clients'?"), "{near}");
    let trace = of(&["replay", "retry-after-herd"]);
    assert!(trace.contains("'forbear run SCENARIO POLICY --trace FILE' writes one"), "{trace}");
}

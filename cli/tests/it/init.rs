use std::fs;

use crate::support::{Directory, run};

const PRESETS: &[&str] = &[
    "recommended",
    "batch",
    "openai",
    "anthropic",
    "github",
    "stripe",
    "slack",
    "discord",
    "shopify",
    "notion",
    "airtable",
    "hubspot",
    "gitlab",
    "reddit",
    "zendesk",
    "microsoft-graph",
    "azure-openai",
    "groq",
    "mistral",
    "gemini",
    "okta",
    "twitch",
    "linear",
    "atlassian",
    "auth0",
    "salesforce",
    "docker-hub",
    "binance",
    "bluesky",
    "x",
    "xero",
    "mastodon",
];

#[test]
fn every_preset_is_written_and_is_a_policy() {
    let directory = Directory::new();
    for preset in PRESETS {
        let file = directory.path(&format!("{preset}.toml"));
        let ran = run(&["init", "--preset", preset, "--out", &file]).exits(0);
        assert_eq!(ran.stdout, "");
        assert!(ran.stderr.starts_with(&format!("wrote {file}")), "{}", ran.stderr);
        run(&["delays", &file]).exits(0);
    }
    assert_eq!(directory.names().len(), PRESETS.len(), "nothing but the presets is left");
}

#[test]
fn the_presets_of_providers_name_their_source() {
    for preset in &PRESETS[2..] {
        let text = run(&["init", "--preset", preset, "--out", "-"]).exits(0).stdout;
        assert!(text.contains("# Source: https://"), "{preset}");
    }
}

#[test]
fn the_recommended_preset_spells_out_the_defaults() {
    let directory = Directory::new();
    let written = directory.path("policy.toml");
    run(&["init", "--out", &written, "--quiet"]).exits(0);
    let empty = directory.file("recommended.toml", "");
    assert_eq!(
        run(&["delays", &written, "--samples", "9"]).exits(0).stdout,
        run(&["delays", &empty, "--samples", "9"]).exits(0).stdout
    );
}

#[test]
fn the_policy_goes_to_policy_toml_unless_told_otherwise() {
    let directory = Directory::new();
    let mut command = crate::support::forbear(&["init"]);
    let output = command.current_dir(directory.path("")).output().unwrap();
    assert!(output.status.success());
    assert_eq!(directory.names(), ["policy.toml"]);
}

#[test]
fn a_file_that_is_there_is_kept_unless_forced() {
    let directory = Directory::new();
    let file = directory.file("policy.toml", "mine");
    let ran = run(&["init", "--out", &file]).exits(2);
    assert!(ran.stderr.contains("exists already"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--force"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    run(&["init", "--out", &file, "--force"]).exits(0);
    assert_ne!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn a_place_that_takes_no_file_is_refused() {
    let directory = Directory::new();
    let ran = run(&["init", "--out", &directory.path("no/policy.toml")]).exits(2);
    assert!(ran.stderr.contains("no such file or directory"), "{}", ran.stderr);
    let ran = run(&["init", "--force", "--out", &directory.path("")]).exits(2);
    assert!(ran.stderr.contains("is a directory"), "{}", ran.stderr);
    assert_eq!(directory.names(), [""; 0]);
}

#[test]
fn a_link_stays_a_link() {
    #[cfg(unix)]
    {
        let directory = Directory::new();
        let file = directory.file("real.toml", "old");
        let link = directory.path("link.toml");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        run(&["init", "--force", "--out", &link]).exits(0);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_ne!(fs::read_to_string(&file).unwrap(), "old");
    }
}

#[test]
fn unknown_presets_are_answered_with_the_known() {
    let ran = run(&["init", "--preset", "recomended"]).exits(2);
    assert!(ran.stderr.contains("recommended"), "{}", ran.stderr);
    assert!(run(&["init", "--list"]).exits(0).stdout.lines().count() >= PRESETS.len());
}

#[test]
fn what_was_written_and_what_could_be_are_json_too() {
    let directory = Directory::new();
    let file = directory.path("policy.toml");
    let answer = run(&["init", "--out", &file, "--json"]).exits(0).json();
    assert_eq!(
        (&answer["file"], &answer["preset"]),
        (&file.as_str().into(), &"recommended".into())
    );
    assert_eq!(answer["source"], fs::read_to_string(&file).unwrap());
    let printed = run(&["init", "--out", "-", "--json"]).exits(0).json();
    assert_eq!(
        (&printed["source"], &printed["file"]),
        (&answer["source"], &serde_json::Value::Null)
    );
    let list = run(&["init", "--list", "--json"]).exits(0).json();
    let names = list["presets"].as_array().unwrap().iter().map(|preset| &preset["name"]);
    assert!(names.clone().count() >= PRESETS.len() && names.clone().any(|name| name == "github"));
}

use std::fs;
use std::path::Path;

use crate::support::{Directory, run};

/// The report that the README shows, as its command makes it. The others are made
/// by the same code from scenarios whose hashes have tests of their own.
#[test]
fn the_report_of_the_readme_is_what_its_command_makes() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/published");
    let directory = Directory::new();
    let markdown = directory.path("report.md");
    let charts = directory.path("charts");
    let words = ["compare", "retry-after-herd", "--reps", "20", "--md", &markdown];
    run(&[&words[..], &["--svg", &charts]].concat()).exits(0);
    for (made, name) in [
        (markdown, "retry-after-herd/report.md"),
        (format!("{charts}/send-rate.svg"), "retry-after-herd/send-rate.svg"),
    ] {
        let made = fs::read_to_string(made).expect("the report is written");
        let kept = fs::read_to_string(published.join(name)).expect("the report is published");
        // Not `assert_eq`: it would print both of them whole.
        let differs = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
        assert!(made == kept, "{name} is out of date, run scripts/publish: {differs:?}");
    }
}

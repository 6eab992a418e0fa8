use forbear_reports::{ChartName, Report};
use forbear_sim::results::Comparison;
use roxmltree::Document;

use crate::page::{assert_inert, parsed};
use crate::sample;

/// One text in every place that a stranger can write to.
fn everywhere(text: &str) -> Comparison {
    let mut comparison = sample::comparison(3);
    text.clone_into(&mut comparison.command);
    text.clone_into(&mut comparison.version);
    text.clone_into(&mut comparison.scenario.name);
    text.clone_into(&mut comparison.scenario.title);
    text.clone_into(&mut comparison.scenario.description);
    text.clone_into(&mut comparison.scenario.source);
    text.clone_into(&mut comparison.scenario.hash);
    for policy in &mut comparison.policies {
        text.clone_into(&mut policy.name);
        text.clone_into(&mut policy.source);
        for run in &mut policy.runs {
            text.clone_into(&mut run.hash);
        }
    }
    comparison
}

fn assert_harmless(text: &str) {
    let comparison = everywhere(text);
    let report = Report::new(&comparison);
    let html = report.html().unwrap();
    assert_inert(&parsed(&html), &html);
    assert!(!html.contains("<script"));
    for name in ChartName::ALL {
        let svg = report.chart(name);
        assert_inert(&Document::parse(&svg).unwrap(), &svg);
    }
    let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!(json["summary"][0]["policy"], text);
    assert!(report.csv().is_ok());
    // What is between fences is code to every reader of Markdown.
    let markdown = report.markdown().unwrap();
    let mut fenced = false;
    for line in markdown.lines() {
        fenced ^= line.starts_with("```");
        assert!(fenced || !line.contains("<script"), "{line}");
    }
}

#[test]
fn markup_stays_text() {
    for text in [
        "<script>alert(1)</script>",
        "</style></code></pre><img src=x onerror=alert(1)>",
        "\" onmouseover=\"alert(1)",
        "' autofocus onfocus='alert(1)",
        "{{ 7 * 7 }}{% raw %}",
        "]]><![CDATA[<script>",
        "&lt;script&gt;",
        "javascript:alert(1)",
    ] {
        assert_harmless(text);
    }
}

#[test]
fn templates_are_not_evaluated_in_names() {
    let html = Report::new(&everywhere("{{ 7 * 7 }}")).html().unwrap();
    assert!(html.contains("{{ 7 * 7 }} is best") || html.contains("No clear difference"));
    assert!(!html.contains(">49<"));
}

#[test]
fn control_characters_reach_no_output() {
    let text = "bell\u{7}esc\u{1b}[2Jnul\0bidi\u{202e}line\u{2028}feff\u{ffff}";
    assert_harmless(text);
    let comparison = everywhere(text);
    let report = Report::new(&comparison);
    let outputs = [report.html().unwrap(), report.markdown().unwrap(), report.verdict().line()];
    for output in outputs {
        assert!(!output.contains(['\u{7}', '\u{1b}', '\0', '\u{202e}', '\u{2028}', '\u{ffff}']));
    }
    assert!(!report.table().rows[0].policy.contains('\u{1b}'));
}

#[test]
fn a_name_of_ten_thousand_characters_is_cut_where_it_is_shown() {
    assert_harmless(&"endless".repeat(1_500));
    let comparison = everywhere(&"endless".repeat(1_500));
    let report = Report::new(&comparison);
    assert_eq!(report.table().rows[0].policy.chars().count(), 48);
    assert!(report.html().unwrap().len() < 1_000_000);
}

#[test]
fn right_to_left_names_are_isolated() {
    assert_harmless("سياسة-إعادة");
    let html = Report::new(&everywhere("סוף")).html().unwrap();
    assert!(html.contains("<bdi>סוף</bdi>"));
}

#[test]
fn a_spreadsheet_takes_no_name_for_a_formula() {
    let csv = Report::new(&everywhere("=HYPERLINK(\"x\")")).csv().unwrap();
    assert!(csv.lines().skip(1).all(|line| line.starts_with("\"'=")), "{csv}");
}

#[test]
fn markdown_keeps_its_table_and_its_fences() {
    let comparison = everywhere("a|b\n```\n# c");
    let markdown = Report::new(&comparison).markdown().unwrap();
    assert!(markdown.contains("````toml\na|b\n```\n# c\n````"));
    let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with("| a")).collect();
    assert_eq!(rows.len(), 25, "{markdown}");
    assert!(rows.iter().all(|row| row.starts_with("| a\\|b")), "{rows:?}");
}

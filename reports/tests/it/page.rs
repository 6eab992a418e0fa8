use std::collections::BTreeSet;
use std::sync::LazyLock;

use forbear_reports::Report;
use roxmltree::{Document, Node, ParsingOptions};

use crate::sample;

/// Parses a page with a strict XML parser, which no unbalanced tag passes.
pub(crate) fn parsed(html: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(html, options).expect("the page is well-formed")
}

pub(crate) fn elements<'a>(
    document: &'a Document<'_>,
    tag: &'static str,
) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(move |node| node.has_tag_name(tag))
}

/// Everything that a browser would fetch, and everything that it would run.
pub(crate) fn assert_inert(document: &Document<'_>, html: &str) {
    for node in document.descendants().filter(Node::is_element) {
        assert_ne!(node.tag_name().name(), "script");
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!name.starts_with("on"), "{name} runs code");
            if matches!(name, "src" | "href" | "srcset" | "action" | "data" | "poster") {
                assert!(value.starts_with('#') || value == "data:,", "{name}={value}");
            }
        }
    }
    for (at, _) in html.match_indices("url(") {
        assert!(html[at..].starts_with("url(#"), "{}", &html[at..at + 40]);
    }
    assert!(!html.contains("@import"));
}

/// The page of the sample, written once for all tests here.
fn html() -> &'static str {
    static HTML: LazyLock<String> =
        LazyLock::new(|| Report::new(&sample::comparison(20)).html().unwrap());
    &HTML
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    let html = html();
    assert_inert(&parsed(html), html);
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn the_finding_comes_first() {
    let html = html();
    let document = parsed(html);
    let heading = elements(&document, "h1").next().unwrap();
    assert_eq!(heading.text(), Some("recommended is best"));
    let body = elements(&document, "body").next().unwrap();
    let header = body.children().filter(Node::is_element).nth(1).unwrap();
    assert!(header.has_tag_name("header") && heading.ancestors().any(|node| node == header));
}

#[test]
fn it_stays_far_below_a_megabyte() {
    let html = html();
    assert!(html.len() < 300_000, "{} bytes", html.len());
}

#[test]
fn a_hundred_replications_weigh_little_more_than_fifty() {
    let html = Report::new(&sample::comparison(100)).html().unwrap();
    assert!(html.contains("And 50 more, which are in the JSON."));
    assert!(html.len() < 300_000, "{} bytes", html.len());
}

#[test]
fn every_reference_has_its_target() {
    let html = html();
    let document = parsed(html);
    let ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "an id is used twice");
    for node in document.descendants() {
        for target in node.attribute("aria-labelledby").unwrap_or("").split_whitespace() {
            assert!(unique.contains(target), "{target}");
        }
        let link = node.attribute("href").and_then(|href| href.strip_prefix('#'));
        assert!(link.is_none_or(|target| unique.contains(target)), "{link:?}");
    }
}

#[test]
fn a_screen_reader_finds_its_way() {
    let html = html();
    let document = parsed(html);
    assert_eq!(document.root_element().attribute("lang"), Some("en"));
    for landmark in ["header", "nav", "main", "footer", "h1"] {
        assert_eq!(elements(&document, landmark).count(), 1, "{landmark}");
    }
    let mut level = 0;
    for node in document.descendants() {
        let Some(depth) = ["h1", "h2", "h3"].iter().position(|tag| node.has_tag_name(*tag)) else {
            continue;
        };
        assert!(depth <= level + 1, "a heading level is left out");
        level = depth;
    }
}

#[test]
fn every_table_says_what_its_cells_are() {
    let html = html();
    let document = parsed(html);
    assert!(elements(&document, "table").count() >= 8);
    for table in elements(&document, "table") {
        assert!(table.children().any(|child| child.has_tag_name("caption")));
        let columns = table.descendants().filter(|node| node.attribute("scope") == Some("col"));
        let columns = columns.count();
        for row in table.descendants().filter(|node| node.has_tag_name("tr")) {
            let cells: Vec<Node<'_, '_>> = row.children().filter(Node::is_element).collect();
            assert_eq!(cells.len(), columns);
            assert!(cells[0].attribute("scope").is_some());
        }
    }
}

#[test]
fn whatever_scrolls_can_be_scrolled_by_keyboard() {
    let html = html();
    let document = parsed(html);
    let scrolls =
        |node: &Node<'_, '_>| node.has_tag_name("pre") || node.attribute("class") == Some("scroll");
    for node in document.descendants().filter(scrolls) {
        assert_eq!(node.attribute("tabindex"), Some("0"));
        assert!(node.attribute("aria-label").is_some_and(|label| !label.is_empty()));
    }
}

#[test]
fn every_chart_has_words_and_numbers() {
    let html = html();
    let document = parsed(html);
    assert_eq!(elements(&document, "figure").count(), 8);
    for figure in elements(&document, "figure") {
        let caption = figure.children().find(|node| node.has_tag_name("figcaption")).unwrap();
        assert!(caption.text().unwrap().len() > 80);
        let details = figure.next_sibling_element().unwrap();
        assert!(details.has_tag_name("details"));
        assert!(details.descendants().filter(|node| node.has_tag_name("td")).count() > 10);
    }
}

#[test]
fn it_prints_on_white_and_follows_the_reader_on_screen() {
    let html = html();
    assert!(html.contains("@media screen and (prefers-color-scheme:dark)"));
    assert!(html.contains("@media print"));
    assert!(html.contains("width=device-width"));
}

//! Debian's package `chromium`. No page is fetched: what is opened is a file.

mod devtools;

use std::fs;
use std::path::PathBuf;

use forbear_reports::{Report, SweepReport};
use forbear_sim::results::Comparison;
use serde_json::{Value, json};

use self::devtools::Browser;
use crate::ends::collapsing;
use crate::svg::{crowd, with_a_straggler};
use crate::{sample, sweeps};

/// A report as a file, gone when it is dropped.
struct Page(PathBuf);

impl Page {
    fn of(comparison: &Comparison, name: &str) -> Self {
        Self::with(&Report::new(comparison).html().unwrap(), name)
    }

    fn with(html: &str, name: &str) -> Self {
        let file = format!("forbear-browser-{}-{name}.html", std::process::id());
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        fs::write(&path, html).unwrap();
        Self(path)
    }

    fn address(&self) -> String {
        format!("file://{}", self.0.display())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Every text of a chart that leaves its chart or lies on another, as it is drawn.
const COLLISIONS: &str = r"(() => {
    const found = [];
    for (const svg of document.querySelectorAll('svg.chart')) {
        const paper = svg.viewBox.baseVal;
        const texts = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBBox()]);
        texts.forEach(([words, box], index) => {
            if (box.x < paper.x - 1 || box.x + box.width > paper.x + paper.width + 1 ||
                box.y < paper.y - 1 || box.y + box.height > paper.y + paper.height + 1)
                found.push(words + ' leaves ' + svg.getAttribute('aria-labelledby'));
            for (const [others, other] of texts.slice(0, index)) {
                const across = Math.min(box.x + box.width, other.x + other.width) - Math.max(box.x, other.x);
                // A line of text has room above and below its letters.
                const along = Math.min(box.y + box.height, other.y + other.height) - Math.max(box.y, other.y);
                if (across > 1 && along > 4) found.push(words + ' lies on ' + others);
            }
        });
    }
    return found;
})()";

/// Whatever of the page is wider than the window, the contents of what scrolls aside.
const OVERFLOW: &str = r"(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll('body *')].filter(element =>
        !element.closest('.scroll, pre, svg') && element.getBoundingClientRect().right > width + 1);
    return [document.documentElement.scrollWidth - width, ...wide.map(element => element.outerHTML.slice(0, 80))];
})()";

#[test]
fn nothing_is_asked_for_and_nothing_is_complained_of() {
    let Some(mut browser) = Browser::start() else { return };
    let page = Page::of(&sample::comparison(20), "quiet");
    browser.open(&page.address());
    // Whatever loads late has loaded once everything is drawn, folded parts too.
    browser.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)");
    browser.screenshot();
    let requests = browser.events("Network.requestWillBeSent");
    let asked: Vec<&str> =
        requests.iter().filter_map(|event| event["request"]["url"].as_str()).collect();
    let own = |address: &&str| **address == page.address() || address.starts_with("data:");
    assert!(asked.iter().all(own) && !asked.is_empty(), "{asked:?}");
    for event in ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"] {
        assert_eq!(browser.events(event), Vec::<Value>::new());
    }
    assert_eq!(browser.evaluate("document.scripts.length"), 0);
    assert_eq!(browser.evaluate("document.querySelectorAll('figure svg.chart').length"), 8);
}

#[test]
fn it_fits_every_window_and_no_label_lies_on_another() {
    let Some(mut browser) = Browser::start() else { return };
    for (name, comparison) in [
        ("sample", sample::comparison(20)),
        ("crowd", crowd(14)),
        ("straggler", with_a_straggler()),
        ("collapsing", collapsing(7)),
    ] {
        let page = Page::of(&comparison, name);
        for width in [320, 400, 768, 1280] {
            browser.resize(width);
            browser.open(&page.address());
            let overflow = browser.evaluate(OVERFLOW);
            assert_eq!(overflow, json!([0]), "{name} at {width} px");
        }
        assert_eq!(browser.evaluate(COLLISIONS), json!([]), "{name}");
    }
}

/// Names of rows that take more than four lines, with their heights.
const SQUEEZED: &str = r"(() => {
    document.querySelectorAll('details').forEach(part => part.open = true);
    const heads = [...document.querySelectorAll('tbody th')];
    const height = head => {
        const range = document.createRange();
        range.selectNodeContents(head);
        return range.getBoundingClientRect().height / parseFloat(getComputedStyle(head).lineHeight);
    };
    return heads.filter(head => height(head) > 4.5).map(head => head.textContent);
})()";

#[test]
fn the_name_of_a_row_stays_readable_beside_many_columns() {
    let Some(mut browser) = Browser::start() else { return };
    let page = Page::of(&crowd(14), "names");
    for (media, widths) in [("screen", &[360, 700, 1280][..]), ("print", &[673])] {
        browser.call("Emulation.setEmulatedMedia", &json!({ "media": media }));
        for &width in widths {
            browser.resize(width);
            browser.open(&page.address());
            assert_eq!(browser.evaluate(SQUEEZED), json!([]), "{media} at {width} px");
        }
    }
}

#[test]
fn pages_of_sweeps_keep_the_same_rules() {
    let Some(mut browser) = Browser::start() else { return };
    for (name, sweep) in [("grid", sweeps::grid()), ("cloud", sweeps::sample())] {
        let html = SweepReport::new(&sweep, &SweepReport::OBJECTIVES).html().unwrap();
        assert!(html.len() < 1_000_000, "{name}: {} bytes", html.len());
        let page = Page::with(&html, name);
        for width in [320, 400, 768, 1280] {
            browser.resize(width);
            browser.open(&page.address());
            assert_eq!(browser.evaluate(OVERFLOW), json!([0]), "{name} at {width} px");
        }
        assert_eq!(browser.evaluate(COLLISIONS), json!([]), "{name}");
        assert_eq!(browser.evaluate("document.querySelectorAll('figure svg.chart').length"), 3);
        let requests = browser.events("Network.requestWillBeSent");
        let asked = requests.iter().filter_map(|event| event["request"]["url"].as_str());
        let own = |address: &str| address.starts_with("file:") || address.starts_with("data:");
        assert!(asked.into_iter().all(own), "{name}");
        for event in ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"] {
            assert_eq!(browser.events(event), Vec::<Value>::new(), "{name}");
        }
        // Every chart has a name and a description, every table a caption.
        let nameless = "[...document.querySelectorAll('svg.chart')].filter(svg => \
            svg.getAttribute('aria-labelledby').split(' ').some(id => \
            !document.getElementById(id)?.textContent)).length";
        assert_eq!(browser.evaluate(nameless), 0, "{name}");
        browser.press("Tab", 9);
        assert_eq!(browser.evaluate("document.activeElement.className"), "skip", "{name}");
    }
}

#[test]
fn it_is_light_or_dark_as_the_reader_is_and_light_on_paper() {
    let Some(mut browser) = Browser::start() else { return };
    let page = Page::of(&sample::comparison(20), "themes");
    let mut look = |features: &Value, media: &str| {
        browser
            .call("Emulation.setEmulatedMedia", &json!({ "features": features, "media": media }));
        browser.open(&page.address());
        browser.resize(1280);
        let picture = browser.screenshot();
        browser.brightness_and_colours(&picture)
    };
    let scheme = |value: &str| json!([{ "name": "prefers-color-scheme", "value": value }]);
    let (light, light_colours) = look(&scheme("light"), "screen");
    let (dark, dark_colours) = look(&scheme("dark"), "screen");
    let (paper, _) = look(&scheme("dark"), "print");
    assert!(light > 225.0 && dark < 70.0 && paper > 225.0, "{light} {dark} {paper}");
    // A blank page has one colour, and one without charts a few greys.
    assert!(light_colours > 50 && dark_colours > 50, "{light_colours} {dark_colours}");
    let printed = browser.call("Page.printToPDF", &json!({}));
    assert!(printed["data"].as_str().is_some_and(|data| data.starts_with("JVBERi0")));
}

#[test]
fn a_keyboard_reaches_everything_and_sees_where_it_is() {
    let Some(mut browser) = Browser::start() else { return };
    let page = Page::of(&sample::comparison(3), "keys");
    browser.open(&page.address());
    browser.press("Tab", 9);
    assert_eq!(browser.evaluate("document.activeElement.className"), "skip");
    let seen = "getComputedStyle(document.activeElement).top === '8px'";
    assert_eq!(browser.evaluate(seen), true, "the link is out of sight until it has the focus");
    browser.press("Enter", 13);
    assert_eq!(browser.evaluate("document.activeElement.id"), "main");
    browser.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)");
    let focusable =
        "document.querySelectorAll('main a, main summary, main [tabindex=\"0\"]').length";
    let count = browser.evaluate(focusable).as_u64().unwrap();
    assert!(count > 20, "{count}");
    for index in 0..count {
        browser.press("Tab", 9);
        let outlined = "getComputedStyle(document.activeElement).outlineStyle";
        assert_eq!(browser.evaluate(outlined), "solid", "element {index} of {count}");
        assert_eq!(browser.evaluate("!!document.activeElement.closest('main')"), true);
    }
}

#[test]
fn a_screen_reader_is_told_what_the_charts_show() {
    let Some(mut browser) = Browser::start() else { return };
    let page = Page::of(&sample::comparison(3), "reader");
    browser.open(&page.address());
    browser.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)");
    let tree = browser.call("Accessibility.getFullAXTree", &json!({}));
    let nodes = tree["nodes"].as_array().unwrap();
    let of_role = |role: &str| {
        let nodes = nodes.iter().filter(|node| node["ignored"] == false);
        let nodes = nodes.filter(|node| node["role"]["value"] == role);
        nodes
            .map(|node| node["name"]["value"].as_str().unwrap_or("").to_owned())
            .collect::<Vec<_>>()
    };
    let pictures: Vec<String> = of_role("image")
        .into_iter()
        .filter(|name| !matches!(&**name, "better" | "worse"))
        .collect();
    assert_eq!(pictures.len(), 8, "{pictures:?}");
    for picture in &pictures {
        assert!(picture.contains("recommended") && picture.len() > 100, "{picture}");
    }
    for role in ["table", "heading", "region", "link"] {
        let names = of_role(role);
        assert!(!names.is_empty(), "there is no {role}");
        assert!(names.iter().all(|name| !name.is_empty()), "a {role} has no name: {names:?}");
    }
    for landmark in ["banner", "navigation", "main", "contentinfo"] {
        assert_eq!(of_role(landmark).len(), 1, "{landmark}");
    }
}

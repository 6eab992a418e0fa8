use forbear_reports::{ChartName, Report};
use forbear_sim::results::{CdfPoint, Comparison};
use roxmltree::{Document, Node};

use crate::page::assert_inert;
use crate::sample;

/// The rectangle that a text takes, generously: left, right, top, bottom [px].
fn extent(text: &Node<'_, '_>) -> [f64; 4] {
    let number = |name| text.attribute(name).unwrap().parse::<f64>().unwrap();
    let size = if text.attribute("class") == Some("muted") { 12.0 } else { 13.0 };
    let letters = text.text().unwrap_or("").chars();
    let width: f64 = letters
        .map(|letter| match letter {
            ' ' | '\u{a0}' => 0.3,
            _ if letter.is_ascii() => 0.56,
            _ => 1.0,
        } * size)
        .sum();
    let left = match text.attribute("text-anchor") {
        Some("start") => number("x"),
        Some("middle") => number("x") - width / 2.0,
        _ => number("x") - width,
    };
    [left, left + width, number("y") - 0.75 * size, number("y") + 0.2 * size]
}

fn assert_no_labels_collide(svg: &str) {
    let document = Document::parse(svg).unwrap();
    let texts: Vec<Node<'_, '_>> =
        document.descendants().filter(|node| node.has_tag_name("text")).collect();
    let height: f64 = document.root_element().attribute("height").unwrap().parse().unwrap();
    for (index, text) in texts.iter().enumerate() {
        let [left, right, top, bottom] = extent(text);
        let words = text.text();
        assert!(left > -1.0 && right < 826.0 && top >= 0.0 && bottom <= height, "{words:?}");
        for other in &texts[..index] {
            let [l, r, t, b] = extent(other);
            let apart = right <= l || r <= left || bottom <= t || b <= top;
            assert!(apart, "{words:?} and {:?}", other.text());
        }
    }
}

pub(crate) fn crowd(policies: usize) -> Comparison {
    let mut comparison = sample::comparison(3);
    comparison.policies = comparison.policies.iter().cycle().take(policies).cloned().collect();
    for (index, policy) in comparison.policies.iter_mut().enumerate() {
        policy.name = format!("{}-with-a-name-that-goes-on-and-on-{index}", policy.name);
    }
    comparison
}

#[test]
fn a_chart_is_a_file_of_its_own() {
    let comparison = sample::comparison(3);
    let report = Report::new(&comparison);
    for name in ChartName::ALL {
        let svg = report.chart(name);
        let document = Document::parse(&svg).unwrap();
        assert_inert(&document, &svg);
        let root = document.root_element();
        assert_eq!(root.tag_name().namespace(), Some("http://www.w3.org/2000/svg"));
        assert!(svg.contains("prefers-color-scheme:dark"), "{name}");
    }
}

#[test]
fn a_chart_has_a_title_and_a_description_with_its_numbers() {
    let comparison = sample::comparison(3);
    let report = Report::new(&comparison);
    for name in ChartName::ALL {
        let svg = report.chart(name);
        let document = Document::parse(&svg).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let children: Vec<Node<'_, '_>> = root.children().filter(Node::is_element).collect();
        assert_eq!(children[0].tag_name().name(), "title");
        let description = children[1].text().unwrap();
        for policy in &comparison.policies {
            assert!(description.contains(&policy.name), "{name}: {description}");
        }
    }
}

/// The sample with a policy that takes twenty times as long as the others.
pub(crate) fn with_a_straggler() -> Comparison {
    let mut comparison = sample::comparison(3);
    let straggler = &mut comparison.policies[1];
    let series = &mut straggler.series;
    for (values, more) in
        [(&mut series.sends, 1), (&mut series.throttled, 0), (&mut series.outstanding, 7)]
    {
        values.resize(4_000, more);
    }
    straggler.completion.push(CdfPoint { seconds: 4_000.0, share: 1.0 });
    comparison
}

#[test]
fn what_goes_on_beyond_the_axis_is_marked_and_said() {
    let comparison = with_a_straggler();
    let report = Report::new(&comparison);
    let sends: u64 = comparison.policies[1].series.sends.iter().sum();
    for name in [ChartName::SendRate, ChartName::Completion, ChartName::Outstanding] {
        let svg = report.chart(name).replace('\u{a0}', " ");
        assert!(svg.contains("goes on to 4 000 s"), "{name}: {svg}");
        assert!(svg.contains("class=\"beyond\""), "{name}");
    }
    let svg = report.chart(ChartName::SendRate).replace('\u{a0}', " ");
    assert!(svg.contains("of its sends shown"), "{svg}");
    // The tables hold what the charts cut: the sends of the last rows.
    let html = report.html().unwrap();
    let page = Document::parse(html.split_once('\n').unwrap().1).unwrap();
    let section = page.descendants().find(|node| node.attribute("id") == Some("send-rate"));
    let rows = section.unwrap().descendants().filter(|node| node.has_tag_name("tr")).skip(1);
    let cell = |row: Node<'_, '_>| {
        let text = row.children().filter(|node| node.has_tag_name("td")).nth(1)?.text()?;
        text.split(" (").next()?.replace('\u{a0}', "").parse::<u64>().ok()
    };
    assert_eq!(rows.filter_map(cell).sum::<u64>(), sends);
}

#[test]
fn without_a_straggler_nothing_is_cut() {
    let comparison = sample::comparison(3);
    for name in ChartName::ALL {
        assert!(!Report::new(&comparison).chart(name).contains("goes on"), "{name}");
    }
}

#[test]
fn labels_keep_apart() {
    for comparison in [sample::comparison(20), crowd(1), crowd(5), crowd(14), with_a_straggler()] {
        let report = Report::new(&comparison);
        for name in ChartName::ALL {
            assert_no_labels_collide(&report.chart(name));
        }
    }
}

#[test]
fn fourteen_policies_have_fourteen_strokes_in_the_legend() {
    let comparison = crowd(14);
    let svg = Report::new(&comparison).chart(ChartName::Completion);
    let document = Document::parse(&svg).unwrap();
    let line = |node: &Node<'_, '_>| {
        node.attribute("class").is_some_and(|class| class.starts_with("line"))
    };
    assert_eq!(document.descendants().filter(line).count(), 28);
}

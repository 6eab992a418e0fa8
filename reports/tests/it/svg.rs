use std::collections::BTreeSet;

use forbear_reports::{ChartName, Report};
use forbear_sim::results::{CdfPoint, Comparison};
use roxmltree::{Document, Node};

use crate::ends::collapsing;
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
    for comparison in
        [sample::comparison(20), crowd(1), crowd(5), crowd(14), with_a_straggler(), collapsing(7)]
    {
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

#[test]
fn the_winner_is_solid_and_no_two_policies_have_one_stroke() {
    let comparison = crowd(14);
    let svg = Report::new(&comparison).chart(ChartName::Outstanding);
    let document = Document::parse(&svg).unwrap();
    let classes = document.descendants().filter_map(|node| node.attribute("class"));
    let strokes: BTreeSet<&str> = classes.filter(|class| class.starts_with("line")).collect();
    assert_eq!(strokes.len(), 14, "{strokes:?}");
    let winner = Report::new(&sample::comparison(20)).chart(ChartName::Outstanding);
    assert_eq!(winner.matches("\"line best s0\"").count(), 2, "the line and its sample");
}

/// What is drawn in class `class`.
fn data<'a>(document: &'a Document<'_>, class: &str) -> Vec<&'a str> {
    let nodes = document.descendants().filter(|node| node.attribute("class") == Some(class));
    nodes.filter_map(|node| node.attribute("d")).collect()
}

#[test]
fn every_storm_is_a_dot_and_one_that_collapsed_a_cross() {
    let comparison = collapsing(7);
    let svg = Report::new(&comparison).chart(ChartName::Storms);
    let document = Document::parse(&svg).unwrap();
    let dots: usize = data(&document, "dots").iter().map(|path| path.matches("h0").count()).sum();
    let best: usize =
        data(&document, "dots best").iter().map(|path| path.matches("h0").count()).sum();
    // Two policies, twenty storms and three panels, less the crosses.
    assert_eq!(dots + best, 2 * 20 * 3 - 7 * 3);
    // A cross is two strokes.
    let crosses = data(&document, "collapsed");
    assert_eq!(crosses.iter().map(|path| path.matches('l').count()).sum::<usize>(), 7 * 3 * 2);
    // One tick a row where there is one group, and two where there are two.
    let ticks = document.descendants().filter(|node| node.attribute("class") == Some("mean"));
    assert!(ticks.count() > 6);
    let words = svg.replace('\u{a0}', " ");
    assert!(words.contains("P(collapse) 35.0 %, 18.1 to 56.7 %"), "{words}");
    assert!(words.contains("P(collapse) 0 %"), "{words}");
    assert_no_labels_collide(&svg);
    let calm = Report::new(&sample::comparison(20)).chart(ChartName::Storms);
    assert!(!calm.contains("P(collapse)") && !calm.contains("\"collapsed\""));
}

#[test]
fn a_bar_of_two_groups_reaches_from_one_to_the_other() {
    let comparison = collapsing(7);
    let svg = Report::new(&comparison).chart(ChartName::Fairness);
    assert!(svg.contains("The storms end in two ways") && svg.contains("%*<"), "{svg}");
    assert_no_labels_collide(&svg);
    let calm = Report::new(&sample::comparison(20)).chart(ChartName::Fairness);
    assert!(!calm.contains("two ways"));
}

#[test]
fn who_gives_up_more_is_on_no_front_and_its_goodput_stretches_no_axis() {
    let comparison = sample::comparison(20);
    let report = Report::new(&comparison);
    let svg = report.chart(ChartName::Front);
    let document = Document::parse(&svg).unwrap();
    let count = |class: &str| {
        document.descendants().filter(|node| node.attribute("class") == Some(class)).count()
    };
    // In two panels and in the list: two policies bring all calls to success.
    assert_eq!(count("front") + count("near") + count("behind"), 2 * 3);
    assert_eq!(count("out"), 3 * 3);
    assert!(svg.replace('\u{a0}', " ").contains("gives up 78.4 % of its calls"), "{svg}");
}

#[test]
fn the_histogram_holds_every_call() {
    let comparison = sample::comparison(3);
    let html = Report::new(&comparison).html().unwrap();
    let page = Document::parse(html.split_once('\n').unwrap().1).unwrap();
    let section = page.descendants().find(|node| node.attribute("id") == Some("attempts")).unwrap();
    for (row, policy) in section
        .descendants()
        .filter(|node| node.has_tag_name("tr"))
        .skip(1)
        .zip(&comparison.policies)
    {
        let cells: Vec<&str> = row
            .children()
            .filter(|node| node.has_tag_name("td"))
            .filter_map(|cell| cell.text())
            .collect();
        let counts = cells[..cells.len() - 2].iter().map(|cell| {
            cell.split(" (").next().unwrap().replace('\u{a0}', "").parse::<u64>().unwrap()
        });
        let expected: u64 =
            policy.attempts.iter().map(|count| count.succeeded + count.failed).sum();
        assert_eq!(counts.sum::<u64>(), expected, "{}", policy.name);
    }
}

use forbear_reports::{Group, Metric, Report};
use forbear_sim::results::{Comparison, SharedUse, WithoutRedis};

use roxmltree::Node;

use crate::page::{elements, parsed};
use crate::sample;

/// The sample, in which the first two policies share their quota in Redis.
fn comparison() -> Comparison {
    let mut comparison = sample::comparison(10);
    for (policy, rule) in
        comparison.policies.iter_mut().zip([WithoutRedis::LocalShare, WithoutRedis::Closed])
    {
        for run in &mut policy.runs {
            let without_redis = if rule == WithoutRedis::Closed { 0 } else { 300 + run.seed };
            let mut shared = SharedUse { rule, without_redis, ..SharedUse::default() };
            (shared.calls, shared.failures) = (run.metrics.sends / 10, 40 + run.seed);
            shared.leased = run.metrics.sends - without_redis;
            (shared.members, shared.outage_ns) = (4, 48_000_000_000);
            run.shared = Some(shared);
        }
    }
    comparison
}

const TITLE: &str = "How Redis was used";

#[test]
fn a_page_has_a_table_of_redis_where_it_was_shared() {
    let comparison = comparison();
    let report = Report::new(&comparison);
    let html = report.html().unwrap();
    let document = parsed(&html);
    let table = elements(&document, "table")
        .find(|table| {
            elements(&document, "caption")
                .any(|caption| caption.parent() == Some(*table) && caption.text() == Some(TITLE))
        })
        .expect("there is a table of it");
    let texts = |tag: &'static str| -> Vec<String> {
        let cells = table.descendants().filter(move |node| node.has_tag_name(tag));
        cells
            .map(|cell| {
                cell.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
            })
            .collect()
    };
    let (heads, cells) = (texts("th"), texts("td"));
    let names = heads
        .iter()
        .filter(|head| comparison.policies.iter().any(|policy| head.starts_with(&policy.name)));
    assert_eq!(names.count(), 2, "only those that share: {heads:?}");
    for metric in Metric::ALL.into_iter().filter(|metric| metric.group() == Group::Redis) {
        let head = format!("{} {}", metric.label(), metric.unit_name());
        assert!(heads.contains(&head), "{head}: {heads:?}");
        assert!(
            html.contains(&metric.definition().replace('/', "&#x2f;")),
            "{metric:?} is explained"
        );
    }
    for words in ["its share", "nothing"] {
        assert!(cells.iter().any(|cell| cell == words), "{words}: {cells:?}");
    }
    // 48 s of four clients.
    assert!(cells.iter().any(|cell| cell == "12.0\u{a0}s"), "{cells:?}");
    assert!(html.contains("Each policy less"), "differences are shown");
}

#[test]
fn markdown_has_the_same_table() {
    let comparison = comparison();
    let markdown = Report::new(&comparison).markdown().unwrap();
    let (_, table) = markdown.split_once(&format!("## {TITLE}\n\n")).unwrap();
    let lines: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].starts_with("| Policy | Rule: sends without Redis | Redis calls |"));
    let columns = |line: &str| line.matches('|').count();
    assert!(lines.iter().all(|line| columns(line) == columns(lines[0])), "{lines:?}");
    assert!(lines[3].contains("| nothing |"), "{}", lines[3]);
}

#[test]
fn without_redis_nothing_is_said_of_it() {
    let comparison = sample::comparison(2);
    let report = Report::new(&comparison);
    for text in [report.html(), report.markdown(), report.csv()] {
        assert!(!text.unwrap().to_lowercase().contains("redis"));
    }
}

#[test]
fn a_run_of_nothing_has_no_calls_per_send() {
    let mut run = comparison().policies[0].runs[0].clone();
    let per_send = Metric::RedisCallsPerSend;
    assert!(per_send.value(&run).is_some_and(|value| value > 0.0));
    run.metrics.sends = 0;
    assert_eq!(per_send.value(&run), None);
    assert_eq!(Metric::RedisOutage.value(&run), Some(12.0));
    run.shared = run.shared.map(|shared| SharedUse { members: 0, ..shared });
    assert_eq!(Metric::RedisOutage.value(&run), None, "a result of an earlier version");
}

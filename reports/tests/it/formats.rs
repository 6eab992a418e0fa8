use forbear_reports::{ChartName, Group, Metric, Report};
use forbear_sim::results::Comparison;
use serde_json::Value;

use crate::page::{elements, parsed};
use crate::sample;

fn json(report: &Report<'_>) -> Value {
    serde_json::from_str(&report.json().unwrap()).unwrap()
}

#[test]
fn the_same_comparison_gives_the_same_bytes() {
    let all = || {
        let comparison = sample::comparison(10);
        let report = Report::new(&comparison);
        let charts = ChartName::ALL.map(|name| report.chart(name)).concat();
        let texts = [report.html(), report.markdown(), report.csv(), report.json()];
        (texts.map(Result::unwrap), charts)
    };
    assert_eq!(all(), all());
}

#[test]
fn json_and_table_hold_the_same_numbers() {
    let comparison = sample::comparison(10);
    let report = Report::new(&comparison);
    let json = json(&report);
    for (index, row) in report.table().rows.iter().enumerate() {
        let policy = &json["summary"][index];
        assert_eq!(policy["policy"], comparison.policies[index].name);
        for cell in &row.cells {
            let number = &policy["metrics"][cell.metric.key()];
            let estimate = cell.estimate.unwrap();
            assert_eq!(number["mean"], estimate.mean);
            assert_eq!(number["interval"]["low"], estimate.interval.unwrap().low);
            assert_eq!(number["text"], cell.text());
            let difference = cell.difference.map(|difference| difference.mean);
            assert_eq!(number["difference"]["mean"].as_f64(), difference);
        }
    }
}

#[test]
fn the_page_and_markdown_print_the_numbers_of_the_table() {
    let comparison = sample::comparison(10);
    let report = Report::new(&comparison);
    let (html, markdown) = (report.html().unwrap(), report.markdown().unwrap());
    let document = parsed(&html);
    let cells: Vec<String> = elements(&document, "td")
        .map(|cell| cell.descendants().filter_map(|node| node.text()).collect())
        .collect();
    for cell in report.table().rows.iter().flat_map(|row| &row.cells) {
        let (text, interval) = (cell.text(), cell.interval_text());
        assert!(cells.iter().any(|cell| cell.starts_with(&text) && cell.ends_with(&interval)));
        assert!(markdown.contains(&text) && markdown.contains(&interval));
    }
}

#[test]
fn csv_has_a_line_for_each_metric_of_each_policy() {
    let comparison = sample::comparison(10);
    let report = Report::new(&comparison);
    let text = report.csv().unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let at = |name| columns.iter().position(|column| column == name).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cells = report.table().rows.iter().flat_map(|row| &row.cells);
    assert_eq!(records.len(), cells.clone().count());
    for (record, cell) in records.iter().zip(cells) {
        assert_eq!(&record[at("metric")], cell.metric.key());
        assert_eq!(record[at("mean")].parse(), Ok(cell.estimate.unwrap().mean));
        let low = cell.difference.map(|difference| difference.interval.unwrap().low);
        assert_eq!(record[at("difference_low")].parse().ok(), low);
    }
}

#[test]
fn the_comparison_can_be_read_back_from_the_json() {
    let comparison = sample::comparison(3);
    let json = json(&Report::new(&comparison));
    let back: Comparison = serde_json::from_value(json["comparison"].clone()).unwrap();
    assert_eq!(Report::new(&back).json().unwrap(), Report::new(&comparison).json().unwrap());
}

#[test]
fn every_metric_that_has_a_value_is_defined_once() {
    let mut comparison = sample::comparison(3);
    let times_defined = |comparison: &Comparison, metric: Metric| {
        let html = Report::new(comparison).html().unwrap();
        let escaped = metric.definition().replace('\'', "&#x27;").replace('/', "&#x2f;");
        html.matches(&escaped).count()
    };
    for metric in Metric::ALL {
        assert_eq!(serde_json::to_value(metric).unwrap(), metric.key());
        let is_of_tenants = matches!(metric, Metric::MissedDeadlines | Metric::ShareError);
        let has_value = !is_of_tenants && metric.group() != Group::Redis;
        assert_eq!(times_defined(&comparison, metric), usize::from(has_value), "{metric:?}");
    }
    comparison.policies[1].runs[0].metrics.missed_deadlines = Some(2);
    comparison.policies[1].runs[0].metrics.share_error = Some(0.25);
    for metric in [Metric::MissedDeadlines, Metric::ShareError] {
        assert_eq!(times_defined(&comparison, metric), 1, "{metric:?}");
    }
}

#[test]
fn differences_are_taken_in_the_same_storms() {
    let comparison = sample::comparison(10);
    let report = Report::new(&comparison);
    assert_eq!(report.table().reference, Some(0));
    let cell = report.table().cell(1, Metric::TimeToDrain).unwrap();
    let paired = cell.difference.unwrap().interval.unwrap();
    let alone = cell.estimate.unwrap().interval.unwrap();
    assert!(paired.high - paired.low < alone.high - alone.low, "pairing takes the storm out");
    assert_eq!(cell.is_improvement(), Some(false));
    assert!(cell.difference_text().starts_with('+'));
}

#[test]
fn a_policy_that_gives_up_leads_no_column_of_time() {
    let comparison = sample::comparison(10);
    let report = Report::new(&comparison);
    let leads = |row, metric| report.table().cell(row, metric).unwrap().leads;
    assert!(leads(0, Metric::TimeToDrain) && !leads(4, Metric::TimeToDrain));
    assert!(leads(1, Metric::SuccessShare) && !leads(2, Metric::SuccessShare));
}

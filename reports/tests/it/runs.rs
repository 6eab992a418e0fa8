use std::collections::BTreeSet;

use forbear_reports::{Group, Metric, Report, SweepReport};
use forbear_sim::results::{RunResult, SharedUse};
use forbear_sim::sweep::{Point, Source, Sweep};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use crate::sample;

/// The rows of a Parquet file, as an independent part of the crate reads them.
fn rows(bytes: Vec<u8>) -> Vec<Vec<(String, Field)>> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().into_columns()).collect()
}

fn field<'a>(row: &'a [(String, Field)], name: &str) -> &'a Field {
    &row.iter().find(|(column, _)| column == name).unwrap().1
}

#[test]
fn parquet_gives_back_every_run_to_the_last_bit() {
    let mut comparison = sample::comparison(4);
    comparison.policies[1].runs[2].metrics.fairness = None;
    comparison.policies[1].runs[2].metrics.completion_p99 = None;
    let report = Report::new(&comparison);
    let rows = rows(report.runs_parquet().unwrap());
    assert_eq!(rows.len(), 5 * 4);
    let runs = comparison
        .policies
        .iter()
        .flat_map(|policy| policy.runs.iter().map(|run| (policy.name.as_str(), run)));
    for (row, (policy, run)) in rows.iter().zip(runs) {
        assert_eq!(field(row, "scenario"), &Field::Str("minute-quota".to_owned()));
        assert_eq!(field(row, "policy"), &Field::Str(policy.to_owned()));
        assert_eq!(field(row, "seed"), &Field::ULong(run.seed));
        assert_eq!(field(row, "events"), &Field::ULong(run.events));
        assert_eq!(field(row, "hash"), &Field::Str(run.hash.clone()));
        for metric in Metric::ALL.into_iter().filter(|metric| metric.group() != Group::Redis) {
            let expected = metric.value(run).map_or(Field::Null, Field::Double);
            assert_eq!(field(row, metric.key()), &expected, "{metric:?}");
        }
        let regret = Metric::TimeToDrain.regret(run).map_or(Field::Null, Field::Double);
        assert_eq!(field(row, "time_to_drain_regret"), &regret);
    }
    let names: BTreeSet<&String> = rows[0].iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), rows[0].len(), "no column comes twice");
    assert_eq!(report.runs_parquet().unwrap(), report.runs_parquet().unwrap());
}

#[test]
fn csv_and_parquet_of_the_runs_say_the_same() {
    let comparison = sample::comparison(3);
    let report = Report::new(&comparison);
    let (text, rows) = (report.runs_csv().unwrap(), rows(report.runs_parquet().unwrap()));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert!(names.iter().eq(rows[0].iter().map(|(name, _)| name)));
    for (record, row) in reader.records().map(Result::unwrap).zip(&rows) {
        for (text, (name, field)) in record.iter().zip(row) {
            let same = match field {
                Field::Str(value) => text == value,
                Field::ULong(value) => text.parse() == Ok(*value),
                Field::Double(value) => text.parse() == Ok(*value),
                Field::Null => text.is_empty(),
                other => panic!("{other:?}"),
            };
            assert!(same, "{name}: {text} {field:?}");
        }
    }
}

/// Two points of a sweep with the runs of two policies of the sample.
fn sweep(values: [[&str; 2]; 2]) -> Sweep {
    let comparison = sample::comparison(3);
    let runs = |at: usize| -> Vec<RunResult> { comparison.policies[at].runs.clone() };
    let keys = ["retry.backoff.base", "retry.backoff.jitter"];
    let parameters = keys.iter().enumerate().map(|(at, key)| {
        let values: BTreeSet<&str> = values.iter().map(|point| point[at]).collect();
        let values: Vec<&str> = values.into_iter().collect();
        format!("{key}={}", values.join(",")).parse().unwrap()
    });
    let source = |name: &str| Source { name: name.to_owned(), source: String::new() };
    Sweep {
        version: "0.1.0".to_owned(),
        command: "forbear sweep".to_owned(),
        scenario: source("minute-quota"),
        policy: source("plain"),
        parameters: parameters.collect(),
        sample: None,
        seed: 1,
        replications: 3,
        shard: None,
        partial: true,
        points: (0..2)
            .map(|at| Point {
                index: at as u64,
                values: values[at].map(str::to_owned).to_vec(),
                runs: runs(at),
            })
            .collect(),
    }
}

#[test]
fn what_only_some_storms_have_is_a_column_only_there() {
    let mut comparison = sample::comparison(2);
    let plain = Report::new(&comparison).runs_csv().unwrap();
    assert!(!plain.contains("redis_calls") && !plain.contains("repeated"));
    let mut shared = SharedUse::default();
    (shared.calls, shared.failures, shared.leased, shared.without_redis) = (7, 3, 50, 9);
    comparison.policies[0].runs[1].shared = Some(shared);
    comparison.policies[1].runs[0].repeated = Some(12);
    let rows = rows(Report::new(&comparison).runs_parquet().unwrap());
    let names = ["redis_calls", "redis_failures", "redis_leased", "redis_without"];
    let numbers = names.map(|name| field(&rows[1], name).clone());
    assert_eq!(numbers, [7.0, 3.0, 50.0, 9.0].map(Field::Double));
    assert_eq!(field(&rows[0], "redis_calls"), &Field::Null);
    assert_eq!(field(&rows[2], "repeated"), &Field::Double(12.0));
}

#[test]
fn the_parameters_of_a_sweep_are_columns_and_numbers_where_they_can_be() {
    let sweep = sweep([["100ms", "full"], ["2s", "none"]]);
    let report = SweepReport::new(&sweep, &SweepReport::OBJECTIVES);
    let rows = rows(report.runs_parquet().unwrap());
    assert_eq!(rows.len(), 6);
    let last = &rows[5];
    assert_eq!(field(last, "point"), &Field::ULong(1));
    assert_eq!(field(last, "retry.backoff.base"), &Field::Str("2s".to_owned()));
    assert_eq!(field(last, "retry.backoff.base_number"), &Field::Double(2.0));
    assert_eq!(field(&rows[0], "retry.backoff.base_number"), &Field::Double(0.1));
    assert_eq!(field(last, "retry.backoff.jitter"), &Field::Str("none".to_owned()));
    assert!(!last.iter().any(|(name, _)| name == "retry.backoff.jitter_number"));
}

#[test]
fn a_page_of_a_sweep_is_well_formed_and_asks_for_nothing() {
    let sweep = sweep([["<b>&\"", "full"], ["2s", "none"]]);
    let report = SweepReport::new(&sweep, &SweepReport::OBJECTIVES);
    let html = report.html().unwrap();
    let document = crate::page::parsed(&html);
    crate::page::assert_inert(&document, &html);
    assert!(!html.contains("<b>"), "a value is no markup");
    roxmltree::Document::parse(&report.heat_map().unwrap()).unwrap();
}

//! Each response of the corpus is read as its contract says.

use forbear_http::{Reader, Record};
use serde_json::Value;

const CORPUS: &str = include_str!("../data/headers_public.jsonl");
const CONTRACT: &str = include_str!("../data/contract.jsonl");

/// What a case expects, as it is compared: `limits` in no order.
fn normalized(mut reading: Value) -> Value {
    reading.as_object_mut().expect("a reading is an object").remove("id");
    let limits = reading["limits"].as_array_mut().expect("limits are a list");
    limits.sort_by_key(Value::to_string);
    reading
}

#[test]
fn every_case_is_read_as_expected() {
    assert_eq!(read_as_expected(CORPUS), 306);
}

#[test]
fn every_variant_of_a_rule_is_read_as_expected() {
    assert!(read_as_expected(CONTRACT) > 800);
}

/// How many cases there are, all of them as expected.
fn read_as_expected(corpus: &str) -> usize {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in corpus.lines() {
        cases += 1;
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let record = Record::from_json(line).expect("a case is a record");
        let expected = normalized(case["expect"].clone());
        let actual = normalized(record.answer(&record.reader()));
        if actual != expected {
            wrong.push(format!("{}\n  want {expected}\n  have {actual}", case["id"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} cases differ:\n{}", wrong.len(), wrong.join("\n"));
    cases
}

#[test]
fn no_case_of_the_corpus_needs_its_provider() {
    for line in CORPUS.lines() {
        let record = Record::from_json(line).expect("a case is a record");
        assert_eq!(record.read(&record.reader()), record.read(&Reader::new()), "{line}");
    }
}

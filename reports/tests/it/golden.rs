use forbear_reports::{ChartName, Report};

use crate::sample;

/// A change here is a change for readers: review it, then `cargo insta accept`.
#[test]
fn the_texts_are_as_reviewed() {
    let comparison = sample::comparison(20);
    let report = Report::new(&comparison);
    insta::assert_snapshot!("markdown", report.markdown().unwrap());
    insta::assert_snapshot!("csv", report.csv().unwrap());
    insta::assert_snapshot!("html", report.html().unwrap());
}

#[test]
fn the_charts_are_as_reviewed() {
    let comparison = sample::comparison(20);
    let report = Report::new(&comparison);
    for name in ChartName::ALL {
        insta::assert_snapshot!(name.key(), report.chart(name));
    }
}

/// Leaves the sample in `target/tmp`, to look at in a browser.
#[test]
fn every_format_of_the_sample_can_be_written() {
    let comparison = sample::comparison(20);
    let report = Report::new(&comparison);
    let write = |file: &str, text: String| {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        std::fs::write(path, text).unwrap();
    };
    write("report.html", report.html().unwrap());
    write("report.md", report.markdown().unwrap());
    write("report.csv", report.csv().unwrap());
    write("report.json", report.json().unwrap());
    for name in ChartName::ALL {
        write(&format!("{name}.svg"), report.chart(name));
    }
}

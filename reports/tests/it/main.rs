//! Integration tests, as one binary.

mod sample;

/// Leaves every output of the sample in the target directory, to look at.
#[test]
fn every_format_of_the_sample_can_be_written() {
    let at = |file: &str| std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    let comparison = sample::comparison(20);
    let report = forbear_reports::Report::new(&comparison);
    std::fs::write(at("report.html"), report.html().unwrap()).unwrap();
    std::fs::write(at("report.md"), report.markdown().unwrap()).unwrap();
    std::fs::write(at("report.csv"), report.csv().unwrap()).unwrap();
    std::fs::write(at("report.json"), report.json().unwrap()).unwrap();
    for name in forbear_reports::ChartName::ALL {
        std::fs::write(at(&format!("{name}.svg")), report.chart(name)).unwrap();
    }
}

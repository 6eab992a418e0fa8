use std::collections::BTreeMap;

use forbear_reports::Report;

use crate::sample;

/// The colours of the light and of the dark theme, as the page declares them.
fn themes(html: &str) -> [BTreeMap<String, String>; 2] {
    let mut blocks = html.split(":root{").skip(1).map(|rest| {
        let block = rest.split('}').next().unwrap();
        let declared = block.split(';').filter_map(|rule| rule.split_once(':'));
        declared
            .filter_map(|(name, value)| {
                Some((name.strip_prefix("--")?.to_owned(), value.to_owned()))
            })
            .collect()
    });
    [blocks.next().unwrap(), blocks.next().unwrap()]
}

/// WCAG 2.2, "relative luminance".
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_is_legible_in_both_themes() {
    let html = Report::new(&sample::comparison(3)).html().unwrap();
    for theme in themes(&html) {
        for ink in ["ink", "muted", "accent", "better", "worse"] {
            for ground in ["paper", "panel"] {
                let ratio = contrast(&theme[ink], &theme[ground]);
                assert!(ratio >= 4.5, "{ink} on {ground}: {ratio:.2}");
            }
        }
    }
}

/// WCAG 2.2, criterion 1.4.11: what is needed to read a chart.
#[test]
fn marks_stand_out_from_what_they_lie_on_in_both_themes() {
    let html = Report::new(&sample::comparison(3)).html().unwrap();
    for theme in themes(&html) {
        for (mark, ground) in [
            ("s0", "paper"),
            ("s0", "rule"),
            ("s6", "paper"),
            ("s6", "rule"),
            ("throttled", "paper"),
        ] {
            let ratio = contrast(&theme[mark], &theme[ground]);
            assert!(ratio >= 3.0, "{mark} on {ground}: {ratio:.2}");
        }
    }
}

#[test]
fn black_on_white_is_21() {
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
}

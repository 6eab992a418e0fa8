use forbear_reports::{ChartName, Report};
use resvg::tiny_skia::Pixmap;

use crate::sample;
use crate::svg::crowd;

#[test]
fn a_picture_is_twice_as_large_as_the_chart_and_has_its_colours_and_letters() {
    let comparison = sample::comparison(3);
    let report = Report::new(&comparison);
    let bytes = report.chart_png(ChartName::Cost).unwrap();
    assert_eq!(report.chart_png(ChartName::Cost).unwrap(), bytes, "the same bytes every time");
    let picture = Pixmap::decode_png(&bytes).unwrap();
    assert_eq!(picture.width(), 2 * (820 + 2 * 16));
    let count = |red, green, blue| {
        let is = |pixel: &&resvg::tiny_skia::PremultipliedColorU8| {
            (pixel.red(), pixel.green(), pixel.blue()) == (red, green, blue)
        };
        picture.pixels().iter().filter(is).count()
    };
    // Paper, the bars of the winner and of the others, and ink: that of letters only.
    for (colour, least) in [
        ((255, 255, 255), 100_000),
        ((0, 114, 178), 500),
        ((104, 113, 124), 5_000),
        ((27, 32, 38), 2_000),
    ] {
        let (red, green, blue) = colour;
        assert!(count(red, green, blue) > least, "{colour:?}: {}", count(red, green, blue));
    }
    assert!(picture.pixels().iter().all(|pixel| pixel.alpha() == 255), "nothing is transparent");
}

#[test]
fn a_name_in_letters_that_the_font_lacks_is_drawn_all_the_same() {
    let mut comparison = crowd(1);
    comparison.policies[0].name = "限流 😀".to_owned();
    assert!(Report::new(&comparison).chart_png(ChartName::Cost).is_ok());
}

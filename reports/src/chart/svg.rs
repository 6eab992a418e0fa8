//! A writer of SVG elements.

use std::fmt::{self, Write};

/// Elements in the order in which they are painted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Svg {
    body: String,
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// The elements so far.
    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    pub(crate) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.push(format_args!(
            "<line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
            Px(from.0),
            Px(from.1),
            Px(to.0),
            Px(to.1)
        ));
    }

    pub(crate) fn rect(&mut self, class: &str, corner: (f64, f64), size: (f64, f64)) {
        self.push(format_args!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            Px(corner.0),
            Px(corner.1),
            Px(size.0.max(0.0)),
            Px(size.1.max(0.0))
        ));
    }

    pub(crate) fn circle(&mut self, class: &str, at: (f64, f64), radius: f64) {
        self.push(format_args!(
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
            Px(at.0),
            Px(at.1),
            Px(radius)
        ));
    }

    /// A path with data from [`Path`]; nothing if it is empty.
    pub(crate) fn path(&mut self, class: &str, path: &Path) {
        if !path.data.is_empty() {
            self.push(format_args!("<path class=\"{class}\" d=\"{}\"/>", path.data));
        }
    }

    /// A path filled with the pattern of that id.
    pub(crate) fn patterned_path(&mut self, pattern: &str, path: &Path) {
        if !path.data.is_empty() {
            self.push(format_args!("<path fill=\"url(#{pattern})\" d=\"{}\"/>", path.data));
        }
    }

    pub(crate) fn patterned_rect(&mut self, pattern: &str, corner: (f64, f64), size: (f64, f64)) {
        self.push(format_args!(
            "<rect fill=\"url(#{pattern})\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            Px(corner.0),
            Px(corner.1),
            Px(size.0),
            Px(size.1)
        ));
    }

    /// Diagonal lines in the style of class `hatch`.
    pub(crate) fn hatch(&mut self, id: &str) {
        self.push(format_args!(
            "<defs><pattern id=\"{id}\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><line class=\"hatch\" x1=\"1.5\" y1=\"0\" x2=\"1.5\" \
             y2=\"4\"/></pattern></defs>"
        ));
    }

    pub(crate) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        self.push(format_args!(
            "<text{class} x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            Px(at.0),
            Px(at.1),
            Escaped(text)
        ));
    }

    fn push(&mut self, element: fmt::Arguments<'_>) {
        writeln!(self.body, "{element}").expect("a string takes any text");
    }
}

/// The data of a path of straight lines.
///
/// Steps are written relative to where the last one ended, in tenths of a pixel that
/// are rounded before they are subtracted, so that nothing drifts; a run of steps in
/// one direction is one step. That halves the size of a report.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    data: String,
    /// Where the pen is, in tenths of a pixel.
    at: (i64, i64),
    /// Where the figure began, to which closing it takes the pen back.
    start: (i64, i64),
    /// The last step, if it can go on: its letter, its length and where it is written.
    last: Option<(char, i64, usize)>,
}

impl Path {
    pub(crate) fn move_to(&mut self, x: f64, y: f64) {
        let to = (tenths(x), tenths(y));
        if self.data.is_empty() {
            self.pair('M', to);
        } else if to != self.at {
            self.pair('m', (to.0 - self.at.0, to.1 - self.at.1));
        }
        (self.at, self.start) = (to, to);
    }

    pub(crate) fn line_to(&mut self, x: f64, y: f64) {
        let to = (tenths(x), tenths(y));
        let step = (to.0 - self.at.0, to.1 - self.at.1);
        match step {
            (0, 0) => {}
            (across, 0) => self.step('h', across),
            (0, along) => self.step('v', along),
            _ => self.pair('l', step),
        }
        self.at = to;
    }

    /// Along x.
    pub(crate) fn across(&mut self, x: f64) {
        let to = tenths(x);
        self.step('h', to - self.at.0);
        self.at.0 = to;
    }

    /// Along y.
    pub(crate) fn along(&mut self, y: f64) {
        let to = tenths(y);
        self.step('v', to - self.at.1);
        self.at.1 = to;
    }

    /// A dot, if the stroke has round ends.
    pub(crate) fn dot(&mut self, x: f64, y: f64) {
        self.move_to(x, y);
        self.push(format_args!("h0"));
        self.last = None;
    }

    /// Ends the figure; the next one starts with a move.
    pub(crate) fn close(&mut self) {
        self.data.push('Z');
        self.at = self.start;
        self.last = None;
    }

    fn step(&mut self, letter: char, length: i64) {
        if length == 0 {
            return;
        }
        let (length, from) = match self.last {
            Some((last, so_far, from)) if last == letter && (so_far > 0) == (length > 0) => {
                self.data.truncate(from);
                (so_far + length, from)
            }
            _ => (length, self.data.len()),
        };
        self.push(format_args!("{letter}{}", Tenths(length)));
        self.last = Some((letter, length, from));
    }

    fn pair(&mut self, letter: char, (x, y): (i64, i64)) {
        let gap = if y < 0 { "" } else { " " };
        self.push(format_args!("{letter}{}{gap}{}", Tenths(x), Tenths(y)));
        self.last = None;
    }

    fn push(&mut self, step: fmt::Arguments<'_>) {
        self.data.write_fmt(step).expect("a string takes any text");
    }
}

/// Pixels in tenths, which no eye tells from the exact ones.
#[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and no paper is so large")]
fn tenths(px: f64) -> i64 {
    (px * 10.0).round() as i64
}

/// Tenths of a pixel, as short as SVG takes them.
struct Tenths(i64);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        match (self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (0, tenth) => write!(f, "{sign}.{tenth}"),
            (whole, tenth) => write!(f, "{sign}{whole}.{tenth}"),
        }
    }
}

/// A coordinate in tenths of a pixel.
struct Px(f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Tenths(tenths(self.0)).fmt(f)
    }
}

/// Text in which nothing is markup.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            '"' => f.write_str("&quot;"),
            _ => f.write_char(character),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, Px};

    #[test]
    fn coordinates_are_short() {
        let texts = [-0.01, 0.04, 12.0, 12.345, -3.25].map(|value| Px(value).to_string());
        assert_eq!(texts, ["0", "0", "12", "12.3", "-3.3"]);
    }

    #[test]
    fn steps_in_one_direction_are_one_step() {
        let mut path = Path::default();
        path.move_to(10.0, 20.0);
        path.across(12.5);
        path.along(20.0);
        path.across(15.0);
        path.across(14.0);
        path.line_to(14.0, 19.5);
        path.line_to(13.0, 19.0);
        path.close();
        assert_eq!(path.data, "M10 20h5h-1v-.5l-1-.5Z");
    }

    #[test]
    fn rounding_does_not_add_up() {
        let mut path = Path::default();
        path.move_to(0.0, 0.0);
        for index in 1..=100 {
            path.line_to(f64::from(index) * 0.333, f64::from(index % 2) * 3.0);
        }
        let ends = path.data.split('l').skip(1).map(|pair| pair.split([' ', '-']).next().unwrap());
        let sum: f64 = ends.map(|x| x.parse::<f64>().unwrap()).sum();
        assert!((sum - 33.3).abs() < 0.051, "{sum}");
    }
}

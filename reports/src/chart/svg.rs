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
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    data: String,
}

impl Path {
    pub(crate) fn move_to(&mut self, x: f64, y: f64) {
        self.push(format_args!("M{} {}", Px(x), Px(y)));
    }

    pub(crate) fn line_to(&mut self, x: f64, y: f64) {
        self.push(format_args!("L{} {}", Px(x), Px(y)));
    }

    /// Along x.
    pub(crate) fn across(&mut self, x: f64) {
        self.push(format_args!("H{}", Px(x)));
    }

    /// Along y.
    pub(crate) fn along(&mut self, y: f64) {
        self.push(format_args!("V{}", Px(y)));
    }

    pub(crate) fn close(&mut self) {
        self.push(format_args!("Z"));
    }

    fn push(&mut self, step: fmt::Arguments<'_>) {
        self.data.write_fmt(step).expect("a string takes any text");
    }
}

/// A coordinate in tenths of a pixel, which no eye tells from the exact one.
struct Px(f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.1}", self.0);
        f.write_str(match text.strip_suffix(".0") {
            Some("-0") => "0",
            Some(whole) => whole,
            None => &text,
        })
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
    use super::Px;

    #[test]
    fn coordinates_are_short() {
        let texts = [-0.01, 0.04, 12.0, 12.345, -3.25].map(|value| Px(value).to_string());
        assert_eq!(texts, ["0", "0", "12", "12.3", "-3.2"]);
    }
}

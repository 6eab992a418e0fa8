//! Axes with their grid, ticks and titles.

use super::scale::Linear;
use super::svg::{Anchor, Svg};
use super::text;

/// How far a text may stand out to the right of its frame \[px\].
const ROOM: f64 = 6.0;

/// The rectangle that data are drawn in \[px\].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Frame {
    /// Horizontal lines at the ticks, with their texts to the left.
    pub(crate) fn rows(&self, svg: &mut Svg, scale: &Linear, ticks: &[(f64, String)]) {
        for (value, text) in ticks {
            let y = scale.px(*value);
            svg.line("grid", (self.left, y), (self.right, y));
            svg.text("muted", (self.left - 8.0, y + 4.0), Anchor::End, text);
        }
    }

    /// Vertical lines at the ticks.
    pub(crate) fn columns(&self, svg: &mut Svg, places: impl Iterator<Item = f64>) {
        places.for_each(|x| svg.line("grid", (x, self.top), (x, self.bottom)));
    }

    /// The line below, the texts of the ticks and the title of the axis.
    pub(crate) fn foot(&self, svg: &mut Svg, ticks: &[(f64, String)], title: &str) {
        svg.line("axis", (self.left, self.bottom), (self.right, self.bottom));
        let mut free_from = f64::NEG_INFINITY;
        for (x, text) in ticks {
            svg.line("axis", (*x, self.bottom), (*x, self.bottom + 4.0));
            let half = text::width(text, 12.0) / 2.0;
            // A text that would touch its neighbour is left out; its tick stays.
            if x - half > free_from {
                // The last one ends with the paper.
                let middle = x.min(self.right + ROOM - half);
                svg.text("muted", (middle, self.bottom + 18.0), Anchor::Middle, text);
                free_from = middle + half + 6.0;
            }
        }
        svg.text("muted", (self.right, self.bottom + 36.0), Anchor::End, title);
    }
}

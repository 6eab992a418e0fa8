//! A legend that names each line and gives it a number.

use super::palette::DASHES;
use super::svg::{Anchor, Path, Svg};
use super::text;

/// One line of a legend.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Index of the policy, which decides its stroke.
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) best: bool,
}

/// Pixels from one entry to the next.
const PITCH: f64 = 40.0;

/// The height of a legend of `entries` entries under a title \[px\].
pub(crate) const fn height(entries: usize) -> f64 {
    crate::number::float(entries as u64) * PITCH + 24.0
}

/// Draws a legend between `left` and `right`, from `top` down.
pub(crate) fn draw(
    svg: &mut Svg,
    (left, right): (f64, f64),
    top: f64,
    title: &str,
    entries: &[Entry],
) {
    svg.text("muted", (left, top + 9.0), Anchor::Start, title);
    let mut y = top + 32.0;
    for entry in entries {
        let mut sample = Path::default();
        sample.move_to(left, y - 4.0);
        sample.across(left + 30.0);
        svg.path(&stroke(entry.index, entry.best), &sample);
        let class = if entry.best { "strong" } else { "" };
        let name = text::fitted(&entry.name, 13.0, right - left - 38.0);
        svg.text(class, (left + 38.0, y), Anchor::Start, &name);
        svg.text("muted", (left + 38.0, y + 16.0), Anchor::Start, &entry.value);
        y += PITCH;
    }
}

/// The entries as sentences.
pub(crate) fn read(entries: &[Entry]) -> String {
    let sentence = |entry: &Entry| format!(" {}: {}.", entry.name, entry.value);
    entries.iter().map(sentence).collect::<Vec<_>>().concat()
}

/// The indices of `count` lines in the order to draw them: the winner on top.
pub(crate) fn drawing_order(count: usize, winner: Option<usize>) -> impl Iterator<Item = usize> {
    (0..count).filter(move |index| Some(*index) != winner).chain(winner)
}

/// The classes of the line of the policy at `index`.
pub(crate) fn stroke(index: usize, best: bool) -> String {
    let count = DASHES.len();
    // From the ninth on the colours come again, each with another dash.
    let (colour, dash) = (index % count, (index + index / count * 3) % count);
    let best = if best { " best" } else { "" };
    format!("line{best} s{colour} d{dash}")
}

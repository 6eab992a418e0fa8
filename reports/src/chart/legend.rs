//! A legend that names each line and gives it a number.

use std::cmp::Ordering;

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
    winner: Option<usize>,
) {
    svg.text("muted", (left, top + 9.0), Anchor::Start, title);
    let mut y = top + 32.0;
    for entry in entries {
        let mut sample = Path::default();
        sample.move_to(left, y - 4.0);
        sample.across(left + 30.0);
        svg.path(&stroke(entry.index, winner), &sample);
        let class = if winner == Some(entry.index) { "strong" } else { "" };
        let name = text::fitted(&entry.name, text::NAME, right - left - 38.0);
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
///
/// The winner is blue and solid, as everywhere in a report; the others have what is
/// left, and from the eighth on the same colours with another dash.
pub(crate) fn stroke(index: usize, winner: Option<usize>) -> String {
    let Some(winner) = winner else { return class(index) };
    match index.cmp(&winner) {
        Ordering::Less => class(index + 1),
        Ordering::Equal => "line best s0".to_owned(),
        Ordering::Greater => class(index),
    }
}

fn class(place: usize) -> String {
    let count = DASHES.len();
    format!("line s{} d{}", place % count, (place + place / count * 3) % count)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::stroke;

    #[test]
    fn no_two_of_forty_policies_have_one_stroke() {
        for winner in [None, Some(0), Some(7), Some(39)] {
            let strokes: BTreeSet<String> = (0..40).map(|index| stroke(index, winner)).collect();
            assert_eq!(strokes.len(), 40, "{winner:?}");
        }
    }
}

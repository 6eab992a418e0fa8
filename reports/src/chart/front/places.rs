//! Places for labels beside points, none on another or on a point.

use crate::chart::axis::Frame;

/// Height of a label \[px\].
const HEIGHT: f64 = 13.0;

/// What is taken in a frame.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    frame: Frame,
    taken: Vec<Rectangle>,
}

#[derive(Clone, Copy, Debug)]
struct Rectangle {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Rectangle {
    /// How far this and `other` lie over each other \[px²\].
    fn overlap(&self, other: &Self) -> f64 {
        let across = self.right.min(other.right) - self.left.max(other.left);
        let along = self.bottom.min(other.bottom) - self.top.max(other.top);
        across.max(0.0) * along.max(0.0)
    }
}

impl Places {
    pub(crate) fn new(frame: &Frame) -> Self {
        Self { frame: *frame, taken: Vec::new() }
    }

    /// Takes a square around `(x, y)` that reaches `half` px each way.
    pub(crate) fn take(&mut self, (x, y): (f64, f64), half: f64) {
        let (left, right) = (x - half, x + half);
        self.taken.push(Rectangle { left, right, top: y - half, bottom: y + half });
    }

    /// The middle of the base line of a label of this width near `(x, y)`, and takes it:
    /// the nearest place that is free, or the one that covers least.
    pub(crate) fn beside(&mut self, (x, y): (f64, f64), width: f64) -> (f64, f64) {
        let mut best: Option<(f64, Rectangle)> = None;
        for ring in 1..=8_u32 {
            let ring = f64::from(ring);
            let (dx, dy) = (width / 2.0 + 3.0 + 5.0 * ring, HEIGHT * ring);
            for (across, along) in [
                (1.0, 0.0),
                (1.0, -1.0),
                (0.0, -1.0),
                (-1.0, 0.0),
                (1.0, 1.0),
                (-1.0, -1.0),
                (0.0, 1.0),
                (-1.0, 1.0),
            ] {
                let (middle, centre) = (x + across * dx, y + along * dy);
                let place = Rectangle {
                    left: middle - width / 2.0 - 1.0,
                    right: middle + width / 2.0 + 1.0,
                    top: centre - HEIGHT / 2.0,
                    bottom: centre + HEIGHT / 2.0,
                };
                let Frame { left, right, top, bottom } = self.frame;
                let fits = place.left >= left
                    && place.right <= right
                    && place.top >= top - HEIGHT
                    && place.bottom <= bottom;
                if !fits {
                    continue;
                }
                let covered: f64 = self.taken.iter().map(|other| place.overlap(other)).sum();
                if covered <= 0.0 {
                    return self.settle(place);
                }
                if best.is_none_or(|(least, _)| covered < least) {
                    best = Some((covered, place));
                }
            }
        }
        match best {
            Some((_, place)) => self.settle(place),
            None => (x, y),
        }
    }

    fn settle(&mut self, place: Rectangle) -> (f64, f64) {
        self.taken.push(place);
        (f64::midpoint(place.left, place.right), place.bottom - 2.5)
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, Places};

    #[test]
    fn labels_of_one_point_do_not_lie_on_each_other() {
        let frame = Frame { left: 0.0, right: 200.0, top: 0.0, bottom: 200.0 };
        let mut places = Places::new(&frame);
        places.take((100.0, 100.0), 6.0);
        let mut labels: Vec<(f64, f64)> = Vec::new();
        for _ in 0..20 {
            let (x, y) = places.beside((100.0, 100.0), 14.0);
            assert!((0.0..=200.0).contains(&x) && (0.0..=200.0).contains(&y));
            let is_apart =
                |other: &(f64, f64)| (other.0 - x).abs() >= 16.0 || (other.1 - y).abs() >= 13.0;
            assert!(labels.iter().all(is_apart), "{labels:?} {x} {y}");
            labels.push((x, y));
        }
    }

    #[test]
    fn a_label_in_a_corner_stays_in_the_frame() {
        let frame = Frame { left: 0.0, right: 100.0, top: 0.0, bottom: 100.0 };
        let (x, y) = Places::new(&frame).beside((100.0, 0.0), 14.0);
        assert!(x <= 93.0 && y <= 100.0, "{x} {y}");
    }
}

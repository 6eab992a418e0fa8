//! Marks where data go on beyond an axis.

use super::svg::Path;

/// Points up from `(x, y)`, the top of the axis.
pub(crate) fn upward(x: f64, y: f64) -> Path {
    let mut path = Path::default();
    add_upward(&mut path, x, y);
    path
}

/// Adds the same to others.
pub(crate) fn add_upward(path: &mut Path, x: f64, y: f64) {
    path.move_to(x - 4.0, y - 1.0);
    path.line_to(x + 4.0, y - 1.0);
    path.line_to(x, y - 7.0);
    path.close();
}

/// Points right from `(x, y)`, the end of the axis.
pub(crate) fn onward(x: f64, y: f64) -> Path {
    let mut path = Path::default();
    path.move_to(x + 1.0, y - 4.0);
    path.line_to(x + 1.0, y + 4.0);
    path.line_to(x + 7.0, y);
    path.close();
    path
}

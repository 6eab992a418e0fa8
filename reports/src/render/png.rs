//! A chart as a PNG file, for places that show no SVG.
//!
//! Drawn by resvg from the same elements, in the light theme and with the `DejaVu` fonts
//! that are built in (their licence allows that; they carry it with them): no font of
//! the system is read, so the same chart is the same picture on every machine. Letters
//! that `DejaVu Sans` lacks, such as ideographs, are shown as boxes.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

use crate::chart::Drawing;
use crate::error::ReportError;

/// Pixels of the picture for one of the chart: what screens have today.
const SCALE: f32 = 2.0;
const FAMILY: &str = "DejaVu Sans";

/// Draws `drawing`.
pub(crate) fn png(drawing: &Drawing) -> Result<Vec<u8>, ReportError> {
    let mut fonts = Database::new();
    for font in [dejavu::sans::regular(), dejavu::sans::bold()] {
        fonts.load_font_source(Source::Binary(Arc::new(font)));
    }
    let options =
        Options { fontdb: Arc::new(fonts), font_family: FAMILY.to_owned(), ..Options::default() };
    let tree = Tree::from_str(&drawing.flat(FAMILY), &options)?;
    let size = tree.size().to_int_size().scale_by(SCALE);
    let size = size.ok_or(ReportError::too_large())?;
    let mut picture = Pixmap::new(size.width(), size.height()).ok_or(ReportError::too_large())?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut picture.as_mut());
    picture.encode_png().map_err(|error| ReportError::png(&error))
}

//! A metric of the points of a sample against each parameter.
//!
//! One panel a parameter, all with the same vertical axis, so that the panel whose dots
//! follow a line shows the parameter that matters (scatter plots as a sensitivity analysis:
//! Saltelli and others, "Global Sensitivity Analysis", 2008, section 1.2.3). The line is the
//! mean of each fifth of the points, since the eye is led astray by the outermost dots.

use super::axis::Frame;
use super::drawing::WIDTH;
use super::figure::Figure;
use super::scale::Scale;
use super::svg::{Anchor, Path, Svg};
use super::text;
use crate::metric::Metric;
use crate::number::float;
use crate::stats::mean;

/// Panels beside each other.
const COLUMNS: usize = 3;
const LEFT: f64 = 58.0;
const GAP: f64 = 22.0;
const TOP: f64 = 34.0;
/// Height of the plot of a panel, and from one row of panels to the next \[px\].
const PLOT: f64 = 180.0;
const ROW: f64 = PLOT + 84.0;
const RADIUS: f64 = 3.5;
/// Groups of which the mean is drawn.
const GROUPS: usize = 5;
/// A group of fewer points has no mean that says much.
const FEWEST: usize = 3;

/// What is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Scatter {
    pub(crate) metric: Metric,
    pub(crate) panels: Vec<Panel>,
}

/// One parameter.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    pub(crate) key: String,
    /// What its numbers are counted in; nothing where they have no unit.
    pub(crate) unit: String,
    /// The words that it has for values, if these are no numbers: a dot is over the number
    /// of its word, counted from 0.
    pub(crate) words: Vec<String>,
    /// How much of the differences between the points goes with it, in words.
    pub(crate) explains: String,
    pub(crate) dots: Vec<Dot>,
}

/// One point of the sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dot {
    pub(crate) across: f64,
    /// The mean of the metric.
    pub(crate) up: f64,
    /// Whether it is on the Pareto front.
    pub(crate) is_on_front: bool,
}

impl Scatter {
    pub(crate) fn figure(&self) -> Figure {
        let mut svg = Svg::default();
        let values: Vec<f64> =
            self.panels.iter().flat_map(|panel| panel.dots.iter().map(|dot| dot.up)).collect();
        let width = (WIDTH - LEFT - GAP * float(COLUMNS as u64 - 1)) / float(COLUMNS as u64);
        let mut bottom = TOP;
        for (index, panel) in self.panels.iter().enumerate() {
            let (row, column) = (index / COLUMNS, index % COLUMNS);
            let top = TOP + ROW * float(row as u64);
            let left = LEFT + (width + GAP) * float(column as u64);
            bottom = top + PLOT;
            let frame = Frame { left, right: left + width, top, bottom };
            let y = Scale::of(&values, bottom, top);
            if column == 0 {
                let title = format!("{}{}{}", self.label(), self.unit(), y.note());
                svg.text("muted", (0.0, top - 21.0), Anchor::Start, &title);
            }
            panel.draw(&mut svg, &frame, &y, column == 0);
        }
        Figure {
            kind: "scatter",
            key: self.metric.key(),
            title: format!("{} by each parameter", self.metric.label()),
            caption: self.caption(),
            height: bottom + 46.0,
            svg,
            rules: rules(),
        }
    }

    fn label(&self) -> String {
        self.metric.label().to_lowercase()
    }

    fn unit(&self) -> String {
        match self.metric.unit_name() {
            "" => String::new(),
            unit => format!(" ({unit})"),
        }
    }

    fn caption(&self) -> String {
        let explains: Vec<String> = self
            .panels
            .iter()
            .filter(|panel| !panel.explains.is_empty())
            .map(|panel| format!("{} {}", panel.key, panel.explains))
            .collect();
        let explained = if explains.is_empty() {
            String::new()
        } else {
            format!(
                " Of the differences between the points, this much goes with each parameter: {}.",
                explains.join(", ")
            )
        };
        let has_front = self.panels.iter().flat_map(|panel| &panel.dots).any(|dot| dot.is_on_front);
        let front = if has_front { " Filled dots are on the Pareto front." } else { "" };
        format!(
            "Each dot is the mean of one point of the sample ({}), a panel for each parameter. The \
             line is the mean of each fifth of the points, or of those with each word.\
             {front}{explained}",
            self.label()
        )
    }
}

impl Panel {
    fn draw(&self, svg: &mut Svg, frame: &Frame, y: &Scale, is_first: bool) {
        for (at, text) in y.ticks(5.0) {
            svg.line("grid", (frame.left, at), (frame.right, at));
            if is_first {
                svg.text("muted", (frame.left - 8.0, at + 4.0), Anchor::End, &text);
            }
        }
        let x = Across::of(self, frame);
        let note = x.note();
        let unit = if self.unit.is_empty() { String::new() } else { format!(" ({})", self.unit) };
        let title = format!("{}{unit}{note}", self.key);
        let title = text::fitted(&title, 12.0, frame.right - frame.left);
        frame.foot(svg, &x.ticks(self), &title);
        svg.line("axis", (frame.left, frame.top), (frame.left, frame.bottom));
        for dot in &self.dots {
            let class = if dot.is_on_front { "front" } else { "dot" };
            svg.circle(class, (x.px(dot.across), y.px(dot.up)), RADIUS);
        }
        let mut line = Path::default();
        for (at, (across, up)) in self.means().into_iter().enumerate() {
            let (px, py) = (x.px(across), y.px(up));
            if !self.words.is_empty() {
                // Nothing lies between two words.
                line.move_to(px - 14.0, py);
                line.across(px + 14.0);
            } else if at == 0 {
                line.move_to(px, py);
            } else {
                line.line_to(px, py);
            }
        }
        svg.path("halo", &line);
        svg.path("trend", &line);
    }

    /// The mean of each fifth of the points, or of those with each word.
    fn means(&self) -> Vec<(f64, f64)> {
        let mut dots = self.dots.clone();
        dots.sort_by(|a, b| a.across.total_cmp(&b.across));
        let groups: Vec<&[Dot]> = if self.words.is_empty() {
            let size = dots.len().div_ceil(GROUPS).max(FEWEST);
            dots.chunks(size).filter(|group| group.len() >= FEWEST).collect()
        } else {
            dots.chunk_by(|a, b| a.across.total_cmp(&b.across).is_eq()).collect()
        };
        let middle = |group: &[Dot], value: fn(&Dot) -> f64| {
            mean(&group.iter().map(value).collect::<Vec<_>>())
        };
        let of =
            |group: &[Dot]| Some((middle(group, |dot| dot.across)?, middle(group, |dot| dot.up)?));
        groups.into_iter().filter_map(of).collect()
    }
}

/// The horizontal axis: numbers, or words side by side.
enum Across {
    Numbers(Scale),
    Words { left: f64, pitch: f64 },
}

impl Across {
    fn of(panel: &Panel, frame: &Frame) -> Self {
        if panel.words.is_empty() {
            let values: Vec<f64> = panel.dots.iter().map(|dot| dot.across).collect();
            return Self::Numbers(Scale::of(&values, frame.left + 8.0, frame.right - 8.0));
        }
        let pitch = (frame.right - frame.left) / float(panel.words.len() as u64);
        Self::Words { left: frame.left, pitch }
    }

    fn px(&self, value: f64) -> f64 {
        match self {
            Self::Numbers(scale) => scale.px(value),
            Self::Words { left, pitch } => left + pitch * (value + 0.5),
        }
    }

    fn ticks(&self, panel: &Panel) -> Vec<(f64, String)> {
        match self {
            Self::Numbers(scale) => scale.ticks(4.0),
            Self::Words { pitch, .. } => {
                let words = (0_u64..).zip(&panel.words);
                words
                    .map(|(at, word)| {
                        (self.px(float(at)), text::fitted(word, 12.0, pitch.max(40.0)))
                    })
                    .collect()
            }
        }
    }

    const fn note(&self) -> &'static str {
        match self {
            Self::Numbers(scale) => scale.note(),
            Self::Words { .. } => "",
        }
    }
}

/// The rules that the classes of a scatter plot stand for.
pub(crate) fn rules() -> String {
    ".scatter .dot{fill:none;stroke:var(--s0);stroke-width:1.5;stroke-opacity:.8}\n\
     .scatter .trend{fill:none;stroke:var(--ink);stroke-width:2;stroke-linejoin:round}\n"
        .to_owned()
}

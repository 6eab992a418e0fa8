//! A chart of a sweep: in the page, or as a file of its own.

use super::drawing::WIDTH;
use super::style;
use super::svg::{Escaped, Svg};

/// Margin around a standalone chart \[px\].
const MARGIN: f64 = 16.0;

/// A drawn chart and its words.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// What kind of chart it is, in one word: its class and the start of its id.
    pub(crate) kind: &'static str,
    /// The metric, which tells its id from others of its kind.
    pub(crate) key: &'static str,
    /// What it shows, in a few words.
    pub(crate) title: String,
    /// What to see in it.
    pub(crate) caption: String,
    /// Height \[px\].
    pub(crate) height: f64,
    pub(crate) svg: Svg,
    /// The rules that its classes stand for, beside those of all charts.
    pub(crate) rules: String,
}

impl Figure {
    /// Its name in fragments.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.kind, self.key.replace('_', "-"))
    }

    /// For a page that has the style sheets.
    pub(crate) fn inline(&self) -> String {
        self.element("", 0.0, "")
    }

    /// For a file of its own.
    pub(crate) fn standalone(&self) -> String {
        let start = format!(
            "<style>{}{}{}</style>\n<rect class=\"paper\" x=\"-{MARGIN}\" y=\"-{MARGIN}\" \
             width=\"{}\" height=\"{}\"/>\n",
            style::variables(),
            style::rules(),
            self.rules,
            WIDTH + 2.0 * MARGIN,
            self.height + 2.0 * MARGIN
        );
        self.element(" xmlns=\"http://www.w3.org/2000/svg\"", MARGIN, &start)
    }

    fn element(&self, namespace: &str, margin: f64, start: &str) -> String {
        let (width, height) = (WIDTH + 2.0 * margin, self.height + 2.0 * margin);
        let (origin, id, kind) = (0.0 - margin, self.id(), self.kind);
        format!(
            "<svg{namespace} class=\"chart {kind}\" role=\"img\" width=\"{width}\" \
             height=\"{height}\" viewBox=\"{origin} {origin} {width} {height}\" \
             aria-labelledby=\"{id}-title {id}-desc\">\n\
             <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n{start}{}\
             </svg>\n",
            Escaped(&self.title),
            Escaped(&self.caption),
            self.svg.body()
        )
    }
}

//! A chart with all that belongs to it.

use super::svg::{Escaped, Svg};
use super::{ChartName, style};

/// Width of every chart \[px\].
pub(crate) const WIDTH: f64 = 820.0;
/// Margin around a standalone chart \[px\].
const MARGIN: f64 = 16.0;

/// A drawn chart, its words and its numbers.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    pub(crate) name: ChartName,
    /// What it shows, in a few words.
    pub(crate) title: String,
    /// What to see in it, for everyone.
    pub(crate) caption: String,
    /// What it looks like, for those who do not see it.
    pub(crate) description: String,
    /// Height \[px\].
    pub(crate) height: f64,
    pub(crate) svg: Svg,
    pub(crate) numbers: Numbers,
}

/// The numbers of a chart as a table; the first column heads its row.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    pub(crate) caption: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Drawing {
    /// For a page that has the style sheet and its own margins.
    pub(crate) fn inline(&self) -> String {
        self.element("", 0.0, "")
    }

    /// For a file of its own.
    pub(crate) fn standalone(&self) -> String {
        self.file(&format!("{}{}", style::variables(), style::rules()))
    }

    /// The same in the light theme and in fonts of this family, for a rasteriser.
    #[cfg(feature = "png")]
    pub(crate) fn flat(&self, family: &str) -> String {
        self.file(&style::flat_rules(&super::palette::LIGHT, family))
    }

    fn file(&self, css: &str) -> String {
        let start = format!(
            "<style>{css}</style>\n<rect class=\"paper\" x=\"-{MARGIN}\" y=\"-{MARGIN}\" \
             width=\"{}\" height=\"{}\"/>\n",
            WIDTH + 2.0 * MARGIN,
            self.height + 2.0 * MARGIN
        );
        self.element(" xmlns=\"http://www.w3.org/2000/svg\"", MARGIN, &start)
    }

    fn element(&self, namespace: &str, margin: f64, start: &str) -> String {
        let key = self.name.key();
        let (width, height) = (WIDTH + 2.0 * margin, self.height + 2.0 * margin);
        // Without this, no margin would be printed as -0.
        let origin = 0.0 - margin;
        format!(
            "<svg{namespace} class=\"chart\" role=\"img\" width=\"{width}\" \
             height=\"{height}\" viewBox=\"{origin} {origin} {width} {height}\" \
             aria-labelledby=\"{key}-title {key}-desc\">\n\
             <title id=\"{key}-title\">{}</title>\n<desc id=\"{key}-desc\">{}</desc>\n{start}{}\
             </svg>\n",
            Escaped(&self.title),
            Escaped(&self.description),
            self.svg.body()
        )
    }
}

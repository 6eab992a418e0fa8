//! A chart with all that belongs to it.

use super::svg::{Escaped, Svg};
use super::{ChartName, style};

/// Width of every chart \[px\].
pub(crate) const WIDTH: f64 = 820.0;

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
    /// For a page that has the style sheet.
    pub(crate) fn inline(&self) -> String {
        self.element("", "")
    }

    /// For a file of its own.
    pub(crate) fn standalone(&self) -> String {
        let style = format!("<style>{}{}</style>\n", style::variables(), style::rules());
        let paper = format!(
            "<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n",
            height = self.height
        );
        let namespace = " xmlns=\"http://www.w3.org/2000/svg\"";
        self.element(namespace, &format!("{style}{paper}"))
    }

    fn element(&self, attributes: &str, start: &str) -> String {
        let (key, height) = (self.name.key(), self.height);
        format!(
            "<svg{attributes} class=\"chart\" role=\"img\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" aria-labelledby=\"{key}-title {key}-desc\">\n\
             <title id=\"{key}-title\">{}</title>\n<desc id=\"{key}-desc\">{}</desc>\n{start}{}\
             </svg>\n",
            Escaped(&self.title),
            Escaped(&self.description),
            self.svg.body()
        )
    }
}

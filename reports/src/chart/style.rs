//! The style sheet of the charts.

use std::fmt::Write;

use super::palette::{DARK, DASHES, LIGHT, Theme};

/// The colours of both themes as CSS variables. Paper is printed light.
pub(crate) fn variables() -> String {
    format!(
        ":root{{color-scheme:light dark;{}}}\n\
         @media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        declared(&LIGHT),
        declared(&DARK)
    )
}

fn declared(theme: &Theme) -> String {
    theme.colours.iter().fold(String::new(), |mut css, (name, colour)| {
        let _ = write!(css, "--{name}:{colour};");
        css
    })
}

/// The rules that the charts' classes stand for.
pub(crate) fn rules() -> String {
    let mut css = String::from(
        ".chart text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;\
         font-size:13px;font-variant-numeric:tabular-nums;fill:var(--ink);unicode-bidi:isolate}\n\
         .chart .muted{fill:var(--muted);font-size:12px}\n\
         .chart .small{fill:var(--muted);font-size:11px}\n\
         .chart .strong{font-weight:600}\n\
         .chart .paper{fill:var(--paper)}\n\
         .chart .grid{stroke:var(--rule);stroke-width:1}\n\
         .chart .axis{stroke:var(--muted);stroke-width:1}\n\
         .chart .bound{stroke:var(--ink);stroke-width:1.25;stroke-dasharray:6 4;fill:none}\n\
         .chart .track{fill:var(--rule)}\n\
         .chart .bar{fill:var(--s6)}\n\
         .chart .bar.best,.chart .answered{fill:var(--s0)}\n\
         .chart .halo{stroke:var(--paper);stroke-width:3.5;fill:none}\n\
         .chart .whisker{stroke:var(--ink);stroke-width:1.25;fill:none}\n\
         .chart .hatch{stroke:var(--throttled);stroke-width:2.2}\n\
         .chart .edge{stroke:var(--throttled);stroke-width:1;fill:none}\n\
         .chart .beyond{fill:var(--throttled)}\n\
         .chart .dots{fill:none;stroke:var(--s6);stroke-width:7;stroke-linecap:round;\
         stroke-opacity:.6}\n\
         .chart .dots.best{stroke:var(--s0)}\n\
         .chart .collapsed{fill:none;stroke:var(--throttled);stroke-width:1.75}\n\
         .chart .mean{stroke:var(--ink);stroke-width:2}\n\
         .chart .front{fill:var(--s0);stroke:var(--s0);stroke-width:2}\n\
         .chart .near{fill:var(--paper);stroke:var(--s0);stroke-width:2}\n\
         .chart .behind{fill:var(--paper);stroke:var(--s6);stroke-width:2}\n\
         .chart .out{fill:none;stroke:var(--s6);stroke-width:2}\n\
         .chart .reach{stroke:var(--s6);stroke-width:1;fill:none}\n\
         .chart .line{fill:none;stroke-width:1.75;stroke-linejoin:round}\n",
    );
    for index in 0..DASHES.len() {
        let _ = writeln!(css, ".chart .s{index}{{stroke:var(--s{index})}}");
    }
    for (index, dash) in DASHES.iter().enumerate() {
        let _ = writeln!(css, ".chart .d{index}{{stroke-dasharray:{dash}}}");
    }
    // The best is solid, whatever its place in the list.
    css.push_str(".chart .line.best{stroke-width:3.25;stroke-dasharray:none}\n");
    css
}

/// The rules with the colours of one theme and the fonts that are at hand, for what
/// reads neither variables nor media queries.
#[cfg(feature = "png")]
pub(crate) fn flat_rules(theme: &Theme, family: &str) -> String {
    let rules = theme
        .colours
        .iter()
        .fold(rules(), |css, (name, colour)| css.replace(&format!("var(--{name})"), colour));
    let (before, rest) = rules.split_once("font-family:").expect("texts have a font");
    let (_, after) = rest.split_once(';').expect("a declaration ends");
    format!("{before}font-family:\"{family}\";{after}")
}

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
        ".chart text{font:13px system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;\
         font-variant-numeric:tabular-nums;fill:var(--ink);unicode-bidi:isolate}\n\
         .chart .muted{fill:var(--muted);font-size:12px}\n\
         .chart .strong{font-weight:600}\n\
         .chart .paper{fill:var(--paper)}\n\
         .chart .grid{stroke:var(--rule);stroke-width:1}\n\
         .chart .axis{stroke:var(--muted);stroke-width:1}\n\
         .chart .bound{stroke:var(--ink);stroke-width:1.25;stroke-dasharray:6 4;fill:none}\n\
         .chart .bar{fill:var(--s6)}\n\
         .chart .bar.best,.chart .answered{fill:var(--s0)}\n\
         .chart .whisker{stroke:var(--ink);stroke-width:1.25;fill:none}\n\
         .chart .hatch{stroke:var(--throttled);stroke-width:2.2}\n\
         .chart .edge{stroke:var(--throttled);stroke-width:1;fill:none}\n\
         .chart .beyond{fill:var(--throttled)}\n\
         .chart .line{fill:none;stroke-width:1.75;stroke-linejoin:round}\n\
         .chart .line.best{stroke-width:3}\n",
    );
    for (index, dash) in DASHES.iter().enumerate() {
        let _ = writeln!(css, ".chart .s{index}{{stroke:var(--s{index});stroke-dasharray:{dash}}}");
    }
    css
}

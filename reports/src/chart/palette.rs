//! Colours for light and dark, and dashes so that colour is never the only cue.
//!
//! The series are those of Okabe and Ito, "Color Universal Design" (2002), which
//! people with any colour vision tell apart, darkened for white paper until each
//! has a contrast of at least 3:1 (WCAG 2.2, criterion 1.4.11); ink, muted and
//! accent have at least 4.5:1 on paper and on panel (criterion 1.4.3). A test
//! holds both.

/// Every colour of a report in one theme.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    /// Variable names and colours, the same names in each theme.
    pub(crate) colours: [(&'static str, &'static str); 17],
}

/// On white.
pub(crate) const LIGHT: Theme = Theme {
    colours: [
        ("paper", "#ffffff"),
        ("panel", "#f5f6f7"),
        ("ink", "#1b2026"),
        ("muted", "#59636e"),
        ("rule", "#dde1e5"),
        ("accent", "#0a5c93"),
        ("better", "#1a6b3c"),
        ("worse", "#a33a0b"),
        ("throttled", "#c9480a"),
        ("s0", "#0072b2"),
        ("s1", "#c4500a"),
        ("s2", "#00805e"),
        ("s3", "#a8487f"),
        ("s4", "#8f6a00"),
        ("s5", "#2b86b8"),
        ("s6", "#68717c"),
        ("s7", "#1b2026"),
    ],
};

/// On near-black.
pub(crate) const DARK: Theme = Theme {
    colours: [
        ("paper", "#15181c"),
        ("panel", "#1e2227"),
        ("ink", "#e6e9ec"),
        ("muted", "#a2abb5"),
        ("rule", "#343a42"),
        ("accent", "#7fc1ee"),
        ("better", "#6fcf97"),
        ("worse", "#f2a27a"),
        ("throttled", "#f0803c"),
        ("s0", "#56b4e9"),
        ("s1", "#f0803c"),
        ("s2", "#1fb88f"),
        ("s3", "#dc92bd"),
        ("s4", "#e6b422"),
        ("s5", "#a5d8f5"),
        ("s6", "#98a2ad"),
        ("s7", "#f2f4f6"),
    ],
};

/// One dash pattern a series; the first is solid.
pub(crate) const DASHES: [&str; 8] =
    ["none", "8 3", "2 3", "10 3 2 3", "5 3", "1 2.5", "12 3 2 3 2 3", "4 2 1 2"];

#[cfg(test)]
mod tests {
    use super::{DARK, LIGHT, Theme};

    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn colour(theme: &Theme, name: &str) -> f64 {
        luminance(theme.colours.iter().find(|(key, _)| *key == name).unwrap().1)
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(a: f64, b: f64) -> f64 {
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_line_has_contrast_in_both_themes() {
        for theme in [LIGHT, DARK] {
            for (name, _) in theme.colours.iter().filter(|(name, _)| name.starts_with('s')) {
                let ratio = contrast(colour(&theme, name), colour(&theme, "paper"));
                assert!(ratio >= 3.0, "{name}: {ratio:.2}");
            }
        }
    }

    #[test]
    fn both_themes_name_the_same_colours() {
        let names = |theme: Theme| theme.colours.map(|(name, _)| name);
        assert_eq!(names(LIGHT), names(DARK));
    }
}

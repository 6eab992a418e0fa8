//! How wide a text is, without a font.

/// The size that names are fitted at \[px\]: they are drawn at 13, and the best one in
/// bold, which is a tenth wider.
pub(crate) const NAME: f64 = 14.3;

/// Estimated width of `text` at `size` px \[px\].
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|character| size * ems(character)).sum()
}

/// Width of a character in ems, of `DejaVu Sans` and rounded up: the widest of the fonts
/// that browsers take for their own. Full for what may be an ideograph.
fn ems(character: char) -> f64 {
    match character {
        ' ' | '\u{a0}' => 0.32,
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | 'I' => 0.34,
        '-' | '(' | ')' | '/' | 'f' | 'r' | 't' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' => 1.0,
        'A'..='Z' => 0.75,
        _ if character.is_ascii() => 0.64,
        _ => 1.0,
    }
}

/// `text`, shortened in its middle to `room` px at `size` px: names of one family
/// differ at their ends.
pub(crate) fn fitted(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let ellipsis = width("…", size);
    let tail: Vec<char> = within(text.chars().rev(), size, (room - ellipsis) / 3.0);
    let head: Vec<char> = within(text.chars(), size, (room - ellipsis) * 2.0 / 3.0);
    head.into_iter().chain(['…']).chain(tail.into_iter().rev()).collect()
}

/// As many of `characters` as have room.
fn within(characters: impl Iterator<Item = char>, size: f64, room: f64) -> Vec<char> {
    let mut used = 0.0;
    characters
        .take_while(|character| {
            used += size * ems(*character);
            used <= room
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{fitted, width};

    #[test]
    fn a_fitted_text_fits() {
        for text in ["short", "a-policy-with-quite-a-long-name", "限流策略限流策略限流策略"]
        {
            assert!(width(&fitted(text, 13.0, 120.0), 13.0) <= 121.0, "{text}");
        }
        assert_eq!(fitted("short", 13.0, 120.0), "short");
    }
}

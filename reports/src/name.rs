//! Names and texts of others, made fit to print.
//!
//! A scenario or a policy may come from anyone. Escaping is the business of
//! each format; here goes what no format escapes: control characters (a terminal
//! obeys them, HTML and XML forbid them) and those that reorder text, with which
//! a name can pretend to be another ("Trojan Source", CVE-2021-42574).

/// Longest name that is shown, in characters. The JSON keeps it whole.
const LONGEST: usize = 48;

/// `name` in one line of at most 48 characters; `unnamed` if nothing is left.
pub(crate) fn shown(name: &str) -> String {
    let clean =
        name.chars().map(|character| if obeyed(character) { '\u{fffd}' } else { character });
    let words: String = clean.collect();
    let name = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        0 => "unnamed".to_owned(),
        count if count <= LONGEST => name,
        count => {
            // Names of one family differ at their ends: `aimd-0.5`, `aimd-0.7`.
            let tail = LONGEST / 3;
            let head = name.chars().take(LONGEST - 1 - tail);
            head.chain(['…']).chain(name.chars().skip(count - tail)).collect()
        }
    }
}

/// `text` of several lines, without the characters that nothing should obey.
pub(crate) fn printable(text: &str) -> String {
    let unix = text.replace("\r\n", "\n");
    unix.chars()
        .map(|character| match character {
            '\n' | '\t' => character,
            _ if obeyed(character) => '\u{fffd}',
            _ => character,
        })
        .collect()
}

fn obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}' | '\u{2029}')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(character, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::{printable, shown};

    #[test]
    fn a_name_can_neither_command_nor_reorder() {
        assert_eq!(shown("a\u{1b}[31mb\u{202e}c"), "a\u{fffd}[31mb\u{fffd}c");
    }

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!(shown(&"x".repeat(10_000)).chars().count(), 48);
        assert!(shown(&format!("{}-0.7", "x".repeat(60))).ends_with("xx-0.7"));
        assert_eq!(shown(" two  words "), "two words");
        assert_eq!(shown(""), "unnamed");
    }

    #[test]
    fn a_text_keeps_its_lines() {
        assert_eq!(printable("a\r\n\tb\0"), "a\n\tb\u{fffd}");
    }
}

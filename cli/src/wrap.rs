//! Text in the width of a terminal.

/// The narrowest terminal that is written for.
pub(crate) const WIDTH: usize = 80;

/// `text` in lines no wider than a terminal, if its words are: the first after `first`, the
/// others after `rest`.
pub(crate) fn wrapped(text: &str, first: &str, rest: &str) -> String {
    let mut lines = String::from(first);
    let mut width = first.chars().count();
    let mut is_start = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if !is_start && width + 1 + length > WIDTH {
            lines.extend(["\n", rest]);
            width = rest.chars().count();
            is_start = true;
        }
        if !is_start {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
        is_start = false;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_indented() {
        let text = wrapped(&"abcdefghi ".repeat(10), "- ", "  ");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("- abc") && lines[1].starts_with("  abc"));
        assert!(lines.iter().all(|line| line.len() <= WIDTH && !line.ends_with(' ')));
        let long = "x".repeat(100);
        assert_eq!(wrapped(&long, "", ""), format!("{long}\n"));
    }
}

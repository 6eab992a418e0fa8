//! Text in the width of a terminal.

/// The narrowest terminal that is written for.
pub(crate) const WIDTH: usize = 80;

/// `text` in lines no wider than a terminal, if its words are: the first after `first`, the
/// others after `rest`.
///
/// A number stays with what it counts: `40 ms`.
pub(crate) fn wrapped(text: &str, first: &str, rest: &str) -> String {
    let mut lines = String::from(first);
    let mut width = first.chars().count();
    let mut is_start = true;
    for words in chunks(text) {
        let length = words.iter().map(|word| word.chars().count() + 1).sum::<usize>() - 1;
        if !is_start && width + 1 + length > WIDTH {
            lines.extend(["\n", rest]);
            width = rest.chars().count();
            is_start = true;
        }
        if !is_start {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(&words.join(" "));
        width += length;
        is_start = false;
    }
    lines.push('\n');
    lines
}

/// The words between which a line may be broken.
fn chunks(text: &str) -> Vec<Vec<&str>> {
    let mut chunks: Vec<Vec<&str>> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let counts = |before: &str| before.ends_with(|last: char| last.is_ascii_digit());
        let is_counted = word.starts_with(char::is_alphabetic);
        match chunks.last_mut() {
            Some(chunk) if is_counted && chunk.last().is_some_and(|last| counts(last)) => {
                chunk.push(word);
            }
            _ => chunks.push(vec![word]),
        }
    }
    chunks
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

    #[test]
    fn a_number_stays_with_its_unit() {
        let text = format!("{} since 4.988 s, and more", "x".repeat(WIDTH - 12));
        let wrapped = wrapped(&text, "", "");
        assert!(wrapped.ends_with(" since\n4.988 s, and more\n"), "{wrapped}");
    }
}

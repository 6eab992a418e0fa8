//! Words as one types them in a shell.

/// `words` as one line, quoted where a POSIX shell needs it.
pub(crate) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(quote).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_split_or_expand_is_quoted() {
        let line = quoted(["forbear", "--set", "a.b=5/s", "it's $HOME", ""]);
        assert_eq!(line, r"forbear --set a.b=5/s 'it'\''s $HOME' ''");
    }
}

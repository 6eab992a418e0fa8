//! The word that was probably meant.

/// The candidate nearest to `wrong`, if any is near.
///
/// Near is at most one edit in three characters (a swap counts as one, case and
/// dashes do not count), or a word that holds the other as a part: `attempts`
/// for `max_attempts`. The first of equals wins.
pub(crate) fn nearest<'a>(wrong: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let wrong = folded(wrong);
    let distance = |word: &str| strsim::osa_distance(&wrong, &folded(word));
    let by_edits = candidates
        .iter()
        .map(|word| (distance(word), *word))
        .min_by_key(|(edits, _)| *edits)
        .filter(|(edits, word)| edits * 3 <= wrong.chars().count().max(word.chars().count()));
    by_edits.map(|(_, word)| word).or_else(|| {
        candidates.iter().copied().find(|word| is_part(&wrong, word) || is_part(word, &wrong))
    })
}

fn is_part(part: &str, whole: &str) -> bool {
    part.len() >= 3 && whole.contains(part)
}

/// In the spelling of the policy file: `maxAttempts` and `max-attempts` are
/// `max_attempts`.
fn folded(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for character in word.chars().take(80) {
        if character.is_uppercase() && !folded.is_empty() {
            folded.push('_');
        }
        folded.extend(character.to_lowercase().map(|c| if c == '-' { '_' } else { c }));
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_the_word_and_strangers_do_not() {
        let keys = ["max_attempts", "deadline", "backoff", "budget", "hint"];
        for (wrong, right) in [
            ("max_atempts", "max_attempts"),
            ("maxAttempts", "max_attempts"),
            ("max-attempts", "max_attempts"),
            ("attempts", "max_attempts"),
            ("bcakoff", "backoff"),
            ("hints", "hint"),
            ("hnit", "hint"),
        ] {
            assert_eq!(nearest(wrong, &keys), Some(right), "{wrong}");
        }
        for stranger in ["colour", "x", "", "limit"] {
            assert_eq!(nearest(stranger, &keys), None, "{stranger}");
        }
    }
}

//! The threshold between what was let in and what was refused.

/// A threshold, and how often it is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Threshold {
    /// What is let in is no more than this.
    pub(super) at: u128,
    /// The least that was refused above it: anything below would part as well.
    pub(super) below: Option<u128>,
    /// Requests on the wrong side.
    pub(super) wrong: usize,
}

/// The threshold with the fewest on the wrong side: `let_in` should be no more than it,
/// and `refused` more. Of several the smallest, since what was let in shows what is
/// allowed, and nothing shows that more is.
pub(super) fn threshold(mut let_in: Vec<u128>, mut refused: Vec<u128>) -> Threshold {
    let_in.sort_unstable();
    refused.sort_unstable();
    let mut best = Threshold { at: 0, below: None, wrong: usize::MAX };
    let mut refused_within = 0;
    for (index, &at) in let_in.iter().enumerate() {
        if let_in.get(index + 1) == Some(&at) {
            continue;
        }
        while refused.get(refused_within).is_some_and(|&level| level <= at) {
            refused_within += 1;
        }
        let wrong = let_in.len() - index - 1 + refused_within;
        if wrong < best.wrong {
            best = Threshold { at, below: refused.get(refused_within).copied(), wrong };
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_told_apart_is() {
        let found = |at, below, wrong| Threshold { at, below, wrong };
        assert_eq!(threshold(vec![1, 4, 2], vec![5, 9]), found(4, Some(5), 0));
        assert_eq!(threshold(vec![1, 4, 7], vec![5, 6, 9]), found(4, Some(5), 1));
        assert_eq!(threshold(vec![3, 3], vec![]), found(3, None, 0));
        assert_eq!(threshold(vec![], vec![5]).wrong, usize::MAX);
    }
}

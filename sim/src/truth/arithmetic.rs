//! Formulas that several kinds share, with `libm` for the same digits everywhere.

/// `base^exponent`.
pub(super) fn power(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

/// Pairs of `n` things.
pub(super) fn pairs(n: f64) -> f64 {
    n * (n - 1.0) / 2.0
}

/// Erlang's B: the share that is lost with `servers` and without a queue.
///
/// By the recursion `B(c) = a B(c - 1) / (c + a B(c - 1))`, which overflows nowhere.
pub(super) fn erlang_b(erlangs: f64, servers: u32) -> f64 {
    (1..=servers).fold(1.0, |lost, servers| {
        let carried = erlangs * lost;
        carried / (f64::from(servers) + carried)
    })
}

/// Mean and variance of the attempts of a call that fails with probability `p` at
/// each, up to `most`: the truncated geometric law.
///
/// From `P(attempts > j) = p^j`: the mean is the sum of it, the mean square the sum of
/// `(2 j + 1) p^j`.
pub(super) fn truncated_geometric(p: f64, most: f64) -> (f64, f64) {
    let (mut mean, mut square, mut tail, mut j) = (0.0, 0.0, 1.0, 0.0);
    while j < most && tail > 1e-30 {
        mean += tail;
        square += (2.0 * j + 1.0) * tail;
        tail *= p;
        j += 1.0;
    }
    (mean, (square - mean * mean).max(0.0))
}

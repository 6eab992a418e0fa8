//! What a law finds.

use alloc::string::String;
use core::cell::Cell;
use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// A law that an implementation broke, and the smallest input that shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BrokenLaw {
    law: &'static str,
    how: String,
}

impl BrokenLaw {
    /// `law` does not hold, as `how` shows.
    #[must_use]
    pub const fn new(law: &'static str, how: String) -> Self {
        Self { law, how }
    }

    /// Which law, in words.
    #[must_use]
    pub const fn law(&self) -> &'static str {
        self.law
    }
}

impl fmt::Display for BrokenLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken law: {}: {}", self.law, self.how)
    }
}

impl core::error::Error for BrokenLaw {}

/// Inputs that are tried for each law. The generators put an edge into every
/// second one, so more of them find little more.
const CASES: u32 = 256;

/// Tries `holds` on generated values; a panic breaks the law as an error does.
///
/// Seeded, and without a file of past failures: a law is run from other crates,
/// in which nothing may be written.
pub(super) fn for_all<S: Strategy>(
    law: &'static str,
    values: &S,
    holds: impl Fn(S::Value) -> Result<(), String>,
) -> Result<(), BrokenLaw> {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    // ChaCha, the default, is most of the time of a law where nothing is optimized.
    let rng = TestRng::from_seed(RngAlgorithm::XorShift, b"forbear-core law");
    TestRunner::new_with_rng(config, rng)
        .run(values, |value| holds(value).map_err(TestCaseError::fail))
        .map_err(|error| match error {
            TestError::Fail(how, value) => {
                let input = alloc::format!("{value:#?}");
                // Once more, now that proptest hides no panic: it says in which line it is.
                let again = catch_unwind(AssertUnwindSafe(|| holds(value)));
                let what = if again.is_err() { "it panics: " } else { "" };
                BrokenLaw::new(law, alloc::format!("{what}{how}\nsmallest input: {input}"))
            }
            TestError::Abort(why) => BrokenLaw::new(law, alloc::format!("no input: {why}")),
        })
}

/// A broken law, told by `how`, unless `law` holds.
pub(super) fn holds(law: bool, how: impl FnOnce() -> String) -> Result<(), String> {
    if law { Ok(()) } else { Err(how()) }
}

/// The same for several laws on the same values: each failure names its law.
pub(super) fn for_all_laws<S: Strategy>(
    values: &S,
    holds: impl Fn(S::Value) -> Result<(), BrokenLaw>,
) -> Result<(), BrokenLaw> {
    const PANIC: &str = "nothing makes it panic";
    let last = Cell::new(PANIC);
    let named = |value| {
        // What panics leaves this behind.
        let before = last.replace(PANIC);
        let held = holds(value);
        last.set(held.as_ref().map_or_else(|broken| broken.law, |()| before));
        held.map_err(|broken| broken.how)
    };
    // Shrinking may end with an input that breaks another law than the first.
    for_all("", values, named).map_err(|broken| BrokenLaw { law: last.get(), ..broken })
}

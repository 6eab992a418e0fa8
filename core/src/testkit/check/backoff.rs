//! The laws of [`BackoffStrategy`].

use alloc::boxed::Box;
use alloc::format;
use core::time::Duration;

use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

use crate::backoff::Limits;
use crate::testkit::any::{number, retry};
use crate::testkit::broken_law::{BrokenLaw, for_all, holds};
use crate::{BackoffStrategy, Entropy, Retry, SplitMix64};

/// Draws that are compared when spread is looked for. A fair coin that falls the
/// same way this often is one in 2^63.
const DRAWS: u64 = 64;

/// Below this a share of a delay may be less than the nanosecond in which delays
/// are counted.
const TOO_SHORT_TO_SPREAD: Duration = Duration::from_micros(1);

/// Tries every law of [`BackoffStrategy`] on the values that `make` makes.
///
/// # Errors
///
/// The first law that is broken.
pub fn backoff<B: BackoffStrategy>(make: impl Fn() -> B) -> Result<(), BrokenLaw> {
    every_law(&|| Box::new(make()))
}

/// Makes strategies of whatever type.
type Make<'a, 'b> = &'a dyn Fn() -> Box<dyn BackoffStrategy + 'b>;

fn every_law(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    never_panics(make)?;
    is_deterministic(make)?;
    keeps_its_limits(make)?;
    if make().is_jittered() {
        is_jittered_as_it_says(make)?;
        has_spread(make)
    } else {
        draws_nothing(make)
    }
}

/// Tries whether delays never shrink as retries go on, given the same draw: a
/// schedule that wraps at the 64th doubling breaks this.
///
/// # Errors
///
/// If one does.
pub fn growing_backoff<B: BackoffStrategy>(make: impl Fn() -> B) -> Result<(), BrokenLaw> {
    never_shrinks(&|| Box::new(make()))
}

fn never_shrinks(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    for_all("delays never shrink", &(number(), number(), any::<u64>()), |(one, other, seed)| {
        let strategy = make();
        let (sooner, later) = (one.min(other).get(), one.max(other).get());
        let delay = |number| strategy.delay(&Retry::nth(number), &mut SplitMix64::new(seed));
        let (short, long) = (delay(sooner), delay(later));
        holds(short <= long, || {
            format!("{short:?} before retry {sooner}, {long:?} before retry {later}")
        })
    })
}

/// Tries whether no delay is shorter than the server's hint.
///
/// # Errors
///
/// If one is.
pub fn hint_floor<B: BackoffStrategy>(make: impl Fn() -> B) -> Result<(), BrokenLaw> {
    heeds_the_hint(&|| Box::new(make()))
}

fn heeds_the_hint(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    for_all("no delay is shorter than the hint", &(retry(), any::<u64>()), |(retry, seed)| {
        let delay = make().delay(&retry, &mut SplitMix64::new(seed));
        let hint = retry.hint.unwrap_or_default();
        holds(delay >= hint, || format!("{delay:?} after a hint of {hint:?}"))
    })
}

fn never_panics(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    for_all("nothing panics", &(retry(), entropy()), |(retry, mut entropy)| {
        let strategy = make();
        let _ = (strategy.delay(&retry, &mut entropy), strategy.limits(&retry));
        Ok(())
    })
}

fn is_deterministic(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    let law = "the same retry and the same entropy give the same delay";
    for_all(law, &(retry(), any::<u64>()), |(retry, seed)| {
        let strategy = make();
        let delay =
            |strategy: &dyn BackoffStrategy| strategy.delay(&retry, &mut SplitMix64::new(seed));
        let (first, second, other) = (delay(&*strategy), delay(&*strategy), delay(&*make()));
        holds(first == second && first == other, || {
            format!("{first:?}, {second:?}, and {other:?} from another value")
        })
    })
}

fn keeps_its_limits(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    for_all("every delay is within the limits", &(retry(), entropy()), |(retry, mut entropy)| {
        let strategy = make();
        let Limits { min, max } = strategy.limits(&retry);
        let delay = strategy.delay(&retry, &mut entropy);
        holds(min <= delay && delay <= max, || {
            format!("{delay:?} is not within {min:?} and {max:?}")
        })
    })
}

fn draws_nothing(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    let law = "a strategy that is not jittered draws no entropy";
    for_all(law, &retry(), |retry| {
        let mut entropy = Counted::new(0);
        make().delay(&retry, &mut entropy);
        holds(entropy.draws == 0, || format!("it drew {} words", entropy.draws))
    })
}

fn is_jittered_as_it_says(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    let law = "a strategy that is jittered gives more than one delay";
    let strategy = make();
    let varies = (1..=64).any(|number| {
        let retry = Retry::nth(number);
        let first = strategy.delay(&retry, &mut SplitMix64::new(0));
        (1..DRAWS).any(|seed| strategy.delay(&retry, &mut SplitMix64::new(seed)) != first)
    });
    holds(varies, || "each of the first 64 retries has one delay only".into())
        .map_err(|how| BrokenLaw::new(law, how))
}

fn has_spread(make: Make<'_, '_>) -> Result<(), BrokenLaw> {
    let law = "what is drawn has spread, at the cap too";
    for_all(law, &(retry(), any::<u64>()), |(retry, seed)| {
        let strategy = make();
        let mut first = Counted::new(seed);
        let delay = strategy.delay(&retry, &mut first);
        let is_shortest = delay <= strategy.limits(&retry).min.max(TOO_SHORT_TO_SPREAD);
        if first.draws == 0 || is_shortest {
            return Ok(());
        }
        let mut seeds = SplitMix64::new(seed);
        let same = |_| strategy.delay(&retry, &mut SplitMix64::new(seeds.next_u64())) == delay;
        let spread = !(0..DRAWS).all(same);
        holds(spread, || format!("{DRAWS} draws are all {delay:?}"))
    })
}

/// Entropy of which half is at an end of its range, where arithmetic breaks.
fn entropy() -> impl Strategy<Value = Edges> {
    prop_oneof![
        Just(Edges::Constant(0)),
        Just(Edges::Constant(u64::MAX)),
        any::<u64>().prop_map(|seed| Edges::Random(SplitMix64::new(seed)))
    ]
}

#[derive(Clone, Debug)]
enum Edges {
    Constant(u64),
    Random(SplitMix64),
}

impl Entropy for Edges {
    fn next_u64(&mut self) -> u64 {
        match self {
            Self::Constant(word) => *word,
            Self::Random(stream) => stream.next_u64(),
        }
    }
}

/// Entropy that counts how often it is asked.
#[derive(Debug)]
struct Counted {
    stream: SplitMix64,
    draws: u64,
}

impl Counted {
    const fn new(seed: u64) -> Self {
        Self { stream: SplitMix64::new(seed), draws: 0 }
    }
}

impl Entropy for Counted {
    fn next_u64(&mut self) -> u64 {
        self.draws += 1;
        self.stream.next_u64()
    }
}

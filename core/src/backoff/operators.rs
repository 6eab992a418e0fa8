//! `a + b` for delays.
//!
//! A blanket `impl Add for B: BackoffStrategy` breaks the orphan rule, so the
//! operator is given to the types of this crate one by one; others have
//! [`plus`](super::BackoffStrategy::plus).

use core::ops::Add;

use super::{
    AbsoluteJitter, BackoffStrategy, BoundedJitter, Capped, Chain, Constant, DecorrelatedJitter,
    DecorrelatedJitterV2, EqualJitter, Exponential, ExponentialDecay, Fibonacci, Floored, FromFn,
    FullJitter, HintFloor, Hinted, Linear, Polynomial, ProportionalJitter, Schedule, Steps, Sum,
    Uniform,
};

macro_rules! add {
    ($($name:ident $(<$($param:ident),+>)?),* $(,)?) => {$(
        impl<R: BackoffStrategy $(, $($param),+)?> Add<R>
            for $name $(<$($param),+>)?
        {
            type Output = Sum<Self, R>;

            fn add(self, other: R) -> Self::Output {
                Sum::new(self, other)
            }
        }
    )*};
}

add! {
    AbsoluteJitter<B>,
    BoundedJitter<B>,
    Capped<B>,
    Chain<A, B>,
    Constant,
    DecorrelatedJitter,
    DecorrelatedJitterV2,
    EqualJitter<B>,
    Exponential,
    ExponentialDecay,
    Fibonacci,
    Floored<B>,
    FromFn<F>,
    FullJitter<B>,
    HintFloor<B>,
    Hinted<B>,
    Linear,
    Polynomial,
    ProportionalJitter<B>,
    Schedule,
    Steps,
    Sum<A, B>,
    Uniform,
}

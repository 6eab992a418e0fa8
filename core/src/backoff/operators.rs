//! `a + b` for delays.
//!
//! A blanket `impl Add for B: BackoffStrategy` breaks the orphan rule, so the
//! operator is given to the types of this crate one by one; others have
//! [`plus`](super::BackoffStrategy::plus).

use core::ops::Add;

use super::{
    BackoffStrategy, Capped, Chain, Constant, DecorrelatedJitter, EqualJitter, Exponential,
    FullJitter, HintFloor, Sum,
};

macro_rules! add {
    ($($name:ident $(<$($param:ident),+>)?),* $(,)?) => {$(
        impl<R: BackoffStrategy $(, $($param: BackoffStrategy),+)?> Add<R>
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
    Capped<B>,
    Chain<A, B>,
    Constant,
    DecorrelatedJitter,
    EqualJitter<B>,
    Exponential,
    FullJitter<B>,
    HintFloor<B>,
    Sum<A, B>,
}

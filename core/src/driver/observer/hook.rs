//! Observers of one moment, made of a closure.

use super::Observer;
use crate::GiveUp;
use crate::driver::{Attempts, Wait};

macro_rules! hooks {
    ($($(#[$doc:meta])* $name:ident => $method:ident($($argument:ident: $type:ty)?);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<F>(pub(in crate::driver) F);

        impl<F: Fn(&Attempts $(, $type)?)> Observer for $name<F> {
            fn $method(&self, call: &Attempts $(, $argument: $type)?) {
                (self.0)(call $(, $argument)?);
            }
        }
    )*};
}

hooks! {
    /// A closure that is told before each send.
    BeforeSend => before_send();
    /// A closure that is told before each wait.
    BeforeWait => before_wait(wait: &Wait);
    /// A closure that is told of a success.
    OnSuccess => on_success();
    /// A closure that is told of a give-up.
    OnGiveUp => on_give_up(why: GiveUp);
}

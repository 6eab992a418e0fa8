//! Answers that were recorded, given once more.
//!
//! A server would have answered otherwise to other requests; to the same ones it answers
//! as it did. So an attempt is answered as it was recorded as long as it and all before it
//! of its call come when the recorded ones did. From the first that does not, the call is
//! the business of the model.

use crate::scenario::Answer;
use crate::storm::Storm;

/// Which calls go on as they were recorded.
#[derive(Debug)]
pub(super) struct Repeating {
    /// By call.
    differs: Vec<bool>,
    /// Attempts that were answered as recorded.
    pub(super) repeated: u64,
}

impl Repeating {
    /// `None` where no answers were recorded.
    pub(super) fn new(storm: &Storm) -> Option<Box<Self>> {
        let all = || Box::new(Self { differs: vec![false; storm.calls() as usize], repeated: 0 });
        storm.has_answers().then(all)
    }

    /// What attempt `attempt` of `call` was answered that reaches the server `now`, if it
    /// goes on as recorded.
    pub(super) fn answer(
        &mut self,
        storm: &Storm,
        now: u64,
        call: u32,
        attempt: u32,
    ) -> Option<Answer> {
        let differs = self.differs.get_mut(call as usize)?;
        let answer = storm.answer(now, call, attempt).filter(|_| !*differs);
        *differs = answer.is_none();
        self.repeated += u64::from(answer.is_some());
        answer
    }
}

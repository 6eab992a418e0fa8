//! What a task waits for.

use super::Ticket;

/// The timer of a task and its turn, or the answer to it.
///
/// 16 bytes for all of it, since a task waits for one or the other: what is said of the
/// one is forgotten when the other begins.
///
/// A timer that is reset leaves its event in the queue, and is told from it by the
/// generation. The next task in the same place goes on counting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// What the timer was set to, before the granularity of the clock, or [`NEVER`]; of an
    /// attempt under way the time on the way back, and once the answer is under way the
    /// wait that it asks for, with [`NEVER`] for none. In ns.
    time: u64,
    /// The ticket, or 0; of an answer its status and [`TELLS_USAGE`].
    detail: u32,
    /// [`FOR_ANSWER`], [`WOKEN`], and above them the generation of the timer.
    marks: u32,
}

/// What is under way to a client, but for the windows that it tells of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    /// 0 if the client stops waiting.
    pub(crate) status: u16,
    /// The wait that it asks for, in ns.
    pub(crate) retry_after_ns: Option<u64>,
    /// Whether it says what the request used.
    pub(crate) tells_usage: bool,
}

/// No timer, and no wait.
const NEVER: u64 = u64::MAX;
/// Beside a status, which has 16 bits.
const TELLS_USAGE: u32 = 1 << 16;
/// It waits for an answer, and for no turn.
const FOR_ANSWER: u32 = 1;
/// It is in the run queue.
const WOKEN: u32 = 2;
/// One generation; there are 2^30 before they repeat.
const GENERATION: u32 = 4;

impl Wait {
    /// Without a timer, a ticket and an answer.
    pub(crate) const fn new() -> Self {
        Self { time: NEVER, detail: 0, marks: 0 }
    }

    /// The same for the next task, in the place of `self`.
    pub(super) const fn next(self) -> Self {
        let marks = self.marks & !(FOR_ANSWER | WOKEN);
        Self { marks, ..Self::new() }
    }

    /// For nothing any more, in place of whatever it was; a task that was woken still is.
    pub(super) const fn forget(&mut self) {
        (self.time, self.detail) = (NEVER, 0);
        self.marks &= !FOR_ANSWER;
    }

    const fn is_for_answer(&self) -> bool {
        self.marks & FOR_ANSWER != 0
    }

    /// What the timer is set to, if it is yet to go off, in ns.
    pub(crate) const fn deadline(&self) -> Option<u64> {
        if self.is_for_answer() || self.time == NEVER { None } else { Some(self.time) }
    }

    /// Sets the timer to `deadline`; returns the generation of the event to schedule, or
    /// `None` if it was set to that already.
    pub(crate) fn set(&mut self, deadline: u64) -> Option<u32> {
        debug_assert!(!self.is_for_answer(), "an attempt is timed by its answer");
        if self.time == deadline {
            return None;
        }
        self.marks = self.marks.wrapping_add(GENERATION);
        self.time = deadline;
        Some(self.marks / GENERATION)
    }

    /// Drops the timer.
    pub(crate) fn clear(&mut self) {
        debug_assert!(!self.is_for_answer(), "an attempt is timed by its answer");
        self.time = NEVER;
    }

    /// An event of `generation` comes; whether it is this timer that goes off.
    pub(crate) const fn goes_off(&mut self, generation: u32) -> bool {
        let mine = self.deadline().is_some() && self.marks / GENERATION == generation;
        if mine {
            self.time = NEVER;
        }
        mine
    }

    /// Its place in the line, if it stands there.
    pub(crate) fn ticket(&self) -> Option<Ticket> {
        if self.is_for_answer() { None } else { Ticket::from_number(self.detail) }
    }

    /// Stands in line.
    pub(crate) fn stand(&mut self, ticket: Ticket) {
        debug_assert!(!self.is_for_answer(), "who is on its way stands in no line");
        self.detail = ticket.number();
    }

    /// Leaves the line.
    pub(crate) fn leave(&mut self) -> Option<Ticket> {
        let ticket = self.ticket()?;
        self.detail = 0;
        Some(ticket)
    }

    /// An attempt is under way, or the next exchange of one, and takes `back` ns on the way
    /// back.
    pub(crate) fn send(&mut self, back: u64) {
        debug_assert!(self.ticket().is_none(), "who is sent has left the line");
        (self.time, self.detail) = (back, 0);
        self.marks |= FOR_ANSWER;
    }

    /// The time on the way back of the attempt under way, in ns.
    pub(crate) fn back(&self) -> u64 {
        debug_assert!(self.is_for_answer(), "something is under way");
        self.time
    }

    /// The answer is under way.
    pub(crate) fn answer(&mut self, answer: Answer) {
        debug_assert!(self.is_for_answer(), "an attempt is answered");
        self.time = answer.retry_after_ns.map_or(NEVER, |wait| wait.min(NEVER - 1));
        self.detail = u32::from(answer.status);
        if answer.tells_usage {
            self.detail |= TELLS_USAGE;
        }
    }

    /// Has the answer, and waits for none any more.
    pub(crate) fn take_answer(&mut self) -> Answer {
        debug_assert!(self.is_for_answer(), "an answer is taken once");
        let answer = Answer {
            #[expect(clippy::cast_possible_truncation, reason = "the status is below its flag")]
            status: (self.detail % TELLS_USAGE) as u16,
            retry_after_ns: Some(self.time).filter(|&wait| wait != NEVER),
            tells_usage: self.detail & TELLS_USAGE != 0,
        };
        self.forget();
        answer
    }

    /// Whether it is in the run queue.
    pub(crate) const fn is_woken(&self) -> bool {
        self.marks & WOKEN != 0
    }

    /// Is put into the run queue, or taken from it.
    pub(crate) const fn set_woken(&mut self, is_woken: bool) {
        self.marks = if is_woken { self.marks | WOKEN } else { self.marks & !WOKEN };
    }
}

const _: () = assert!(size_of::<Wait>() == 16);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_goes_off_once_and_only_as_it_was_set_last() {
        let mut wait = Wait::new();
        let first = wait.set(7).unwrap();
        assert_eq!(wait.set(7), None);
        let second = wait.set(9).unwrap();
        assert_eq!(wait.deadline(), Some(9));
        assert!(!wait.goes_off(first));
        assert!(wait.goes_off(second) && !wait.goes_off(second));
        assert_eq!(wait.deadline(), None);
        let third = wait.set(9).unwrap();
        wait.clear();
        assert!(!wait.goes_off(third));
    }

    #[test]
    fn generations_go_on_in_the_next_task_and_past_the_last() {
        let mut wait = Wait { marks: !0, ..Wait::new() }.next();
        assert!(!wait.is_woken());
        assert_eq!(wait.set(1), Some(0));
        let old = wait;
        wait = wait.next();
        assert_eq!(wait.deadline(), None);
        assert_eq!(wait.set(1), Some(1));
        assert_eq!(old.deadline(), Some(1));
    }

    #[test]
    fn who_is_on_its_way_has_no_timer_and_no_ticket_and_comes_back_with_an_answer() {
        let answers = [
            Answer { status: 0, retry_after_ns: None, tells_usage: false },
            Answer { status: 429, retry_after_ns: Some(0), tells_usage: true },
            Answer { status: u16::MAX, retry_after_ns: Some(NEVER - 1), tells_usage: true },
        ];
        for answer in answers {
            let mut wait = Wait::new();
            let generation = wait.set(5).unwrap();
            wait.set_woken(true);
            wait.send(3);
            assert_eq!((wait.back(), wait.deadline(), wait.ticket()), (3, None, None));
            assert!(!wait.goes_off(generation));
            wait.answer(answer);
            assert_eq!(wait.take_answer(), answer);
            assert_eq!((wait.deadline(), wait.ticket()), (None, None));
            assert!(wait.is_woken());
        }
    }
}

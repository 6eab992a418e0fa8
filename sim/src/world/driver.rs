//! What a task of the production driver does when it is polled.
//!
//! Kept in the shape of `forbear-core`'s `driver/shared.rs` and `driver/tokio.rs`,
//! so that the two can be read side by side. Waking a task that is in the run
//! queue already does nothing there, nor here: a second poll could find another
//! state and send in another order.

use forbear_core::{Action, GiveUp, Timestamp, WaitReason};

use super::World;
use super::event::Event;
use super::wire::{WIRE_CHECKED_EVERY, check_reply};
use crate::fact::{Fact, Instant};

/// What became of a poll.
enum Poll {
    /// It waits for a timer, for another call, or for its answer.
    Waits,
    /// Its call is over.
    Over(Result<(), GiveUp>),
}

impl World<'_> {
    /// Polls the task of `call`, and then those that follow it in the same caller.
    pub(super) fn drive(&mut self, call: u32) {
        let mut call = call;
        while let Poll::Over(end) = self.poll(call) {
            self.end(call, end);
            let Some(next) = self.next_call(call) else { return };
            self.begin(next);
            call = next;
        }
    }

    /// The answer to a send: into the engine, and on with the call.
    pub(super) fn answer(&mut self, call: u32, attempt: u32) {
        let now = self.queue.now();
        // After a restart there may be nobody who waits.
        let Some(task) = self.tasks.get_mut(call) else { return };
        if !task.awaits(attempt) {
            debug_assert!(attempt <= task.forgotten, "an answer belongs to the last send");
            return;
        }
        let reply = task.reply;
        let client = &mut self.clients[task.client as usize];
        reply.observe_into(&mut self.seen);
        client.engine.complete_with(Timestamp::from_nanos(now), &mut task.call, &self.seen);
        if cfg!(debug_assertions)
            && self.dates.is_none()
            && self.tally.answers.is_multiple_of(WIRE_CHECKED_EVERY)
        {
            check_reply(&reply, self.seen);
        }
        // What was really asked, and not what a clock that is off made of it.
        let asked_until = match &self.dates {
            Some(dates) => dates.asked_until(call),
            None => reply.retry_after_ns.map(|wait| now.saturating_add(wait)),
        };
        if let Some(until) = asked_until {
            client.asked_to_wait_until = client.asked_to_wait_until.max(until);
        }
        let head = client.line.head();
        self.tally.answered(now, call, reply.status);
        let (outcome, status) = (self.seen.outcome, reply.status);
        if let Some(probe) = &mut self.probe {
            probe.answered(Instant { event: self.events + 1, at: now }, call, attempt, &self.seen);
        }
        self.note(Fact::Answered {
            call,
            attempt,
            status,
            outcome,
            asked_ns: reply.retry_after_ns,
        });
        self.wake(head);
        self.drive(call);
    }

    /// `Attempts::poll_permit`.
    fn poll(&mut self, call: u32) -> Poll {
        let now = Timestamp::from_nanos(self.queue.now());
        let task = &mut self.tasks[call];
        if let Some(end) = task.call.end() {
            return Poll::Over(end);
        }
        let client = &mut self.clients[task.client as usize];
        if let Some(time) = task.call.not_before()
            && now < time
        {
            // It backs off, and joins the line when that is over.
            let reason = task.call.waits_for().unwrap_or(WaitReason::Backoff);
            return self.wait(call, Some(time), reason, true);
        }
        let line = &mut client.line;
        let first = task.ticket.map_or_else(|| line.is_empty(), |place| line.is_head(place));
        let deadline = client.engine.deadline(&task.call);
        // Behind others, only the deadline can end the wait.
        let (wait, reason, is_named) = if !first && deadline.is_none_or(|at| now < at) {
            (deadline, WaitReason::Line, false)
        } else {
            match client.engine.poll(now, &mut task.call) {
                Action::Send => {
                    self.note(Fact::Permitted { call });
                    self.leave_line(call);
                    self.send(call);
                    return Poll::Waits;
                }
                Action::Finish(end) => {
                    self.leave_line(call);
                    return Poll::Over(end);
                }
                Action::SleepUntil(time, reason) => (Some(time), reason, true),
                Action::Park { until, reason } => (until, reason, false),
            }
        };
        if task.ticket.is_none() {
            task.ticket = Some(client.line.join(call));
        }
        self.wait(call, wait, reason, is_named)
    }

    /// Drops the timer and the place of a call that waits no longer, and wakes who
    /// is the head then.
    fn leave_line(&mut self, call: u32) {
        let task = &mut self.tasks[call];
        task.timer.clear();
        let Some(place) = task.ticket.take() else { return };
        let line = &mut self.clients[task.client as usize].line;
        let was_head = line.is_head(place);
        line.leave(place);
        let head = line.head().filter(|_| was_head);
        self.wake(head);
    }

    /// Sets the timer of a task; without a time it keeps the one that it has, as the
    /// production driver does.
    ///
    /// `is_named` says whether the wait is over then, or only given up.
    fn wait(
        &mut self,
        call: u32,
        until: Option<Timestamp>,
        reason: WaitReason,
        is_named: bool,
    ) -> Poll {
        if self.probe.is_some() {
            self.note_wait(call, until, reason, is_named);
        }
        if let Some(until) = until {
            let fires_at = self.fires_at(until.as_nanos());
            let timer = &mut self.tasks[call].timer;
            if let Some(generation) = timer.set(until.as_nanos(), fires_at) {
                self.queue.schedule(fires_at, Event::Timer { call, generation });
            }
        }
        Poll::Waits
    }

    /// Tells those that look on what `call` waits for.
    fn note_wait(
        &mut self,
        call: u32,
        timer: Option<Timestamp>,
        reason: WaitReason,
        is_named: bool,
    ) {
        let line = &self.clients[self.storm.calls[call as usize].client as usize].line;
        let place = self.tasks[call].ticket;
        let ahead = place.map_or(0, |place| line.ahead_of(place));
        let (until, gives_up_at) = if is_named { (timer, None) } else { (None, timer) };
        self.note(Fact::Waits { call, until, gives_up_at, reason, ahead });
    }

    /// Puts a task into the run queue, unless it is there.
    fn wake(&mut self, call: Option<u32>) {
        let Some(call) = call else { return };
        let task = &mut self.tasks[call];
        if !task.woken && task.timer.fires_at != Some(self.queue.now()) {
            task.woken = true;
            self.queue.schedule(self.queue.now(), Event::Wake { call });
        }
    }

    /// A call is over.
    fn end(&mut self, call: u32, end: Result<(), GiveUp>) {
        let now = self.queue.now();
        let task = &self.tasks[call];
        self.clients[task.client as usize].succeeded += u32::from(end.is_ok());
        let (sends, took) = (task.attempt(), now - task.arrived_at);
        self.tally.ended(now, call, sends, took, end.is_ok());
        self.note(Fact::Ended { call, end });
        self.tasks.close(call);
    }

    /// Ends what the horizon cut off.
    pub(super) fn give_up_the_rest(&mut self) {
        let at = Timestamp::from_nanos(self.horizon);
        for call in self.tasks.calls().collect::<Vec<_>>() {
            let task = &mut self.tasks[call];
            self.cut_off += u64::from(task.call.is_in_flight());
            self.clients[task.client as usize].engine.abandon(at, &mut task.call);
            let (sends, took) = (task.attempt(), self.horizon - task.arrived_at);
            self.tally.ended(self.horizon, call, sends, took, false);
            if let Some(probe) = &mut self.probe {
                let when = Instant { event: self.events, at: self.horizon };
                probe.note(when, Fact::CutOff { call });
            }
            self.tasks.close(call);
        }
    }
}

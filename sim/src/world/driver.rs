//! What a task of the production driver does when it is polled.
//!
//! Kept in the shape of `forbear-core`'s `driver/shared.rs` and `driver/tokio.rs`,
//! so that the two can be read side by side. Waking a task that is in the run
//! queue already does nothing there, nor here: a second poll could find another
//! state and send in another order.

use forbear_core::{Action, GiveUp, Timestamp};

use super::World;
use super::check::{WIRE_CHECKED_EVERY, check_reply};
use super::event::Event;

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
        let task = &mut self.tasks[call as usize];
        if !task.awaits(attempt) {
            // Its client restarted, and there is nobody who waits.
            debug_assert!(attempt <= task.forgotten, "an answer belongs to the last send");
            return;
        }
        let reply = task.reply;
        let client = self.storm.calls[call as usize].client as usize;
        let client = &mut self.clients[client];
        reply.observe_into(&mut self.seen);
        client.engine.complete_with(Timestamp::from_nanos(now), &mut task.call, &self.seen);
        if cfg!(debug_assertions) && self.tally.answers.is_multiple_of(WIRE_CHECKED_EVERY) {
            check_reply(&reply, self.seen);
        }
        if let Some(wait) = reply.retry_after_ns {
            client.asked_to_wait_until = client.asked_to_wait_until.max(now.saturating_add(wait));
        }
        let head = client.line.head();
        self.tally.answered(now, call, reply.status);
        self.wake(head);
        self.drive(call);
    }

    /// `Attempts::poll_permit`.
    fn poll(&mut self, call: u32) -> Poll {
        let now = Timestamp::from_nanos(self.queue.now());
        let task = &mut self.tasks[call as usize];
        if let Some(end) = task.call.end() {
            return Poll::Over(end);
        }
        let client = &mut self.clients[self.storm.calls[call as usize].client as usize];
        if let Some(time) = task.call.not_before()
            && now < time
        {
            // It backs off, and joins the line when that is over.
            return self.wait(call, Some(time));
        }
        let line = &mut client.line;
        let first = task.ticket.map_or_else(|| line.is_empty(), |place| line.is_head(place));
        let deadline = client.engine.deadline(&task.call);
        // Behind others, only the deadline can end the wait.
        let wait = if !first && deadline.is_none_or(|at| now < at) {
            deadline
        } else {
            match client.engine.poll(now, &mut task.call) {
                Action::Send => {
                    self.leave_line(call);
                    self.send(call);
                    return Poll::Waits;
                }
                Action::Finish(end) => {
                    self.leave_line(call);
                    return Poll::Over(end);
                }
                Action::SleepUntil(time, _) => Some(time),
                Action::Park { until, .. } => until,
            }
        };
        if task.ticket.is_none() {
            task.ticket = Some(client.line.join(call));
        }
        self.wait(call, wait)
    }

    /// Drops the timer and the place of a call that waits no longer, and wakes who
    /// is the head then.
    fn leave_line(&mut self, call: u32) {
        let task = &mut self.tasks[call as usize];
        task.timer.clear();
        let Some(place) = task.ticket.take() else { return };
        let line = &mut self.clients[self.storm.calls[call as usize].client as usize].line;
        let was_head = line.is_head(place);
        line.leave(place);
        let head = line.head().filter(|_| was_head);
        self.wake(head);
    }

    /// Sets the timer of a task; without a time it keeps the one that it has, as the
    /// production driver does.
    fn wait(&mut self, call: u32, until: Option<Timestamp>) -> Poll {
        if let Some(until) = until {
            let fires_at = self.fires_at(until.as_nanos());
            let timer = &mut self.tasks[call as usize].timer;
            if let Some(generation) = timer.set(until.as_nanos(), fires_at) {
                self.queue.schedule(fires_at, Event::Timer { call, generation });
            }
        }
        Poll::Waits
    }

    /// Puts a task into the run queue, unless it is there.
    fn wake(&mut self, call: Option<u32>) {
        let Some(call) = call else { return };
        let task = &mut self.tasks[call as usize];
        if !task.woken && task.timer.fires_at != Some(self.queue.now()) {
            task.woken = true;
            self.queue.schedule(self.queue.now(), Event::Wake { call });
        }
    }

    /// A call is over.
    fn end(&mut self, call: u32, end: Result<(), GiveUp>) {
        let now = self.queue.now();
        let planned = &self.storm.calls[call as usize];
        self.clients[planned.client as usize].succeeded += u32::from(end.is_ok());
        let task = &mut self.tasks[call as usize];
        debug_assert!(!task.is_over, "a call ended twice");
        task.is_over = true;
        let (sends, took) = (task.attempt(), now - task.arrived_at);
        self.tally.ended(now, call, sends, took, end.is_ok());
    }

    /// Ends what the horizon cut off.
    pub(super) fn give_up_the_rest(&mut self) {
        let at = Timestamp::from_nanos(self.horizon);
        for call in 0..self.tasks.len() {
            let task = &mut self.tasks[call];
            if task.arrived_at == u64::MAX || task.is_over {
                continue;
            }
            task.is_over = true;
            self.cut_off += u64::from(task.call.is_in_flight());
            let client = self.storm.calls[call].client as usize;
            self.clients[client].engine.abandon(at, &mut task.call);
            let (sends, took) = (task.attempt(), self.horizon - task.arrived_at);
            let number = u32::try_from(call).unwrap_or(u32::MAX);
            self.tally.ended(self.horizon, number, sends, took, false);
        }
    }
}

//! What a task of the production driver does when it is polled.
//!
//! Kept in the shape of `forbear-core`'s `driver/shared.rs` and `driver/tokio.rs`,
//! so that the two can be read side by side. Waking a task that is in the run
//! queue already does nothing there, nor here: a second poll could find another
//! state and send in another order.

use forbear_core::{Action, Call, GiveUp, Timestamp, WaitReason};

use super::event::Event;
use super::wire::{WIRE_CHECKED_EVERY, check_reply};
use super::{Ongoing, World};
use crate::client::Line;
use crate::fact::{Fact, Instant};
use crate::scenario::nanos;
use crate::server::Reply;

/// What became of a poll.
enum Poll {
    /// It waits for a timer, for another call, or for its answer.
    Waits,
    /// Its call is over.
    Over(Result<(), GiveUp>),
}

impl World<'_> {
    /// Polls the task of a call, and then those that follow it in the same caller.
    pub(super) fn drive(&mut self, ongoing: Ongoing) {
        let poll = self.poll(ongoing);
        self.follow(ongoing, poll);
    }

    /// Goes on after a poll.
    fn follow(&mut self, ongoing: Ongoing, poll: Poll) {
        let (mut ongoing, mut poll) = (ongoing, poll);
        while let Poll::Over(end) = poll {
            self.end(ongoing, end);
            let Some(next) = self.next_call(ongoing) else { return };
            self.begin(next);
            ongoing = next;
            poll = self.poll(ongoing);
        }
    }

    /// The answer to a send: into the engine, and on with the call.
    pub(super) fn answer(&mut self, sender: Ongoing, attempt: u32) {
        let now = self.queue.now();
        let Ongoing { client: number, call, place } = sender;
        // After a restart there may be nobody who waits.
        let task = self.population.task(place);
        if !task.awaits(call, attempt) {
            let is_old = !task.is_of(call) || attempt <= task.forgotten;
            debug_assert!(is_old, "an answer belongs to the last send");
            return;
        }
        let gate = self.scenario.gate(number);
        let own_stop = self.own_stop(gate, sender);
        let reply = self.take_reply(sender);
        let (reserved, actual) = self.storm.costs(call);
        reply.observe_into(&mut self.seen);
        if reply.status == Reply::TIMED_OUT {
            self.seen.timed_out_after = self.cut_off_after(number);
        }
        let (client, task) = self.population.pair_mut(gate, place);
        let mut resumed = Call::resumed(*reserved, task.progress);
        if let Some(stop) = own_stop {
            resumed = resumed.with_stop(stop);
        }
        client.engine.complete_with(Timestamp::from_nanos(now), &mut resumed, &self.seen);
        let end = resumed.end();
        task.progress = resumed.progress().unwrap_or(task.progress);
        if cfg!(debug_assertions) {
            debug_assert!(reply.used().is_none_or(|used| used == *actual));
            if self.dates.is_none() && self.tally.answers.is_multiple_of(WIRE_CHECKED_EVERY) {
                check_reply(&reply, self.seen);
            }
        }
        // What was really asked, and not what a clock that is off made of it.
        let asked_until = match &self.dates {
            Some(dates) => dates.asked_until(call),
            None => reply.retry_after_ns.map(|wait| now.saturating_add(wait)),
        };
        if let Some(until) = asked_until {
            client.asked_to_wait_until = client.asked_to_wait_until.max(until);
        }
        let head = client.head();
        self.tally.answered(now, call, reply.status);
        let (outcome, status) = (self.seen.outcome, reply.status);
        if let Some(probe) = &mut self.probe {
            probe.answered(Instant { event: self.events + 1, at: now }, call, attempt, &self.seen);
        }
        let asked_ns = reply.retry_after_ns;
        let cut_off_after_ns = self.seen.timed_out_after.map(nanos);
        self.note(Fact::Answered { call, attempt, status, outcome, asked_ns, cut_off_after_ns });
        self.settle(gate, sender, end.is_some());
        self.wake(head);
        let poll = end.map_or_else(|| self.poll(sender), Poll::Over);
        self.follow(sender, poll);
    }

    /// `Attempts::poll_permit`, of a call that is neither in flight nor over.
    fn poll(&mut self, ongoing: Ongoing) -> Poll {
        let now = Timestamp::from_nanos(self.queue.now());
        let gate = self.scenario.gate(ongoing.client);
        if self.has_queue(gate) {
            let end = self.poll_queued(gate, ongoing);
            return end.map_or(Poll::Waits, |why| Poll::Over(Err(why)));
        }
        let (client, task) = self.population.pair_mut(gate, ongoing.place);
        if let Some(time) = task.progress.not_before()
            && now < time
        {
            // It backs off, and joins the line when that is over.
            let reason = task.progress.waits_for().unwrap_or(WaitReason::Backoff);
            return self.wait(ongoing, Some(time), reason, true);
        }
        let first = match (task.wait.ticket(), client.line()) {
            (None, line) => line.is_none_or(Line::is_empty),
            (Some(place), line) => line.is_some_and(|line| line.is_head(place)),
        };
        let (reserved, _) = self.storm.costs(ongoing.call);
        let mut call = Call::resumed(*reserved, task.progress);
        // Behind others, only the deadline can end the wait.
        let deadline = if first { None } else { client.engine.deadline(&call) };
        let (wait, reason, is_named) = if !first && deadline.is_none_or(|at| now < at) {
            (deadline, WaitReason::Line, false)
        } else {
            let action = client.engine.poll(now, &mut call);
            task.progress = call.progress().unwrap_or(task.progress);
            match action {
                Action::Send => {
                    self.note(Fact::Permitted { call: ongoing.call });
                    self.leave_line(ongoing);
                    self.send(ongoing);
                    return Poll::Waits;
                }
                Action::Finish(end) => {
                    self.leave_line(ongoing);
                    return Poll::Over(end);
                }
                Action::SleepUntil(time, reason) => (Some(time), reason, true),
                Action::Park { until, reason } => (until, reason, false),
            }
        };
        if task.wait.ticket().is_none() {
            task.wait.stand(client.line_mut().join(ongoing.place));
        }
        self.wait(ongoing, wait, reason, is_named)
    }

    /// Drops the timer and the place of a call that waits no longer, and wakes who
    /// is the head then.
    fn leave_line(&mut self, ongoing: Ongoing) {
        let gate = self.scenario.gate(ongoing.client);
        let (client, task) = self.population.pair_mut(gate, ongoing.place);
        task.wait.clear();
        let Some(ticket) = task.wait.leave() else { return };
        let line = client.line_mut();
        let was_head = line.is_head(ticket);
        line.leave(ticket);
        let head = line.head().filter(|_| was_head);
        self.wake(head);
    }

    /// Sets the timer of a task; without a time it keeps the one that it has, as the
    /// production driver does.
    ///
    /// `is_named` says whether the wait is over then, or only given up.
    fn wait(
        &mut self,
        ongoing: Ongoing,
        until: Option<Timestamp>,
        reason: WaitReason,
        is_named: bool,
    ) -> Poll {
        if self.probe.is_some() {
            self.note_wait(ongoing, until, reason, is_named);
        }
        if let Some(until) = until {
            let place = ongoing.place;
            let wait = &mut self.population.task_mut(place).wait;
            if let Some(generation) = wait.set(until.as_nanos()) {
                let fires_at = self.fires_at(until.as_nanos());
                self.queue.schedule(fires_at, Event::Timer { place, generation });
            }
        }
        Poll::Waits
    }

    /// Tells those that look on what a call waits for.
    fn note_wait(
        &mut self,
        ongoing: Ongoing,
        timer: Option<Timestamp>,
        reason: WaitReason,
        is_named: bool,
    ) {
        let line = self.population.client(self.scenario.gate(ongoing.client)).line();
        let place = self.population.task(ongoing.place).wait.ticket();
        let ahead = line.zip(place).map_or(0, |(line, place)| line.ahead_of(place));
        let (until, gives_up_at) = if is_named { (timer, None) } else { (None, timer) };
        self.note(Fact::Waits { call: ongoing.call, until, gives_up_at, reason, ahead });
    }

    /// Puts the task at a place into the run queue, unless it is there.
    pub(super) fn wake(&mut self, place: Option<u32>) {
        let Some(place) = place else { return };
        let now = self.queue.now();
        let task = self.population.task(place);
        let fires_at = task.wait.deadline().map(|deadline| self.fires_at(deadline));
        if !task.wait.is_woken() && fires_at != Some(now) {
            let call = task.call();
            self.population.task_mut(place).wait.set_woken(true);
            self.queue.schedule(now, Event::Wake { place, call });
        }
    }

    /// A call is over.
    fn end(&mut self, ongoing: Ongoing, end: Result<(), GiveUp>) {
        let now = self.queue.now();
        let call = ongoing.call;
        let (client, task) = self.population.pair_mut(ongoing.client, ongoing.place);
        client.succeeded += u32::from(end.is_ok());
        let (sends, took) = (task.attempt(), now - task.arrived_at);
        self.tally.ended(now, call, sends, took, end.is_ok());
        self.tally.left(ongoing.client, sends);
        self.note(Fact::Ended { call, end });
        self.population.close(ongoing.place);
    }

    /// Ends what the horizon cut off.
    pub(super) fn give_up_the_rest(&mut self) {
        let at = Timestamp::from_nanos(self.horizon);
        let ended = self.tally.succeeded + self.tally.failed;
        self.tally.cut_off = u64::from(self.storm.calls()).saturating_sub(ended);
        for place in self.population.places() {
            let call = self.population.task(place).call();
            let Ongoing { client: number, .. } = self.ongoing(place, call);
            let (client, task) = self.population.pair_mut(self.scenario.gate(number), place);
            self.cut_off += u64::from(task.progress.is_in_flight());
            let (reserved, _) = self.storm.costs(call);
            client.engine.abandon(at, &mut Call::resumed(*reserved, task.progress));
            let (sends, took) = (task.attempt(), self.horizon - task.arrived_at);
            self.tally.ended(self.horizon, call, sends, took, false);
            self.tally.left(number, sends);
            if let Some(probe) = &mut self.probe {
                let when = Instant { event: self.events, at: self.horizon };
                probe.note(when, Fact::CutOff { call });
            }
            self.population.close(place);
        }
    }
}

//! A request on its way, and its answer on the way back.

use std::time::Duration;

use forbear_core::Timestamp;

use super::event::Event;
use super::{Ongoing, World};
use crate::client::Answer;
use crate::fact::Fact;
use crate::scenario::Exchange;
use crate::server::{Cause, Reply, Told};
use crate::trace::Sent;

/// The windows that answers under way tell of, by the places of their tasks.
///
/// Most servers tell of none, so they are not in the tasks.
#[derive(Debug, Default)]
pub(super) struct Windows(Vec<Option<Box<Told>>>);

impl World<'_> {
    /// A request leaves a client.
    pub(super) fn send(&mut self, sender: Ongoing) {
        let (now, storm) = (self.queue.now(), self.storm);
        let Ongoing { client: number, call, place } = sender;
        let (client, task) = self.population.pair_mut(self.scenario.gate(number), place);
        let attempt = task.attempt();
        let sent = Sent { at: Timestamp::from_nanos(now), client: number, call, attempt };
        self.tally.sent(sent, now < client.asked_to_wait_until, task.arrived_at);
        let luck = storm.luck(number, call, attempt);
        let (there, back) = self.network.sample(luck, Exchange::Request);
        task.wait.send(back);
        let arrives_at = now.saturating_add(there);
        self.note(Fact::Sent { call, attempt });
        self.queue.schedule(arrives_at, Event::Arrive { place, call, attempt });
        let waits_until = self.waits_until(sender);
        if waits_until < arrives_at {
            self.time_out(sender, attempt, waits_until);
        }
    }

    /// A request reaches the server.
    pub(super) fn reach_server(&mut self, sender: Ongoing, attempt: u32) {
        let (now, storm) = (self.queue.now(), self.storm);
        let call = sender.call;
        let request = storm.request(sender.client, call, attempt);
        let repeating = self.repeating.as_mut();
        let recorded = repeating.and_then(|all| all.answer(storm, now, call, attempt));
        let handling = match recorded {
            Some(answer) => self.server.repeat(now, &request, &answer),
            None => self.server.arrive(now, &request),
        };
        if self.probe.is_some() {
            let limit = match handling.cause {
                Cause::Limit { index, .. } => Some(self.server.limit_state(now, index)),
                _ => None,
            };
            self.note(Fact::Decided {
                call,
                attempt,
                status: handling.reply.status,
                cause: handling.cause,
                limit,
                leaves_at: handling.leaves_at,
                is_lost: handling.is_lost,
            });
        }
        if handling.holds {
            self.queue.schedule(handling.leaves_at, Event::Leave { call });
        }
        if handling.is_lost {
            self.tally.decided(now, call, handling.reply.status, handling.is_refusal);
            // The client waits in vain.
            if self.is_awaited(sender, attempt) {
                self.time_out(sender, attempt, self.waits_until(sender));
            }
            return;
        }
        if handling.reply.status == 200
            && let Some(version) = self.server.read()
        {
            self.follow_up(sender, attempt, handling.leaves_at, version);
            return;
        }
        self.tally.decided(now, call, handling.reply.status, handling.is_refusal);
        self.reply(sender, attempt, handling.reply, handling.leaves_at);
    }

    /// A row was read, and the client writes it as soon as it has the version.
    fn follow_up(&mut self, sender: Ongoing, attempt: u32, leaves_at: u64, version: u32) {
        let Ongoing { client, call, place } = sender;
        self.tally.read(self.queue.now(), call, version);
        if !self.is_awaited(sender, attempt) {
            return;
        }
        let luck = self.storm.luck(client, call, attempt);
        let (there, back) = self.network.sample(luck, Exchange::Write);
        let task = self.population.task_mut(place);
        let known_at = leaves_at.saturating_add(task.wait.back());
        let written_at = known_at.saturating_add(there);
        task.wait.send(back);
        let waits_until = self.waits_until(sender);
        if known_at <= waits_until {
            self.queue.schedule(written_at, Event::Write { call, attempt, version });
        }
        if waits_until < written_at {
            self.time_out(sender, attempt, waits_until);
        }
    }

    /// A write reaches the server.
    pub(super) fn write(&mut self, call: u32, attempt: u32, version: u32) {
        let now = self.queue.now();
        let client = self.storm.client_of(call);
        let reply = self.server.write(version, &self.storm.request(client, call, attempt));
        self.tally.decided(now, call, reply.status, false);
        self.note(Fact::Written { call, status: reply.status });
        if let Some(place) = self.population.place_of(call) {
            self.reply(Ongoing { client, call, place }, attempt, reply, now);
        }
    }

    /// A reply leaves the server at `leaves_at`.
    fn reply(&mut self, sender: Ongoing, attempt: u32, reply: Reply, leaves_at: u64) {
        if !self.is_awaited(sender, attempt) {
            // The server did its work all the same.
            return;
        }
        let Ongoing { client, call, place } = sender;
        let answered_at = leaves_at.saturating_add(self.population.task(place).wait.back());
        let waits_until = self.waits_until(sender);
        // An answer that comes with the time-out wins, as in Tokio's `timeout`.
        if answered_at > waits_until {
            return self.time_out(sender, attempt, waits_until);
        }
        let mut reply = reply;
        if let Some(dates) = &mut self.dates {
            let times = [self.queue.now(), leaves_at, answered_at];
            reply = dates.read(self.scenario, (client, call), &reply, times);
        }
        self.population.task_mut(place).wait.answer(Answer {
            status: reply.status,
            retry_after_ns: reply.retry_after_ns,
            tells_usage: reply.used().is_some(),
        });
        self.windows.keep(place, reply.take_windows());
        self.queue.schedule(answered_at, Event::Answer { place, call, attempt });
    }

    /// The answer that has come to the client; it is taken once.
    pub(super) fn take_reply(&mut self, sender: Ongoing) -> Reply {
        let answer = self.population.task_mut(sender.place).wait.take_answer();
        let (_, actual) = self.storm.costs(sender.call);
        let usage = answer.tells_usage.then_some(*actual);
        let windows = self.windows.take(sender.place);
        Reply::taken(answer.status, answer.retry_after_ns, usage, windows)
    }

    /// The client waits for this attempt until `at`, in ns, and no longer.
    fn time_out(&mut self, sender: Ongoing, attempt: u32, at: u64) {
        let Ongoing { call, place, .. } = sender;
        let answer = Answer { status: Reply::TIMED_OUT, retry_after_ns: None, tells_usage: false };
        self.population.task_mut(place).wait.answer(answer);
        self.queue.schedule(at, Event::Answer { place, call, attempt });
    }

    /// When the client stops waiting for the attempt under way; the end of time if it does
    /// not, in ns.
    fn waits_until(&self, sender: Ongoing) -> u64 {
        let group = self.storm.group_of(sender.client);
        let Some(timeout) = self.patience[group.number as usize].time() else { return u64::MAX };
        let sent_at = self.population.task(sender.place).progress.sent_at();
        sent_at.map_or(u64::MAX, |at| self.fires_at(at.as_nanos().saturating_add(timeout)))
    }

    /// The time after which the policy of `client` cuts off what has no answer, if it is the
    /// policy that does.
    pub(super) fn cut_off_after(&self, client: u32) -> Option<Duration> {
        self.patience[self.storm.group_of(client).number as usize].cut_off_after()
    }

    /// Whether the client still waits for the answer to this attempt.
    fn is_awaited(&self, sender: Ongoing, attempt: u32) -> bool {
        self.population.task(sender.place).awaits(sender.call, attempt)
            && self.queue.now() <= self.waits_until(sender)
    }
}

impl Windows {
    fn keep(&mut self, place: u32, windows: Option<Box<Told>>) {
        if windows.is_none() && self.0.is_empty() {
            return;
        }
        let place = place as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, None);
        }
        self.0[place] = windows;
    }

    fn take(&mut self, place: u32) -> Option<Box<Told>> {
        self.0.get_mut(place as usize)?.take()
    }
}

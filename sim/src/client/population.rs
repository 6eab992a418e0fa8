//! The clients of a run and the tasks of their calls.

use std::hint::black_box;

use super::{Client, Task};

/// The clients, each with a place for a task of its own.
///
/// Most have one call under way at a time, and its task is then beside the client: one
/// miss of the cache and not two. Further tasks are in places that all share and that are
/// used again. A place is a number: that of the client, or one above those of all clients.
#[derive(Debug)]
pub(crate) struct Population<'a> {
    homes: Vec<Home<'a>>,
    further: Vec<Task>,
    /// Further places that have no task.
    vacant: Vec<u32>,
    /// The place of each call's task, where somebody has to find it by the call.
    index: Option<Vec<u32>>,
}

/// A client with its first task, in three cache lines.
#[derive(Debug)]
#[repr(C, align(64))]
struct Home<'a> {
    client: Client<'a>,
    task: Task,
}

/// The place of a call that has no task.
const NOWHERE: u32 = u32::MAX;

impl<'a> Population<'a> {
    /// These clients, without a call.
    pub(crate) fn new(clients: impl Iterator<Item = Client<'a>>) -> Self {
        let homes = clients.map(|client| Home { client, task: Task::vacant() });
        Self { homes: homes.collect(), further: Vec::new(), vacant: Vec::new(), index: None }
    }

    /// Keeps for all of so many calls where their tasks are; to be said before the first.
    pub(crate) fn keep_index(&mut self, calls: u32) {
        self.index.get_or_insert_with(|| vec![NOWHERE; calls as usize]);
    }

    /// `call` is wanted of `client`; returns the place of its task.
    pub(crate) fn open(&mut self, now: u64, client: u32, call: u32) -> u32 {
        let place = if self.homes[client as usize].task.is_vacant() {
            client
        } else {
            self.vacant.pop().unwrap_or_else(|| {
                self.further.push(Task::vacant());
                // There are fewer calls than numbers.
                u32::try_from(self.homes.len() + self.further.len() - 1).unwrap_or(NOWHERE)
            })
        };
        self.task_mut(place).open(now, call);
        if let Some(index) = &mut self.index {
            debug_assert_eq!(index[call as usize], NOWHERE, "a call begins once");
            index[call as usize] = place;
        }
        place
    }

    /// The call whose task is at `place` has ended.
    pub(crate) fn close(&mut self, place: u32) {
        let call = self.task(place).call();
        self.task_mut(place).close();
        if place as usize >= self.homes.len() {
            self.vacant.push(place);
        }
        if let Some(index) = &mut self.index {
            index[call as usize] = NOWHERE;
        }
    }

    /// Has a client and its task fetched into the cache, if they are at `place`.
    ///
    /// To be said of some at a time: nothing here depends on what is read, so the memory
    /// answers for all of them in the time that one takes, and no event has to wait for it
    /// alone.
    #[inline]
    pub(crate) fn touch(&self, place: u32) {
        if let Some(Home { client, task }) = self.homes.get(place as usize) {
            // Of each of the three lines.
            black_box((client.asked_to_wait_until, client.succeeded, task.call()));
        }
    }

    /// The task at `place`.
    pub(crate) fn task(&self, place: u32) -> &Task {
        match self.homes.get(place as usize) {
            Some(home) => &home.task,
            None => &self.further[place as usize - self.homes.len()],
        }
    }

    /// The task at `place`.
    pub(crate) fn task_mut(&mut self, place: u32) -> &mut Task {
        let homes = self.homes.len();
        match self.homes.get_mut(place as usize) {
            Some(home) => &mut home.task,
            None => &mut self.further[place as usize - homes],
        }
    }

    /// The task at `place` and the client that it is of, or whose process that sends
    /// through.
    pub(crate) fn pair_mut(&mut self, client: u32, place: u32) -> (&mut Client<'a>, &mut Task) {
        let (homes, client, place) = (self.homes.len(), client as usize, place as usize);
        if client == place {
            let home = &mut self.homes[client];
            return (&mut home.client, &mut home.task);
        }
        if place < homes {
            // Of another client, which sends through the process of this one.
            let (before, after) = self.homes.split_at_mut(client.max(place));
            let (low, high) = (&mut before[client.min(place)], &mut after[0]);
            return if client < place {
                (&mut low.client, &mut high.task)
            } else {
                (&mut high.client, &mut low.task)
            };
        }
        (&mut self.homes[client].client, &mut self.further[place - homes])
    }

    /// The client that the task at `place` is of, if it is of a client's own place.
    pub(crate) fn owner(&self, place: u32) -> Option<u32> {
        ((place as usize) < self.homes.len()).then_some(place)
    }

    pub(crate) fn client(&self, number: u32) -> &Client<'a> {
        &self.homes[number as usize].client
    }

    pub(crate) fn client_mut(&mut self, number: u32) -> &mut Client<'a> {
        &mut self.homes[number as usize].client
    }

    /// The clients, in the order of their numbers.
    pub(crate) fn clients(&self) -> impl Iterator<Item = &Client<'a>> {
        self.homes.iter().map(|home| &home.client)
    }

    /// The place of the task of `call`, if it is under way and an index is kept.
    pub(crate) fn place_of(&self, call: u32) -> Option<u32> {
        let place = *self.index.as_ref()?.get(call as usize)?;
        (place != NOWHERE).then_some(place)
    }

    /// Whether no call is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.vacant.len() == self.further.len()
            && self.homes.iter().all(|home| home.task.is_vacant())
    }

    /// The places of all tasks, in the order of their calls.
    pub(crate) fn places(&self) -> Vec<u32> {
        let tasks = self.homes.iter().map(|home| &home.task).chain(&self.further);
        let mut places: Vec<(u32, u32)> = (0..)
            .zip(tasks)
            .filter(|(_, task)| !task.is_vacant())
            .map(|(place, task)| (task.call(), place))
            .collect();
        places.sort_unstable();
        places.into_iter().map(|(_, place)| place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_and_its_call_are_three_cache_lines() {
        assert_eq!(size_of::<Home<'_>>(), 192);
    }
}

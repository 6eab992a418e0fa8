//! What can happen.

/// Something that happens at a time.
///
/// A call whose task is looked for comes with the place where it had one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// A caller has thought and wants a call.
    Begin { client: u32, call: u32 },
    /// A task was woken by another.
    Wake { place: u32, call: u32 },
    /// A client dies and starts anew.
    Restart { client: u32 },
    /// The timer of a task goes off, if it is still of this generation.
    Timer { place: u32, generation: u32 },
    /// The timer of a process' queue goes off, if it is still of this generation.
    Queue { gate: u32, generation: u32 },
    /// A request reaches the server.
    Arrive { place: u32, call: u32, attempt: u32 },
    /// A write reaches the server that names the version of the row it read.
    Write { call: u32, attempt: u32, version: u32 },
    /// The server is done with a request.
    Leave { call: u32 },
    /// A client has its answer, or waits no longer for it.
    Answer { place: u32, call: u32, attempt: u32 },
}

impl Event {
    /// The place of the task that it is about, or that of its client where it has one.
    pub(super) const fn place(&self) -> Option<u32> {
        match *self {
            Self::Wake { place, .. }
            | Self::Timer { place, .. }
            | Self::Arrive { place, .. }
            | Self::Answer { place, .. } => Some(place),
            Self::Begin { client, .. } | Self::Restart { client } => Some(client),
            Self::Queue { gate, .. } => Some(gate),
            Self::Write { .. } | Self::Leave { .. } => None,
        }
    }
}

// With its time it is 24 bytes in the queue.
const _: () = assert!(size_of::<Event>() == 16);

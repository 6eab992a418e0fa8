//! The crowd by hand: what it decides, without a scheduler.

use forbear_core::Entropy;
use forbear_sim::StreamRng;
use serde::{Deserialize, Serialize};

/// 60 virtual seconds, in ns.
pub(crate) const HORIZON: u64 = 60_000_000_000;

const SECOND: u64 = 1_000_000_000;
const LATENCY: u64 = 50_000_000;
const BASE: u64 = 100_000_000;
const MAX: u64 = 10_000_000_000;

/// What a client does next.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) enum Step {
    /// It sends.
    Send,
    /// It has its answer.
    Answer,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Played {
    pub(crate) events: u64,
    pub(crate) sends: u64,
    pub(crate) served: u64,
}

pub(crate) struct Crowd {
    /// The refusals of each client's call so far, and whether its send was admitted.
    clients: Vec<(u32, bool)>,
    /// Each draws from a stream of its own, as the simulator's clients do.
    streams: Vec<StreamRng>,
    /// When the bucket would be empty, one token a `interval`, in ns.
    theoretical: u64,
    interval: u64,
    played: Played,
}

impl Crowd {
    pub(crate) fn new(clients: u32, seed: u64) -> Self {
        let streams = (0..u64::from(clients)).map(|client| StreamRng::new(seed, client)).collect();
        Self {
            clients: vec![(0, false); clients as usize],
            streams,
            theoretical: 0,
            interval: SECOND / u64::from(clients / 10),
            played: Played::default(),
        }
    }

    pub(crate) const fn played(&self) -> Played {
        self.played
    }

    /// How long `client` thinks, in ns.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        clippy::float_arithmetic,
        reason = "53 bits are kept, and what is drawn is at most 37 s"
    )]
    pub(crate) fn think(&mut self, client: u32) -> u64 {
        let unit = (self.draw(client) >> 11) as f64 / (1_u64 << 53) as f64;
        ((-(1.0 - unit).ln() * SECOND as f64) as u64).max(1)
    }

    /// Lets `client` take a step at `now`; when it takes which next.
    pub(crate) fn take(&mut self, now: u64, client: u32, step: Step) -> (u64, Step) {
        self.played.events += 1;
        match step {
            Step::Send => {
                self.played.sends += 1;
                // GCRA with a burst of one second's tokens.
                let admitted = self.theoretical.max(now) + self.interval <= now + SECOND;
                if admitted {
                    self.theoretical = self.theoretical.max(now) + self.interval;
                }
                self.clients[client as usize].1 = admitted;
                (now + LATENCY, Step::Answer)
            }
            Step::Answer => {
                let (refusals, admitted) = self.clients[client as usize];
                if admitted {
                    self.played.served += 1;
                    self.clients[client as usize].0 = 0;
                    return (now + self.think(client), Step::Send);
                }
                self.clients[client as usize].0 = refusals + 1;
                let ceiling = (BASE << refusals.min(30)).min(MAX);
                // Full jitter; nexosim has no event at the time that it is.
                let delay = 1 + self.draw(client) % ceiling;
                (now + delay, Step::Send)
            }
        }
    }

    fn draw(&mut self, client: u32) -> u64 {
        self.streams[client as usize].next_u64()
    }
}

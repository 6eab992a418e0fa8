//! How long a batch will take, and what it will cost.
//!
//! The jobs of the input go through the queue and the limiters of production, under the
//! simulator's virtual clock. A server is assumed that answers after a given time and
//! refuses nothing that the policy permits: what is forecast is how long the policy makes
//! the batch wait. Limits that are learned from answers are unknown before the first.

mod play;

use std::collections::BTreeMap;
use std::time::Duration;

use forbear_core::{Cost, Dimension};

use self::play::Play;
use crate::input::Scan;
use crate::journal::{self, Done};
use crate::{Batch, BatchError};

/// What is assumed of the server.
///
/// Where the journal has jobs that are done, their mean goes before what is assumed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Assumptions {
    /// Time from a request to the end of its answer.
    pub latency: Duration,
    /// What requests really use, of what they are estimated to cost [%].
    pub used_percent: u32,
}

impl Default for Assumptions {
    /// Half a second, and all that is estimated.
    fn default() -> Self {
        Self { latency: Duration::from_millis(500), used_percent: 100 }
    }
}

impl Assumptions {
    /// Answers that take this long, and cost what is estimated.
    #[must_use]
    pub fn latency(latency: Duration) -> Self {
        Self { latency, ..Self::default() }
    }

    /// The same, with requests that use so many percent of what is estimated.
    #[must_use]
    pub const fn using_percent(mut self, used: u32) -> Self {
        self.used_percent = used;
        self
    }
}

/// What is forecast of a batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Forecast {
    /// Requests that are left to send.
    pub jobs: u64,
    /// From the first request to the last answer.
    pub takes: Duration,
    /// What the limits are charged in sum, after what was not used was given back.
    pub cost: BTreeMap<Dimension, u64>,
    /// The most requests in flight at once.
    pub in_flight: u64,
    /// Jobs that the policy can never admit.
    pub refused: u64,
    /// The assumptions that were made.
    pub assumed: Assumptions,
    /// Jobs of the journal whose mean was taken; 0 where there were none.
    pub measured: u64,
}

impl Batch {
    /// Says how long what is left of this batch will take, and what it will cost; sends and
    /// writes nothing.
    ///
    /// # Errors
    ///
    /// If the input cannot be read, or the journal is there and cannot be used.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_batch::{Assumptions, Batch};
    /// use forbear_core::{Policy, limiter::Gcra};
    ///
    /// # let folder = std::env::temp_dir().join(format!("forbear-forecast-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let input = folder.join("requests.jsonl");
    /// std::fs::write(&input, "{\"path\": \"/\"}\n".repeat(121))?;
    /// let policy = Policy::builder().limit(Gcra::per("60/min".parse()?)).build()?;
    /// let batch = Batch::new(&input, folder.join("results.jsonl"))
    ///     .base_url("https://api.example.com")?
    ///     .policy(policy);
    /// let forecast =
    ///     batch.forecast(&batch.scan()?, &Assumptions::latency(Duration::from_millis(300)))?;
    /// assert_eq!(forecast.takes, Duration::from_millis(120_300));
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forecast(&self, scan: &Scan, assumed: &Assumptions) -> Result<Forecast, BatchError> {
        let mut done = journal::read(&self.journal(), &self.journal_header(scan))?;
        done.retain(|done| done.ok || !self.retries_failed);
        let mut to_do = scan.job_lines.clone();
        for done in &done {
            to_do.remove(done.job);
        }
        let measured = Measured::of(&done);
        let assumed = Assumptions { latency: measured.latency(assumed.latency), ..*assumed };
        let mut play = Play::new(self, scan, assumed.latency);
        play.run(&to_do, |cost| measured.used(cost, assumed.used_percent))?;
        let Play { sends, ended_at, spent, most_in_flight, refused, .. } = play;
        Ok(Forecast {
            jobs: sends,
            takes: Duration::from_nanos(ended_at),
            cost: spent.into_iter().filter(|(_, units)| *units > 0).collect(),
            in_flight: most_in_flight,
            refused,
            assumed,
            measured: measured.jobs,
        })
    }
}

/// Means of what is done.
#[derive(Debug, Default)]
struct Measured {
    jobs: u64,
    took_ms: u64,
    estimated: [u64; Dimension::ALL.len()],
    used: [u64; Dimension::ALL.len()],
}

impl Measured {
    fn of(done: &[Done]) -> Self {
        let mut sum = Self::default();
        for done in done.iter().filter(|done| done.ok) {
            sum.jobs += 1;
            sum.took_ms = sum.took_ms.saturating_add(done.took_ms);
            let Some(usage) = &done.usage else { continue };
            for dimension in Dimension::ALL {
                let slot = dimension as usize;
                sum.estimated[slot] += u64::from(done.cost.get(dimension));
                sum.used[slot] += u64::from(usage.get(dimension));
            }
        }
        sum
    }

    fn latency(&self, assumed: Duration) -> Duration {
        self.took_ms.checked_div(self.jobs).map_or(assumed, Duration::from_millis)
    }

    /// What a request uses that is estimated to cost this.
    fn used(&self, cost: &Cost, assumed_percent: u32) -> Cost {
        Dimension::ALL.into_iter().fold(*cost, |used, dimension| {
            if dimension == Dimension::Requests {
                return used;
            }
            let slot = dimension as usize;
            let (part, whole) = match (self.used[slot], self.estimated[slot]) {
                (_, 0) => (u64::from(assumed_percent), 100),
                known => known,
            };
            let units = u128::from(cost.get(dimension)) * u128::from(part) / u128::from(whole);
            used.with(dimension, u32::try_from(units).unwrap_or(u32::MAX))
        })
    }
}

//! Which storms a command replays.

use forbear_sim::Options;

use crate::scenario_file::{Override, parse_override};

/// Which storms a command replays.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Storms {
    /// Storms to replay, each with its own seed; at each point of a sweep, and with the best
    /// candidates of a search
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) reps: u32,

    /// Seed of the first storm; of a sample and of a search, too
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,

    /// A value in place of the scenario's; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_override)]
    pub(crate) set: Vec<Override>,
}

impl Storms {
    /// The words that set these options again.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = vec!["--reps".to_owned(), self.reps.to_string()];
        words.extend(["--seed".to_owned(), self.seed.to_string()]);
        for (key, value) in &self.set {
            words.extend(["--set".to_owned(), format!("{key}={value}")]);
        }
        words
    }

    /// What the simulator is told, with the command that does it again.
    pub(crate) const fn options(&self, command: String) -> Options {
        Options { seed: self.seed, replications: self.reps, command }
    }
}

//! The scenarios that come with the library.

/// A scenario that comes with the library, as text.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Shipped {
    /// Its name.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(Self {
            name: $name,
            text: include_str!(concat!("../../scenarios/", $name, ".toml")),
        }),*]
    };
}

impl Shipped {
    /// All of them, by name.
    pub const ALL: &[Self] = shipped![
        "aws-backoff",
        "brown-out",
        "clock-skew",
        "deadline-mix",
        "fixed-window-stampede",
        "github-secondary",
        "llm-batch",
        "long-tail",
        "lying-retry-after",
        "metastable",
        "noisy-neighbour",
        "quota-cut",
        "redis-partition",
        "regions",
        "retry-after-herd",
        "tenant-batch",
        "token-bucket-and-concurrency",
    ];
}

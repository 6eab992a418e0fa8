//! Single fields with a meaning of their own, one row each.
//!
//! Found by a hash of the name: a response is full of fields that say nothing about rates,
//! and most of them are refused by an empty bucket.

mod table;

use crate::dialect::table::DIALECT_ROWS;
use crate::dialect::{CounterRole, Family};
use crate::scope::ScopeSource;
use crate::wait::WaitSource;

pub(crate) use self::table::{COMMON, FIELDS};

/// What a field says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Means {
    /// An explicit wait.
    Wait(WaitSource, WaitForm),
    /// `true` or `false`: whether to try again.
    Advice,
    /// The bucket.
    Scope(ScopeSource),
    /// `true`: the bucket is global.
    GlobalScope,
    /// The server sheds load.
    Overloaded,
    /// The code of an AWS error.
    AwsErrorType,
    /// `application/grpc` or not.
    ContentType,
    GrpcStatus,
    GrpcPushback,
    /// `RateLimit`, of draft 07 or later.
    RateLimit,
    /// `RateLimit-Policy`, of draft 05 or later.
    RateLimitPolicy,
    /// A counter without a suffix.
    Counter(Family, CounterRole),
    /// A counter of a built-in dialect: what it says, of what.
    Common(Family, CounterRole, &'static str),
    /// A rate in requests a second.
    RatePerSecond,
    /// `32/40`: used of a limit.
    Ratio,
    /// `api-usage=18/5000; per-app-api-usage=17/250(appName=x)`.
    NamedRatios,
    /// `b=per_hour;q=100;r=90;t=3600`, of a kind of bucket.
    Buckets(&'static str),
    /// `60:transaction:key, 2700:default;error:organization`.
    SentryGroups,
    /// A JSON object of percentages.
    UsageJson,
    /// The limits or the uses of windows told apart by place or by length.
    Paired(Pair, Side),
}

/// How a wait is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum WaitForm {
    Millis,
    RetryAfter,
    GoDuration,
    Instant,
}

/// Two fields that belong together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pair {
    Strava,
    StravaRead,
    RiotApp,
    RiotMethod,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Limit,
    Used,
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// In lower case.
    pub(crate) name: &'static str,
    pub(crate) means: Means,
    pub(crate) provider: &'static str,
    pub(crate) source: &'static str,
}

impl Means {
    /// Whether this is a counter, which a cache makes worthless (draft, section Caching).
    pub(crate) const fn is_counter(self) -> bool {
        matches!(
            self,
            Self::RateLimit
                | Self::RateLimitPolicy
                | Self::Counter(..)
                | Self::Common(..)
                | Self::RatePerSecond
                | Self::Ratio
                | Self::NamedRatios
                | Self::Buckets(_)
                | Self::Paired(..)
        )
    }
}

/// Whether a row, or a built-in prefix, may be meant by `name`: `false` is certain.
///
/// By its first letter and its length, which refuses most fields in a dozen instructions.
pub(crate) fn may_be_known(name: &str) -> bool {
    let [letter, ..] = name.as_bytes() else { return false };
    LENGTHS[usize::from(letter & 31)] & (1 << name.len().min(63)) != 0
}

/// For each first letter, the lengths of the names that begin with it.
static LENGTHS: [u64; 32] = {
    let (rows, mut lengths) = (rows(), [0; 32]);
    let mut at = 0;
    while at < rows.len() {
        let name = rows[at].0.as_bytes();
        lengths[(name[0] & 31) as usize] |= 1 << name.len();
        at += 1;
    }
    at = 0;
    while at < DIALECT_ROWS.len() {
        let prefix = DIALECT_ROWS[at].prefix().as_bytes();
        // What follows a prefix may have any length, or none.
        lengths[(prefix[0] & 31) as usize] |= u64::MAX << prefix.len();
        at += 1;
    }
    lengths
};

/// What the field `name` means, in whatever case it is spelled.
#[inline]
pub(crate) fn find(name: &str) -> Option<&'static Means> {
    let mut at = FIRST_OF_HASH[hash(name.as_bytes())];
    while let Some((known, means)) = ROWS.get(usize::from(at)) {
        // Octet for octet first: a map holds names in lower case.
        if *known == name || known.eq_ignore_ascii_case(name) {
            return Some(means);
        }
        at = NEXT_OF_HASH[usize::from(at)];
    }
    None
}

/// The rows of both tables, without what only people read.
static ROWS: [(&str, Means); FIELDS.len() + COMMON.len()] = rows();

const fn rows() -> [(&'static str, Means); FIELDS.len() + COMMON.len()] {
    let mut rows = [("", Means::Advice); FIELDS.len() + COMMON.len()];
    let mut at = 0;
    while at < rows.len() {
        rows[at] = if at < FIELDS.len() {
            (FIELDS[at].name, FIELDS[at].means)
        } else {
            COMMON[at - FIELDS.len()]
        };
        at += 1;
    }
    rows
}

const NONE: u8 = u8::MAX;
const BUCKETS: usize = 256;
type Index = ([u8; BUCKETS], [u8; FIELDS.len() + COMMON.len()]);
static FIRST_OF_HASH: [u8; BUCKETS] = index().0;
static NEXT_OF_HASH: [u8; FIELDS.len() + COMMON.len()] = index().1;

/// A bucket by the length and three octets, in any case.
///
/// The multipliers are those of a random search for few rows that share a bucket. A
/// collision costs a comparison of lengths and no more.
const fn hash(name: &[u8]) -> usize {
    let length = name.len();
    if length == 0 {
        return 0;
    }
    // Bit 5 is the case of a letter, and set in digits and hyphens anyway.
    let (middle, early) = (name[length / 2] | 0x20, name[length / 4] | 0x20);
    let last = name[length - 1] | 0x20;
    let sum = length * 55 + middle as usize * 33 + last as usize * 5;
    (sum + early as usize * 97) % BUCKETS
}

/// Chains the rows of each bucket at compile time, so that the tables can be sorted by
/// what the fields mean.
#[expect(clippy::cast_possible_truncation, reason = "the tables are far shorter than 255 rows")]
const fn index() -> Index {
    let rows = rows();
    let mut first = [NONE; BUCKETS];
    let mut next = [NONE; FIELDS.len() + COMMON.len()];
    let mut at = rows.len();
    while at > 0 {
        at -= 1;
        let bucket = hash(rows[at].0.as_bytes());
        next[at] = first[bucket];
        first[bucket] = at as u8;
    }
    (first, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::table::DIALECTS;
    use crate::dialect::{ResetForm, Shape, reading_name};

    #[test]
    fn every_row_is_found_in_any_case() {
        for (name, means) in ROWS {
            assert_eq!(find(name), Some(&means), "{name}");
            assert_eq!(find(&name.to_uppercase()), Some(&means), "{name}");
            assert_eq!(find(&format!("{name}s")), None, "{name}");
        }
        assert_eq!(find(""), None);
    }

    #[test]
    fn few_rows_share_a_bucket() {
        let shared = NEXT_OF_HASH.iter().filter(|next| **next != NONE).count();
        assert!(shared <= 9, "{shared}");
    }

    #[test]
    fn a_common_counter_means_what_its_dialect_says() {
        for (name, means) in COMMON {
            let dialect = DIALECTS.iter().find(|row| name.starts_with(row.prefix())).unwrap();
            let resolved = dialect.resolve(&name[dialect.prefix().len()..]).unwrap();
            let counted = match resolved.dimension {
                "" => dialect.dimension.into(),
                dimension => reading_name(dialect.naming, dimension),
            };
            let Means::Common(family, role, said) = *means else { panic!("{name}") };
            assert_eq!((family, role), (dialect.family, resolved.role), "{name}");
            assert_eq!((said, None), (counted.as_ref(), resolved.window), "{name}");
            let plain = (dialect.shape, dialect.reset) == (Shape::Counters, ResetForm::BySize);
            assert!(plain, "{name}");
        }
    }
}

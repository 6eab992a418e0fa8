//! What a member does without Redis.

/// What a member does while Redis does not answer, once its lease is used up.
///
/// Whatever is sent meanwhile is told to Redis when it is back, and counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum WithoutRedis {
    /// It sends its share: the rate by the number of members that Redis last counted,
    /// evenly, beginning with nothing.
    ///
    /// The fleet stays within the rate where all members are cut off alike. One that is
    /// cut off alone adds its share to what the others send.
    #[default]
    LocalShare,
    /// It sends nothing; calls wait until Redis is back, or until their deadline.
    Closed,
    /// It sends without limit.
    Open,
}

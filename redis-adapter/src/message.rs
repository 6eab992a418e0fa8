//! What a member and the script say to each other.
//!
//! A member counts up, and never says "one more": so a call that is lost, answered too
//! late, or made twice counts each permit once.

#[cfg(feature = "client")]
use redis::Value;

use crate::limit::Shape;

/// One call of the script.
#[derive(Clone, Debug)]
pub struct Request {
    /// Counts the calls of this member.
    pub call: u64,
    /// How long what it holds is held.
    pub validity_us: u64,
    /// How long it is counted as a member.
    pub presence_us: u64,
    /// How long after it may ask again a claim is kept for it.
    pub grace_us: u64,
    /// The state that it knows.
    pub epoch: String,
    /// How far it knows it.
    pub seq: u64,
    /// Whether the state that was seen last must still be there.
    pub expects_state: bool,
    /// A wait that the API asked for.
    pub hold_ms: u64,
    /// Whether it does not come back.
    pub leaves: bool,
    pub(crate) parts: Vec<Part>,
}

/// What a request says of one limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) shape: Shape,
    pub(crate) spent: u64,
    pub(crate) back: u64,
    pub(crate) adjusted: i64,
    pub(crate) adjusted_known: i64,
    pub(crate) fallen: u64,
    pub(crate) fallen_known: u64,
    pub(crate) need: u64,
    pub(crate) want: u64,
}

impl Request {
    /// The arguments of the script, for the member of this name.
    #[must_use]
    pub fn arguments(&self, member: &str) -> Vec<String> {
        let flag = |flag: bool| u8::from(flag).to_string();
        let mut arguments = vec![
            member.to_owned(),
            self.call.to_string(),
            self.validity_us.to_string(),
            self.presence_us.to_string(),
            self.grace_us.to_string(),
            self.epoch.clone(),
            self.seq.to_string(),
            flag(self.expects_state),
            self.hold_ms.to_string(),
            flag(self.leaves),
            self.parts.len().to_string(),
        ];
        for part in &self.parts {
            let [a, b] = part.shape.kind.numbers();
            arguments.push(part.shape.kind.name().to_owned());
            arguments.push(part.shape.capacity.to_string());
            arguments.extend([a, b, part.spent, part.back].map(|number| number.to_string()));
            arguments.extend([part.adjusted, part.adjusted_known].map(|number| number.to_string()));
            let rest = [part.fallen, part.fallen_known, part.need, part.want];
            arguments.extend(rest.map(|number| number.to_string()));
        }
        arguments
    }

    /// Units of the `limit`th limit that were sent, and that were given back.
    #[must_use]
    pub fn told(&self, limit: usize) -> [u64; 2] {
        [self.parts[limit].spent, self.parts[limit].back]
    }

    /// What sends of the `limit`th limit cost more than they were charged.
    #[must_use]
    pub fn adjusted(&self, limit: usize) -> i64 {
        self.parts[limit].adjusted
    }

    /// Units of the `limit`th limit that it asks for.
    #[must_use]
    pub fn want(&self, limit: usize) -> u64 {
        self.parts[limit].want.max(self.parts[limit].need)
    }
}

/// What the script answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// Names the state, until it is lost.
    pub epoch: String,
    /// Counts the calls of all members.
    pub seq: u64,
    /// Members, this one included.
    pub members: u32,
    /// Members that wait for permits.
    pub waiting: u32,
    /// What is left of a wait that the API asked for.
    pub hold_ms: u64,
    /// Nothing to be had before.
    pub retry_us: u64,
    /// How long the state is kept.
    pub ttl_ms: u64,
    /// Whether the state was lost.
    pub lost: bool,
    /// Whether the limits were others before.
    pub differs: bool,
    /// Units that this member was ever given, by limit.
    pub granted: Vec<u64>,
}

#[cfg(feature = "client")]
impl Reply {
    /// Numbers before those of the limits.
    const FIXED: usize = 9;

    /// Reads an answer about `limits` limits; `None` where it is none.
    #[must_use]
    pub fn read(value: &Value, limits: usize) -> Option<Self> {
        let Value::Array(values) = value else { return None };
        if values.len() != Self::FIXED + limits {
            return None;
        }
        let epoch = match &values[0] {
            Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok()?,
            Value::SimpleString(text) => text.clone(),
            _ => return None,
        };
        let numbers = values[1..].iter().map(|value| match value {
            Value::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        });
        let numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Some(Self {
            epoch,
            seq: numbers[0],
            members: small(numbers[1]),
            waiting: small(numbers[2]),
            hold_ms: numbers[3],
            retry_us: numbers[4],
            ttl_ms: numbers[5],
            lost: numbers[6] != 0,
            differs: numbers[7] != 0,
            granted: numbers[8..].to_vec(),
        })
    }
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_is_not_read() {
        let text = Value::BulkString(b"1:a".to_vec());
        let mut values = vec![text];
        values.extend([1, 2, 0, 0, 0, 2000, 0, 0, 5].map(Value::Int));
        let reply = Reply::read(&Value::Array(values.clone()), 1).unwrap();
        assert_eq!((reply.members, reply.granted), (2, vec![5]));
        assert_eq!(Reply::read(&Value::Array(values.clone()), 2), None);
        values[3] = Value::Int(-1);
        assert_eq!(Reply::read(&Value::Array(values), 1), None);
        assert_eq!(Reply::read(&Value::Nil, 1), None);
    }
}

use std::time::Duration;

use forbear_core::testkit::check;
use forbear_core::{Cost, Decision, Dimension, Limiter, Refusal, Timestamp};

/// Three units in 10 s, of which a send counts too short or too long a time.
#[derive(Debug)]
struct Edge {
    counts_ns: u64,
    sends: Vec<u64>,
}

impl Limiter for Edge {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let units = usize::try_from(cost.get(Dimension::Requests)).unwrap();
        let until = |send: u64| u128::from(send) + u128::from(self.counts_ns);
        let counted = |&&send: &&u64| u128::from(now.as_nanos()) < until(send);
        if self.sends.iter().filter(counted).count() + units <= 3 {
            return Decision::Admit;
        }
        let last_to_go = self.sends[self.sends.len() + units - 4];
        u64::try_from(until(last_to_go)).map_or(Decision::Refuse(Refusal::BeyondTime), |at| {
            Decision::WaitUntil(Timestamp::from_nanos(at))
        })
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let last = self.sends.last().copied().unwrap_or(0);
        for _ in 0..cost.get(Dimension::Requests) {
            self.sends.push(now.as_nanos().max(last));
        }
    }
}

#[test]
fn one_nanosecond_at_the_edge_of_a_window_is_found() {
    let three_in_ten_seconds = |span: Duration| 3 * (span.as_secs() / 10 + 1);
    let law = |counts_ns| {
        let make = || Edge { counts_ns, sends: Vec::new() };
        check::limiter_within(make, Dimension::Requests, three_in_ten_seconds)
            .and_then(|()| check::limiter_reaches(make, Dimension::Requests, three_in_ten_seconds))
            .err()
            .map(|broken| broken.law())
    };
    assert_eq!(law(10_000_000_000), None);
    assert_eq!(law(9_999_999_999), Some("a greedy client gets no more than the envelope"));
    assert_eq!(law(10_000_000_001), Some("a greedy client gets the whole envelope"));
}

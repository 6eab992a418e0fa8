//! The crowd behind a binary heap of (time, sequence).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::crowd::{Crowd, HORIZON, Played, Step};

pub(crate) fn play(clients: u32, seed: u64) -> Played {
    let mut crowd = Crowd::new(clients, seed);
    let mut heap = BinaryHeap::with_capacity(clients as usize);
    let mut sequence = 0_u64;
    for client in 0..clients {
        heap.push(Reverse((crowd.think(client), sequence, client, Step::Send)));
        sequence += 1;
    }
    while let Some(Reverse((now, _, client, step))) = heap.pop() {
        if now > HORIZON {
            break;
        }
        let (at, next) = crowd.take(now, client, step);
        heap.push(Reverse((at, sequence, client, next)));
        sequence += 1;
    }
    crowd.played()
}

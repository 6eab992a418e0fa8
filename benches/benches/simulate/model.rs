//! The crowd as one model of nexosim, which schedules events on itself.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use crate::crowd::{Crowd, HORIZON, Played, Step};

#[derive(Serialize, Deserialize)]
struct CrowdModel {
    clients: u32,
    seed: u64,
    /// Made at the start; a saved state is not asked for.
    #[serde(skip)]
    crowd: Option<Crowd>,
    #[serde(skip)]
    played: Arc<Mutex<Played>>,
}

#[Model]
impl CrowdModel {
    #[nexosim(init)]
    #[expect(clippy::unused_async, reason = "what nexosim calls is a future")]
    async fn init(&mut self, cx: &Context<Self>) {
        let mut crowd = Crowd::new(self.clients, self.seed);
        for client in 0..self.clients {
            let thought = crowd.think(client);
            schedule(cx, thought, (client, Step::Send));
        }
        self.crowd = Some(crowd);
    }

    #[nexosim(schedulable)]
    fn take(&mut self, (client, step): (u32, Step), cx: &Context<Self>) {
        let Some(crowd) = &mut self.crowd else { return };
        let now = u64::try_from(cx.time().duration_since(MonotonicTime::EPOCH).as_nanos());
        let now = now.expect("within the horizon");
        let (at, next) = crowd.take(now, client, step);
        *self.played.lock().unwrap_or_else(PoisonError::into_inner) = crowd.played();
        schedule(cx, at - now, (client, next));
    }
}

fn schedule(cx: &Context<CrowdModel>, after: u64, event: (u32, Step)) {
    let after = Duration::from_nanos(after);
    cx.schedule_event(after, schedulable!(CrowdModel::take), event).expect("a time to come");
}

pub(crate) fn play(clients: u32, seed: u64) -> Played {
    let played = Arc::default();
    let model = CrowdModel { clients, seed, crowd: None, played: Arc::clone(&played) };
    let bench = SimInit::with_num_threads(1).add_model(model, Mailbox::new(), "crowd");
    let mut simulation =
        bench.init(MonotonicTime::EPOCH).expect("a bench without models to connect");
    simulation.step_until(Duration::from_nanos(HORIZON)).expect("no model fails");
    *played.lock().unwrap_or_else(PoisonError::into_inner)
}

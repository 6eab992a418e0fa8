//! Progress while a batch runs, and Ctrl-C.

use std::time::Duration;

use forbear_batch::{Progress as Seen, Ready, Summary};

use super::report;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::progress::Progress;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Looks between two remarks where nobody sees a bar: half a minute.
const REMARK_EVERY: u32 = 300;

/// Runs the batch; a press of Ctrl-C lets it end what is in flight.
pub(super) async fn run(ready: Ready, interrupt: &Interrupt, output: &mut Output) -> Summary {
    let watch = ready.watch();
    let bar = Progress::telling(watch.progress().jobs, output.is_live());
    let stop = async {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        while !interrupt.is_pressed() {
            looks.tick().await;
        }
    };
    let mut running = std::pin::pin!(ready.run(stop));
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let (mut since_remark, mut is_told, mut trouble) = (0, false, None);
    loop {
        tokio::select! {
            summary = &mut running => return summary,
            _ = looks.tick() => {}
        }
        let seen = watch.progress();
        bar.tell(seen.done, words(&seen));
        if interrupt.is_pressed() && !is_told {
            is_told = true;
            bar.aside(|| {
                output.remark(&format!(
                    "stopping: {} requests are in flight; Ctrl-C again ends at once",
                    seen.in_flight
                ));
            });
        }
        if seen.trouble != trouble {
            trouble.clone_from(&seen.trouble);
            if let Some(trouble) = &trouble {
                bar.aside(|| output.remark(trouble));
            }
        }
        since_remark += 1;
        if since_remark == REMARK_EVERY && !output.is_live() {
            since_remark = 0;
            output.remark(&format!("{} of {}: {}", seen.done, seen.jobs, words(&seen)));
        }
    }
}

/// Rate, 429s, quota and the time that is left.
fn words(seen: &Seen) -> String {
    let mut words = vec![format!("{}/min", seen.sends_per_minute)];
    words.push(format!("{} in flight", seen.in_flight));
    if seen.throttled > 0 {
        words.push(format!("{} throttled", seen.throttled));
    }
    if seen.failed > 0 {
        words.push(format!("{} failed", seen.failed));
    }
    for (dimension, percent) in &seen.used {
        words.push(format!("{dimension} {percent} %"));
    }
    if let Some(left) = seen.left {
        words.push(format!("{} left", report::words(left)));
    }
    words.join(", ")
}

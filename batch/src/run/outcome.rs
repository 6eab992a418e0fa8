//! What came of a job, as a result.

use forbear_core::GiveUp;
use forbear_core::queue::{Removed, Withdrawal};
use forbear_http::trace::CallEnd;

use super::Shared;
use super::job::Job;
use super::worker::Sent;
use crate::results::{Finished, ResultLine};
use crate::send::Came;

/// The server did the work.
pub(super) async fn succeeded(shared: &Shared, sent: Sent) {
    shared.record(finished(shared, sent, None)).await;
}

/// The policy gave up.
pub(super) async fn failed(shared: &Shared, sent: Sent, why: GiveUp) {
    shared.record(finished(shared, sent, Some(why))).await;
}

/// A job left the queue without a turn.
pub(super) async fn removed(shared: &Shared, removed: &Removed<Job>) {
    let Removed { payload: job, why, .. } = removed;
    match why {
        Withdrawal::Refused(_) => shared.refuse(job.line, why.to_string()),
        // The policy's time was over before its turn came again.
        Withdrawal::Expired => {
            job.record.ended(GiveUp::Abandoned);
            let Ok(line) = shared.read(job) else { return };
            let reason = CallEnd::Time.name().to_owned();
            let mut result = ResultLine::new(&line.id, job.line, shared.sent_before(job.line));
            (result.reason, result.error) = (Some(reason), Some(why.to_string()));
            let result = result.octets();
            let (line, cost) = (job.line, line.cost);
            let (ok, sends, took_ms, usage) = (false, 0, 0, None);
            shared.record(Finished { line, result, ok, sends, took_ms, cost, usage }).await;
        }
        // Left for the next start.
        _ => {}
    }
}

fn finished(shared: &Shared, sent: Sent, why: Option<GiveUp>) -> Finished {
    let Sent { job, id, attempts, took_ms, cost, seen, came } = sent;
    let in_all = attempts.saturating_add(shared.sent_before(job.line));
    let mut result = ResultLine::new(&id, job.line, in_all);
    if let Some(why) = why {
        let what = match &came {
            Came::Answer(answer) => answer.summary(),
            Came::NotSent(why) | Came::Broken(why) => why.clone(),
        };
        let error = match why {
            GiveUp::NotRetryable(_) => what,
            why => format!("{what} ({why})"),
        };
        result.error = Some(shared.sender.redact(error));
        result.reason = Some(CallEnd::from(why).name().to_owned());
    }
    result.ok = why.is_none();
    let kept = &shared.batch.kept_headers;
    if let Came::Answer(answer) = came {
        result.status = Some(answer.status.as_u16());
        for name in kept {
            if let Some(value) = answer.headers.get(name) {
                result.headers.insert(name.as_str(), shared.sender.shown(value));
            }
        }
        result.set_body(answer.body);
    }
    let (line, ok, usage) = (job.line, why.is_none(), seen.usage);
    let result = result.octets();
    Finished { line, result, ok, sends: attempts, took_ms, cost, usage }
}

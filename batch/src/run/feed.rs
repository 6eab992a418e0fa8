//! Jobs from the file into the queue, as there is room.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use forbear_core::queue::{Job as Queued, Rejection};
use tokio::task::yield_now;

use super::Shared;
use super::job::{Job, Record};
use crate::input::{JobLine, Lines, RawLine};
use crate::line_set::LineSet;
use crate::{BatchError, ErrorKind};

/// Lines between two looks at what else is to be done: some milliseconds.
const AT_ONCE: u32 = 16;

/// Queues the lines that are `to_do`, and tells the queue that there are no more.
pub(super) async fn feed(shared: Arc<Shared>, to_do: LineSet) {
    if let Err(error) = feed_lines(&shared, &to_do).await {
        shared.stop(error);
    }
    shared.queue.drain();
}

async fn feed_lines(shared: &Shared, to_do: &LineSet) -> Result<(), BatchError> {
    let path = &shared.batch.input;
    let unreadable = |error: &std::io::Error| BatchError::io(ErrorKind::Input, path, "", error);
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut lines = Lines::new(BufReader::with_capacity(1 << 16, file));
    let mut at_once = 0;
    while let Some(line) = lines.next(|_| {}).map_err(|error| unreadable(&error))? {
        if !to_do.contains(line.number) {
            continue;
        }
        let job = queued(shared, line)?;
        match shared.queue.push_when_room(job).await {
            Ok(_) => {}
            Err(rejected) => match rejected.why {
                Rejection::Draining => return Ok(()),
                why => shared.refuse(rejected.job.into_payload().line, why.to_string()),
            },
        }
        at_once += 1;
        if at_once == AT_ONCE {
            at_once = 0;
            yield_now().await;
        }
    }
    Ok(())
}

/// A line as a job of the queue.
fn queued(shared: &Shared, line: RawLine<'_>) -> Result<Queued<Job>, BatchError> {
    let RawLine { number, offset, text } = line;
    let parsed = JobLine::parse(line, &shared.batch.expected).ok();
    let known = parsed.as_ref().and_then(|job| shared.scopes.get(&job.target.scope).copied());
    let (Some(parsed), Some(scope), Some(text)) = (parsed, known, text) else {
        return Err(BatchError::new(ErrorKind::Input, "has changed since it was read first")
            .at_line(&shared.batch.input, number));
    };
    let tenant = parsed.tenant.as_ref().and_then(|name| shared.tenants.get(name).copied());
    let call = shared.batch.recorder.as_ref();
    let call = call.map(|recorder| recorder.call(Some(&parsed.target.scope), parsed.cost));
    let job = Job { line: number, offset, len: text.len(), record: Record::new(call) };
    let queued = Queued::new(scope, tenant.unwrap_or(shared.anybody), job);
    Ok(queued.lane(parsed.lane).cost(parsed.cost))
}

//! `forbear-batch`, by its library.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use forbear_batch::{Assumptions, Batch, Summary};
use forbear_core::Dimension;
use forbear_core::spec::PolicySpec;
use serde_json::{Value, json};

/// The limits of a row, as a policy file has them: the quota, with a twentieth of what may
/// come at once left for what is slow on its way; or nothing but the server's headers.
pub(crate) fn limits(name: &str) -> &'static str {
    if name.contains("learned") {
        return "[[limit]]\nkind = 'learned'\n";
    }
    "[[limit]]\nkind = 'token_bucket'\nrate = '500/6s'\nburst = 475\n\
        [[limit]]\nkind = 'token_bucket'\ndimension = 'tokens'\nrate = '60000/6s'\nburst = 57000\n"
}

/// What came of a batch, and what was forecast of it.
pub(crate) struct Sent {
    pub(crate) done: usize,
    pub(crate) sends: usize,
    pub(crate) refused: usize,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// What `--dry-run` says beforehand that this takes; nothing where limits are learned.
    pub(crate) forecast: Option<Duration>,
}

/// What is known beforehand of a server: how long it takes, and what the requests use of
/// the tokens in all.
pub(crate) struct Known {
    pub(crate) latency: Duration,
    pub(crate) tokens: u64,
}

/// The prompts as lines of a file.
pub(crate) fn lines(prompts: &[Value]) -> String {
    let line = |body| format!("{}\n", json!({"path": "/v1/chat/completions", "body": body}));
    prompts.iter().map(line).collect()
}

/// Forecasts the lines, and sends them.
pub(crate) async fn send(
    url: &str,
    lines: &str,
    limits: &str,
    known: Known,
) -> Result<Sent, Box<dyn Error>> {
    let folder = Folder::new()?;
    let input = folder.0.join("requests.jsonl");
    fs::write(&input, lines)?;
    let retry = "[retry]\nmax_attempts = 10\ndeadline = 'none'\nbudget = 'none'\n";
    let spec: PolicySpec = toml::from_str(&format!("{retry}{limits}"))?;
    let batch = Batch::new(input, folder.0.join("results.jsonl"));
    let batch = batch.base_url(url)?.policy(spec.build()?);
    let is_known = !limits.contains("learned");
    let forecast = if is_known { Some(forecast(&batch, &known)?) } else { None };
    let Summary { progress, .. } = batch.run().await?;
    let number = |number: u64| usize::try_from(number);
    Ok(Sent {
        done: number(progress.done - progress.failed)?,
        sends: number(progress.sends)?,
        refused: number(progress.throttled)?,
        took: progress.elapsed,
        forecast,
    })
}

/// What `forbear batch --dry-run --latency .. --used ..` says.
fn forecast(batch: &Batch, known: &Known) -> Result<Duration, Box<dyn Error>> {
    let scan = batch.scan()?;
    let assumed = Assumptions::latency(known.latency);
    let estimated = batch.forecast(&scan, &assumed)?.cost.get(&Dimension::Tokens).copied();
    let used = 100 * known.tokens / estimated.unwrap_or(0).max(1);
    let assumed = assumed.using_percent(u32::try_from(used)?.min(100));
    Ok(batch.forecast(&scan, &assumed)?.takes)
}

/// Files that are gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let path = env::temp_dir().join(format!("forbear-bench-batch-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

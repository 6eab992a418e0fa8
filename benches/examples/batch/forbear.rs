//! `forbear-batch`, by its library.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use forbear_batch::{Batch, Summary};
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

/// Sends the prompts; returns how many were served.
pub(crate) async fn send(
    url: &str,
    prompts: &[Value],
    limits: &str,
) -> Result<usize, Box<dyn Error>> {
    let line = |body| format!("{}\n", json!({"path": "/v1/chat/completions", "body": body}));
    let lines: String = prompts.iter().map(line).collect();
    Ok(send_lines(url, &lines, limits).await?.0)
}

/// Sends the lines; returns how many were served, sends, and refusals.
pub(crate) async fn send_lines(
    url: &str,
    lines: &str,
    limits: &str,
) -> Result<(usize, usize, usize), Box<dyn Error>> {
    let folder = Folder::new()?;
    let input = folder.0.join("requests.jsonl");
    fs::write(&input, lines)?;
    let retry = "[retry]\nmax_attempts = 10\ndeadline = 'none'\nbudget = 'none'\n";
    let spec: PolicySpec = toml::from_str(&format!("{retry}{limits}"))?;
    let batch = Batch::new(input, folder.0.join("results.jsonl"));
    let Summary { progress, .. } = batch.base_url(url)?.policy(spec.build()?).run().await?;
    let number = |number: u64| usize::try_from(number);
    Ok((
        number(progress.done - progress.failed)?,
        number(progress.sends)?,
        number(progress.throttled)?,
    ))
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

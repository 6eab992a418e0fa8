//! From the command line to a batch.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use forbear_batch::{Batch, BatchError, LineForm, SecretHeader};
use forbear_core::text::parse_duration;
use forbear_http::Preset;
use forbear_http::trace::Recorder;

use super::{presets, problem};
use crate::policy_file;
use crate::problem::Problem;
use crate::text_file::reason;

/// Which requests, where to, and how.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Settings {
    /// The file of requests, one JSON object a line
    input: PathBuf,

    /// Where the results go, '-' for standard output
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,

    /// Write the results in the order of the requests
    #[arg(long)]
    ordered: bool,

    /// Where the journal is; beside the results unless given
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,

    /// Tells this batch from others with the same requests: another name has other keys
    #[arg(long, value_name = "NAME", default_value = "")]
    name: String,

    /// Send again what an earlier start recorded as failed, with its Idempotency-Key
    #[arg(long)]
    retry_failed: bool,

    /// Keep a field of the answers in the results, such as x-request-id; may be repeated
    #[arg(long, value_name = "NAME")]
    keep_header: Vec<String>,

    /// Write a trace of what was sent and answered, for replay
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// What the paths of the requests are appended to
    #[arg(long, value_name = "URL", help_heading = "Requests")]
    base_url: Option<String>,

    /// Where requests go that name no address
    #[arg(long, value_name = "URL", help_heading = "Requests")]
    url: Option<String>,

    /// The lines are bodies of requests to --url
    #[arg(long, requires = "url", help_heading = "Requests")]
    bodies: bool,

    /// The method of requests that name none; POST with a body, GET without unless given
    #[arg(long, value_name = "METHOD", help_heading = "Requests")]
    method: Option<String>,

    /// A header for requests that do not have it; may be repeated, and is no place for a secret
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Requests")]
    header: Vec<String>,

    /// Send no Idempotency-Key: a POST that may have been done is then not sent again
    #[arg(long, help_heading = "Requests")]
    no_idempotency_key: bool,

    /// Send the token in this variable as 'Authorization: Bearer'
    #[arg(long, value_name = "VARIABLE", help_heading = "Secrets")]
    bearer_env: Option<String>,

    /// Send a header whose value is in a variable, such as x-api-key=ANTHROPIC_API_KEY
    #[arg(long, value_name = "NAME=VARIABLE", help_heading = "Secrets")]
    header_env: Vec<String>,

    /// Send a header whose value is in a file
    #[arg(long, value_name = "NAME=FILE", help_heading = "Secrets")]
    header_file: Vec<String>,

    /// The limits of a provider, and its way to say things
    #[arg(long, value_name = "NAME", value_parser = presets(), help_heading = "Policy")]
    preset: Option<String>,

    /// A policy file, whose limits go before those of the preset
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    policy: Option<PathBuf>,

    /// A policy of its own for a host; may be repeated
    #[arg(long, value_name = "HOST=FILE", help_heading = "Policy")]
    policy_for: Vec<String>,

    /// The share of a tenant beside others, 1 unless given; may be repeated
    #[arg(long, value_name = "TENANT=N", help_heading = "Policy")]
    weight: Vec<String>,

    /// The most requests in flight, whatever the policy says
    #[arg(long, value_name = "N", default_value = "256", help_heading = "Policy")]
    in_flight: NonZeroUsize,

    /// The time for one attempt, where its policy has no shorter one
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_duration, help_heading = "Policy")]
    timeout: Duration,

    /// Go on, and record failures, where no request can succeed: no server, wrong credentials
    #[arg(long, help_heading = "Policy")]
    keep_going: bool,
}

impl Settings {
    pub(super) fn input(&self) -> &Path {
        &self.input
    }

    /// Whether the results go to standard output.
    pub(super) fn is_piped(&self) -> bool {
        self.out == Path::new("-")
    }

    pub(super) fn batch(&self) -> Result<Batch, Problem> {
        let batch = Batch::new(&self.input, &self.out)
            .named(&self.name)
            .in_flight(self.in_flight)
            .timeout(self.timeout);
        let batch = self.with_policies(batch)?;
        let batch = self.with_requests(batch).map_err(|error| problem(&error))?;
        self.with_secrets(batch)
    }

    /// The same batch with a recorder, if there is to be one.
    pub(super) fn recorded(&self, batch: &Batch) -> Result<Batch, Problem> {
        let Some(path) = &self.record else { return Ok(batch.clone()) };
        let recorder = Recorder::builder().create(path).map_err(|error| {
            let message = match error.kind() {
                std::io::ErrorKind::AlreadyExists => {
                    "exists already, and a trace is not easily had again".to_owned()
                }
                _ => format!("cannot be written: {}", reason(&error)),
            };
            Problem::new(message).in_file(path.display().to_string())
        })?;
        Ok(batch.clone().recording(recorder))
    }

    fn with_policies(&self, mut batch: Batch) -> Result<Batch, Problem> {
        if let Some(name) = &self.preset {
            let preset = Preset::by_name(name).map_err(|error| Problem::new(error.to_string()))?;
            batch = batch.preset(preset).map_err(|error| Problem::new(error.to_string()))?;
        }
        if let Some(path) = &self.policy {
            let policy = policy_file::load(path, &[])?;
            batch = batch.policy(policy.policy().clone());
            if let Some(queue) = &policy.spec().queue {
                batch = batch.queue(queue).map_err(|error| problem(&error))?;
            }
        }
        for pair in &self.policy_for {
            let (host, path) = pair_of("--policy-for", pair, "api.example.com=policy.toml")?;
            batch =
                batch.policy_for(host, policy_file::load(Path::new(path), &[])?.policy().clone());
        }
        for pair in &self.weight {
            let (tenant, weight) = pair_of("--weight", pair, "acme=3")?;
            let weight = weight.parse().map_err(|_| {
                Problem::new(format!("--weight {pair}: must be a whole number, such as acme=3"))
            })?;
            batch = batch.weight(tenant, weight).map_err(|error| problem(&error))?;
        }
        Ok(batch)
    }

    fn with_requests(&self, mut batch: Batch) -> Result<Batch, BatchError> {
        if self.ordered {
            batch = batch.ordered();
        }
        if self.no_idempotency_key {
            batch = batch.without_keys();
        }
        if self.retry_failed {
            batch = batch.retry_failed();
        }
        if self.keep_going {
            batch = batch.keep_going();
        }
        if self.bodies {
            batch = batch.lines_are(LineForm::Body);
        }
        if let Some(path) = &self.journal {
            batch = batch.journal_at(path);
        }
        if let Some(url) = &self.base_url {
            batch = batch.base_url(url)?;
        }
        if let Some(url) = &self.url {
            batch = batch.url(url)?;
        }
        if let Some(method) = &self.method {
            batch = batch.method(method)?;
        }
        for name in &self.keep_header {
            batch = batch.keeping_header(name)?;
        }
        Ok(batch)
    }

    fn with_secrets(&self, mut batch: Batch) -> Result<Batch, Problem> {
        let secret =
            |secret: Result<SecretHeader, BatchError>| secret.map_err(|error| problem(&error));
        for pair in &self.header {
            let (name, value) = pair_of("--header", pair, "x-name=value")?;
            batch = batch.header(name, value).map_err(|error| problem(&error))?;
        }
        if let Some(variable) = &self.bearer_env {
            batch = batch.secret(secret(SecretHeader::bearer_from_env(variable))?);
        }
        for pair in &self.header_env {
            let (name, variable) = pair_of("--header-env", pair, "x-api-key=API_KEY")?;
            batch = batch.secret(secret(SecretHeader::from_env(name, variable))?);
        }
        for pair in &self.header_file {
            let (name, path) = pair_of("--header-file", pair, "x-api-key=key.txt")?;
            batch = batch.secret(secret(SecretHeader::from_file(name, Path::new(path)))?);
        }
        Ok(batch)
    }
}

/// The two sides of a `NAME=VALUE`; the error does not repeat a value, which may be a secret.
fn pair_of<'a>(option: &str, pair: &'a str, such_as: &str) -> Result<(&'a str, &'a str), Problem> {
    match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name, value)),
        _ => Err(Problem::new(format!("{option}: must have an '=', such as {such_as}"))),
    }
}

//! A batch: a file of requests, and how they are to be sent.

mod derived;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use forbear_core::spec::{Bound, PolicySpec, QueueSpec};
use forbear_core::{InvalidConfig, Policy};
use forbear_http::trace::Recorder;
use forbear_http::{Preset, Reader};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::input::{self, Expectations, LineForm, Scan, Target, field_name, method_named};
use crate::queueing::Queueing;
use crate::secret::Secrets;
use crate::{BatchError, Ready, SecretHeader, Summary};

/// Sends of a job in all, where no policy file says otherwise. With the backoff of the preset
/// `batch`, from 1 s to 5 min, that is up to a quarter of an hour: longer than a server takes
/// to be restarted, and not for ever.
const ATTEMPTS: u32 = 10;

/// As long as a model may think, and the time-out of `OpenAI`'s own clients.
const TIMEOUT: Duration = Duration::from_secs(600);

/// For a connection, all addresses of the server and the handshake of TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Requests in flight, if no limiter says less: enough for 8 a second that take half a
/// minute each.
const IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// A file of requests that is sent through policies, and a file of results.
///
/// What is done is written down in a journal beside the results. A batch that was killed,
/// interrupted, or stopped by an error goes on where it was when it is run again: no job is
/// lost, and none that was recorded as done is sent again.
///
/// # Examples
///
/// ```
/// # use std::io::{Read, Write};
/// use forbear_batch::Batch;
///
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let server = format!("http://{}", listener.local_addr()?);
/// # std::thread::spawn(move || for stream in listener.incoming() {
/// #     let mut stream = stream.unwrap();
/// #     let mut request = [0; 4096];
/// #     let _ = stream.read(&mut request).unwrap();
/// #     let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n";
/// #     write!(stream, "{head}{{}}").unwrap();
/// # });
/// # let folder = std::env::temp_dir().join(format!("forbear-batch-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let at = |name: &str| folder.join(name);
/// std::fs::write(at("requests.jsonl"), "{\"path\": \"/a\"}\n{\"path\": \"/b\"}\n")?;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let batch = Batch::new(at("requests.jsonl"), at("results.jsonl")).base_url(&server)?;
/// let summary = batch.run().await?;
/// assert!(summary.is_success());
/// assert_eq!(summary.progress.done, 2);
/// # Ok::<(), forbear_batch::BatchError>(())
/// # })?;
/// # assert_eq!(std::fs::read_to_string(at("results.jsonl"))?.lines().count(), 2);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "call `run`"]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Batch {
    pub(crate) input: PathBuf,
    pub(crate) out: PathBuf,
    journal: Option<PathBuf>,
    pub(crate) is_ordered: bool,
    name: String,
    pub(crate) expected: Expectations,
    policy: Policy,
    policies: BTreeMap<String, Policy>,
    pub(crate) reader: Reader,
    pub(crate) headers: HeaderMap,
    pub(crate) secrets: Secrets,
    has_keys: bool,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) in_flight: NonZeroUsize,
    pub(crate) queueing: Queueing,
    pub(crate) kept_headers: Vec<HeaderName>,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) keeps_going: bool,
    pub(crate) retries_failed: bool,
}

impl Batch {
    /// The requests of the file `input`, whose results go to `out`, or to standard output if
    /// that is `-`.
    ///
    /// Up to ten requests at once, and as long as it takes, unless a
    /// [policy](Self::policy) says otherwise.
    ///
    /// # Panics
    ///
    /// Never: the policy is constant and tested.
    pub fn new(input: impl Into<PathBuf>, out: impl Into<PathBuf>) -> Self {
        Self {
            input: input.into(),
            out: out.into(),
            journal: None,
            is_ordered: false,
            name: String::new(),
            expected: Expectations::default(),
            policy: patient().build().expect("the policy is constant and tested"),
            policies: BTreeMap::new(),
            reader: Reader::new().with_usage(),
            headers: HeaderMap::new(),
            secrets: Secrets::default(),
            has_keys: true,
            timeout: TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            in_flight: IN_FLIGHT,
            queueing: Queueing::new(None).expect("the settings are constant and tested"),
            kept_headers: Vec::new(),
            recorder: None,
            keeps_going: false,
            retries_failed: false,
        }
    }

    /// The limits of `preset`, and its way of reading answers; retries as a batch has them,
    /// which nobody waits for: ten attempts, and no deadline.
    ///
    /// # Errors
    ///
    /// Never for the presets of this version, whose numbers are tested.
    pub fn preset(self, preset: &Preset) -> Result<Self, InvalidConfig> {
        let spec = PolicySpec { limit: preset.policy_spec().limit, ..patient() };
        Ok(self.policy(spec.build()?).reading_with(preset.reader()))
    }

    /// Limits and retries as `policy` says, with a state of its own for each host.
    ///
    /// Its deadline counts from the first send of a job.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Orders the jobs that wait as the table `[queue]` of a policy file says; ten strict
    /// lanes and tenants that share, unless set.
    ///
    /// A `priority` of the input is then the number of one of its lanes, and the middle one
    /// where a line has none.
    ///
    /// # Errors
    ///
    /// If a number is out of range, or jobs would be dropped when the queue is full.
    pub fn queue(mut self, spec: &QueueSpec) -> Result<Self, BatchError> {
        self.queueing = Queueing::new(Some(spec))?;
        self.expected.lanes = self.queueing.lanes;
        Ok(self)
    }

    /// Limits and retries requests to `host` as `policy` says; `host` is written as in the
    /// addresses, with its port if they name one.
    pub fn policy_for(mut self, host: &str, policy: Policy) -> Self {
        self.policies.insert(host.to_ascii_lowercase(), policy);
        self
    }

    /// Reads answers with `reader`, and what they say that the request cost.
    pub fn reading_with(mut self, reader: Reader) -> Self {
        self.reader = reader.with_usage();
        self
    }

    /// Keeps the journal at `path`, and not beside the results.
    pub fn journal_at(mut self, path: impl Into<PathBuf>) -> Self {
        self.journal = Some(path.into());
        self
    }

    /// Writes the results in the order of the input, each as soon as those before it are
    /// there.
    pub const fn ordered(mut self) -> Self {
        self.is_ordered = true;
        self
    }

    /// Tells this batch from others of the same input.
    ///
    /// Keys of idempotency follow from it and the input: to do the same work once more, and
    /// not be answered with what was done before, give it another name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Appends paths to this address, with one `/` between them.
    ///
    /// # Errors
    ///
    /// If it is no address of `http` or `https`.
    pub fn base_url(mut self, url: &str) -> Result<Self, BatchError> {
        Target::of_url("the base URL", url).map_err(BatchError::settings)?;
        self.expected.base_url = Some(url.to_owned());
        Ok(self)
    }

    /// Sends lines that name no address to this one.
    ///
    /// # Errors
    ///
    /// If it is no address of `http` or `https`.
    pub fn url(mut self, url: &str) -> Result<Self, BatchError> {
        Target::of_url("the URL", url).map_err(BatchError::settings)?;
        self.expected.url = Some(url.to_owned());
        Ok(self)
    }

    /// Says what a line of the input is.
    pub const fn lines_are(mut self, form: LineForm) -> Self {
        self.expected.form = form;
        self
    }

    /// The method of lines that name none; POST with a body and GET without, unless set.
    ///
    /// # Errors
    ///
    /// If it is no method of a request.
    pub fn method(mut self, method: &str) -> Result<Self, BatchError> {
        self.expected.method = Some(method_named(method).map_err(BatchError::settings)?);
        Ok(self)
    }

    /// Adds a header field to requests that do not have it.
    ///
    /// For one that is nobody's business, see [`secret`](Self::secret).
    ///
    /// # Errors
    ///
    /// If it is no field that a user may set.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, BatchError> {
        let name = field_name(name).map_err(BatchError::settings)?;
        let value = HeaderValue::try_from(value).map_err(|_| {
            BatchError::settings(format!(
                "the value of the header '{name}' has a character that none may have"
            ))
        })?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Adds a header field that goes to the server and nowhere else.
    pub fn secret(mut self, header: SecretHeader) -> Self {
        self.secrets.push(header);
        self
    }

    /// Sends no `Idempotency-Key`: a POST is then sent again only where the server did
    /// nothing of it.
    pub const fn without_keys(mut self) -> Self {
        self.has_keys = false;
        self
    }

    /// The time for one attempt, its answer included; 10 minutes unless set. Where a policy
    /// has a shorter [`attempt_timeout`](forbear_core::PolicyBuilder::attempt_timeout), that
    /// is the time, its answer included too.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The time for a connection, the handshake of TLS included; 10 seconds unless set.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// At most this many requests in flight, whatever the policies say; 256 unless set.
    pub const fn in_flight(mut self, most: NonZeroUsize) -> Self {
        self.in_flight = most;
        self
    }

    /// Gives a tenant of the input a weight; 1 unless set.
    ///
    /// # Errors
    ///
    /// If it is 0.
    pub fn weight(mut self, tenant: &str, weight: u32) -> Result<Self, BatchError> {
        if weight == 0 {
            let message = format!("the weight of '{tenant}' is 0, must be at least 1");
            return Err(BatchError::settings(message));
        }
        self.queueing.set_weight(tenant, weight);
        Ok(self)
    }

    /// Keeps this field of answers in the results, such as `x-request-id`.
    ///
    /// # Errors
    ///
    /// If it is no name of a field.
    pub fn keeping_header(mut self, name: &str) -> Result<Self, BatchError> {
        let name = HeaderName::try_from(name)
            .map_err(|_| BatchError::settings(format!("'{name}' is no name of a header")))?;
        self.kept_headers.push(name);
        Ok(self)
    }

    /// Writes down what becomes of each request, with `recorder`.
    pub fn recording(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The recorder, if there is one.
    #[must_use]
    pub const fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Goes on where all jobs seem to fail for the same reason: no server, wrong
    /// credentials, an exhausted quota. They are recorded as failed.
    pub const fn keep_going(mut self) -> Self {
        self.keeps_going = true;
        self
    }

    /// Sends jobs again that an earlier start recorded as failed, instead of leaving them;
    /// their results are taken out first.
    ///
    /// Each has as many attempts as a new one, and the `Idempotency-Key` that it had, so
    /// that what the server did after all is not done twice.
    pub const fn retry_failed(mut self) -> Self {
        self.retries_failed = true;
        self
    }

    /// Reads the input and says what is in it; sends and writes nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is no file.
    pub fn scan(&self) -> Result<Scan, BatchError> {
        input::scan(&self.input, &self.expected)
    }

    /// Opens the journal and the results, and finds out what is left to do.
    ///
    /// # Errors
    ///
    /// If one of them cannot be written, is another batch's or damaged, or if another process
    /// works on this batch.
    pub fn open(&self, scan: Scan) -> Result<Ready, BatchError> {
        Ready::open(self, scan)
    }

    /// Sends what is left to do, and waits until it is done.
    ///
    /// To look on or to stop it, [`open`](Self::open) it first.
    ///
    /// # Errors
    ///
    /// As for [`scan`](Self::scan) and [`open`](Self::open). What ends it later is in the
    /// [summary](Summary::end).
    pub async fn run(&self) -> Result<Summary, BatchError> {
        Ok(self.open(self.scan()?)?.run(std::future::pending()).await)
    }
}

/// The preset `batch`, but for an end of its attempts.
fn patient() -> PolicySpec {
    let preset = Preset::by_name("batch").map(Preset::policy_spec);
    let mut spec = preset.unwrap_or_default();
    spec.retry.max_attempts = Some(Bound::At(ATTEMPTS));
    spec
}

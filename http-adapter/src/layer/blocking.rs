//! The layer for clients that block: the same rules, in the thread of the caller.

use forbear_core::driver::Verdict;
use http::Response;
#[cfg(feature = "ureq")]
use http::{HeaderMap, StatusCode};

use super::service::{Sending, end_of};
use super::{Error, ForbearLayer, HttpRequest, safety};
use crate::{Head, wall_clock};

impl ForbearLayer {
    /// Sends `request` in this thread with `send`, as often and as late as the policy says.
    ///
    /// For clients that block, such as ureq and `reqwest::blocking`; threads and tasks
    /// share one state. What is said of [`ForbearLayer`] holds, but nothing is hedged or cut off, and
    /// `send` reads the body, with whatever bound suits the caller: the first 64 KiB of an
    /// error's tell a 403 that is a rate limit from one that is a missing permission. To
    /// stream a success, return it with an empty body and keep the stream aside.
    ///
    /// Errors of `send` are read as [`SendError::of`](super::SendError::of) says, or as
    /// [`reading_errors`](Self::reading_errors) was told.
    ///
    /// # Errors
    ///
    /// If there is no response: why it was given up, and `send`'s error of the last
    /// attempt.
    ///
    /// # Examples
    ///
    /// With ureq, whose requests and responses are those of the crate `http`; it must not
    /// make errors of statuses:
    ///
    /// ```
    /// use forbear_core::{Policy, backoff::Constant};
    /// use forbear_http::{ForbearLayer, SendError};
    /// use http::Request;
    ///
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("http://{}/", listener.local_addr()?);
    /// # drop(listener);
    /// # let ms = std::time::Duration::from_millis(1);
    /// # let policy = Policy::builder().max_attempts(2).backoff(Constant::new(ms)).build()?;
    /// let agent: ureq::Agent =
    ///     ureq::Agent::config_builder().http_status_as_error(false).build().into();
    /// let layer = ForbearLayer::new(policy).reading_errors(|error: &ureq::Error| match error {
    ///     ureq::Error::Io(error) => SendError::of(error),
    ///     ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => SendError::NotSent,
    ///     _ => SendError::MaybeSent,
    /// });
    ///
    /// let request = Request::get(&url).body(())?;
    /// let sent = layer.send_blocking(request, |request| {
    ///     let (head, mut body) = agent.run(request)?.into_parts();
    ///     Ok::<_, ureq::Error>(http::Response::from_parts(head, body.read_to_vec()?))
    /// });
    /// // Nobody listens there.
    /// assert_eq!(sent.unwrap_err().attempts(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// With `reqwest::blocking`, whose requests are made of those of the crate `http`:
    ///
    /// ```no_run
    /// use forbear_core::Policy;
    /// use forbear_http::ForbearLayer;
    ///
    /// let client = reqwest::blocking::Client::builder().retry(reqwest::retry::never()).build()?;
    /// let layer = ForbearLayer::new(Policy::recommended());
    ///
    /// let request = http::Request::get("http://127.0.0.1/").body(Vec::new())?;
    /// let response = layer.send_blocking(request, |request| {
    ///     let sent = client.execute(request.try_into()?)?;
    ///     let (status, headers) = (sent.status(), sent.headers().clone());
    ///     let mut response = http::Response::new(sent.bytes()?);
    ///     (*response.status_mut(), *response.headers_mut()) = (status, headers);
    ///     Ok::<_, reqwest::Error>(response)
    /// })?;
    /// # let _ = response;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_blocking<Q, B, E>(
        &self,
        mut request: Q,
        send: impl FnMut(Q) -> Result<Response<B>, E>,
    ) -> Result<Response<B>, Error<E>>
    where
        Q: HttpRequest + 'static,
        B: AsRef<[u8]>,
        E: 'static,
    {
        Sending::begin(&self.scopes, &self.rules, &mut request).send_blocking(request, send)
    }
}

impl ForbearLayer {
    /// Whether the body of a response like that may say more.
    #[cfg(feature = "ureq")]
    pub(crate) fn wants_body(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        self.rules.reader.wants_body(status.as_u16(), headers)
    }
}

impl Sending {
    fn send_blocking<Q, B, E>(
        mut self,
        request: Q,
        mut send: impl FnMut(Q) -> Result<Response<B>, E>,
    ) -> Result<Response<B>, Error<E>>
    where
        Q: HttpRequest,
        B: AsRef<[u8]>,
        E: 'static,
    {
        let is_idempotent = self.rules.is_idempotent(request.method(), request.headers());
        let mut next = request;
        let mut last_error = None;
        loop {
            if let Err(why) = self.attempts.permit_blocking() {
                self.recording.ended(why);
                return Err(Error::new(why, &self.attempts, last_error));
            }
            self.recording.sent();
            self.label(next.headers_mut());
            let spare = next.try_replay();
            let result = send(next);
            let (seen, was_not_done) = match &result {
                Ok(response) => {
                    let (status, headers) = (response.status(), response.headers());
                    let mut head = Head::new(status.as_u16(), headers);
                    if self.rules.reader.wants_body(status.as_u16(), headers) {
                        head = head.with_body(response.body().as_ref());
                    }
                    let seen = self.rules.read(&head, wall_clock::now());
                    let was_not_done = safety::was_not_done(status, seen.outcome);
                    (seen, was_not_done)
                }
                Err(error) => {
                    let read = self.rules.read_error(error);
                    (read.observation(), read.was_not_done())
                }
            };
            let spare = spare.filter(HttpRequest::can_replay);
            let may_repeat = spare.is_some() && (is_idempotent || was_not_done);
            let verdict = self.conclude(&seen, may_repeat);
            match (verdict, result, spare) {
                (Verdict::Retry, result, Some(spare)) => {
                    // One that a refusal followed is still the last there was.
                    last_error = result.err().or(last_error);
                    next = spare;
                }
                (Verdict::GiveUp(why), Ok(mut response), _) => {
                    response.extensions_mut().insert(why);
                    response.extensions_mut().insert(self.attempts.history().clone());
                    return Ok(response);
                }
                (_, Ok(response), _) => return Ok(response),
                (verdict, Err(error), _) => {
                    let why = end_of(verdict, seen.outcome);
                    return Err(Error::new(why, &self.attempts, Some(error)));
                }
            }
        }
    }
}

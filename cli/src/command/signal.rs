//! `forbear signal`.

mod words;

use std::error::Error as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use forbear_http::{Record, RecordError};

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::problem::Problem;
use crate::text_file;

/// The longest response, and the longest line of records, in bytes.
const LONGEST: u64 = 64 << 20;

/// Shows what forbear understands of a response
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Shows what forbear understands of a response

Reads what 'curl -si' prints, or one JSON object a line:
  {\"now_unix_ms\": 0, \"status\": 429, \"headers\": [[\"Retry-After\", \"2\"]], \"body\": null}
and optionally \"id\" and \"provider\".",
    after_help = "\
Examples:
  curl -si https://api.github.com/rate_limit | forbear signal
  curl -si --retry 3 https://api.example/busy | forbear signal
  forbear signal response.txt --json
  forbear signal --json < responses.ndjson

Each response of several is answered, if those before the last have a Content-Length.
A line that is no record is reported on standard error, the rest is read on, and the exit code is 2."
)]
pub(crate) struct Signal {
    /// The file, '-' for standard input
    #[arg(default_value = "-")]
    file: PathBuf,

    /// Whose API it is, where only that tells what a field means
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
}

impl Signal {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let name = text_file::name(&self.file);
        let unreadable =
            |error: io::Error| Problem::new(text_file::reason(&error)).in_file(name.clone());
        let mut input = open(&self.file).map_err(unreadable)?;
        match first_byte(&mut *input).map_err(unreadable)? {
            None => Err(Failure::nothing_ran(Problem::new("holds no response").in_file(name))),
            Some((b'{', line)) => self.lines(&name, line, &mut *input, output),
            Some((b'H', _)) => self.response(&name, &mut *input, output),
            Some((_, line)) => {
                let mut lead = Vec::new();
                let is_records = leads_to_record(&mut *input, &mut lead).map_err(unreadable)?;
                let mut input = io::Cursor::new(lead).chain(&mut *input);
                if is_records {
                    self.lines(&name, line, &mut input, output)
                } else {
                    self.response(&name, &mut input, output)
                }
            }
        }
    }

    /// Records, one a line, from the line called `first`.
    fn lines(
        &self,
        name: &str,
        first: usize,
        input: &mut dyn BufRead,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let mut exit = Exit::Success;
        let mut line = Vec::new();
        let unreadable = |error: io::Error| Problem::new(text_file::reason(&error)).in_file(name);
        for number in first.. {
            line.clear();
            let read = input.take(LONGEST).read_until(b'\n', &mut line).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            let is_whole = read as u64 != LONGEST || line.ends_with(b"\n");
            let record = if is_whole {
                parse(&line)
            } else {
                input.skip_until(b'\n').map_err(unreadable)?;
                Err((format!("is longer than {} MiB", LONGEST >> 20), None))
            };
            match record {
                Ok(Some(record)) => self.answer(record, output)?,
                Ok(None) => {}
                Err((message, column)) => {
                    output.problem(&Problem::new(message).at_line(name, number, column));
                    exit = Exit::Usage;
                }
            }
        }
        Ok(exit)
    }

    /// One response, as curl prints it.
    fn response(
        &self,
        name: &str,
        input: &mut dyn BufRead,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let mut bytes = Vec::new();
        input
            .take(LONGEST)
            .read_to_end(&mut bytes)
            .map_err(|error| Problem::new(text_file::reason(&error)).in_file(name))?;
        let records = Record::each_from_curl(&bytes, wall_clock()).map_err(|error| {
            Problem::new(error.to_string())
                .in_file(name)
                .help("the output of 'curl -si', or one JSON object a line")
        })?;
        for record in records {
            self.answer(record, output)?;
        }
        Ok(Exit::Success)
    }

    fn answer(&self, mut record: Record, output: &mut Output) -> io::Result<()> {
        if record.provider.is_none() {
            record.provider.clone_from(&self.provider);
        }
        let answer = record.answer(&record.reader());
        if output.is_json() {
            writeln!(output.data(), "{answer}")
        } else {
            output.data().write_all(words::of(record.status, &answer).as_bytes())
        }
    }
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if text_file::is_stdin(path) {
        return Ok(Box::new(io::stdin().lock()));
    }
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Box::new(BufReader::new(File::open(path)?)))
}

/// Whether a record follows within a few lines, which are read into `lead`: then its
/// first line is a broken record and not a response.
fn leads_to_record(input: &mut dyn BufRead, lead: &mut Vec<u8>) -> io::Result<bool> {
    const LINES: usize = 100;
    for _ in 0..LINES {
        let left = LONGEST.saturating_sub(lead.len() as u64);
        let start = lead.len();
        if input.take(left).read_until(b'\n', lead)? == 0
            || std::str::from_utf8(&lead[start..]).is_err()
        {
            return Ok(false);
        }
        if input.fill_buf()?.first() == Some(&b'{') {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What some shells put before redirected output.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The first byte that is no space, and its line from 1; what is before it is
/// read, itself it stays in `input`.
fn first_byte(input: &mut dyn BufRead) -> io::Result<Option<(u8, usize)>> {
    let mut line = 1;
    if input.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        input.consume(BYTE_ORDER_MARK.len());
    }
    loop {
        let buffer = input.fill_buf()?;
        let spaces = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        line += buffer[..spaces].split(|byte| *byte == b'\n').count() - 1;
        let (first, is_empty) = (buffer.get(spaces).copied(), buffer.is_empty());
        input.consume(spaces);
        match first {
            Some(byte) => return Ok(Some((byte, line))),
            None if is_empty => return Ok(None),
            None => {}
        }
    }
}

/// The record of a line, nothing for an empty one; or what is wrong, and where.
fn parse(line: &[u8]) -> Result<Option<Record>, (String, Option<usize>)> {
    let line = std::str::from_utf8(line)
        .map_err(|error| ("is not UTF-8 text".to_owned(), Some(error.valid_up_to() + 1)))?;
    if line.trim().is_empty() {
        return Ok(None);
    }
    Record::from_json(line).map(Some).map_err(|error| {
        let column = json_column(&error);
        let mut message = error.to_string();
        if column.is_some() {
            // The line is the file's, not the record's.
            let end = message.rfind(" at line 1").unwrap_or(message.len());
            message.truncate(end);
        }
        (message, column)
    })
}

fn json_column(error: &RecordError) -> Option<usize> {
    let error = error.source()?.downcast_ref::<serde_json::Error>()?;
    Some(error.column())
}

#[expect(clippy::disallowed_methods, reason = "curl's output was received just now")]
fn wall_clock() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_before_the_first_byte_are_skipped() {
        let first = |mut text: &[u8]| first_byte(&mut text).unwrap();
        assert_eq!(first(b"\r\n  {}"), Some((b'{', 2)));
        assert_eq!(first(b"HTTP/2 200"), Some((b'H', 1)));
        assert_eq!(first(b" \n"), None);
        assert_eq!(first(b"\xef\xbb\xbf{}"), Some((b'{', 1)));
    }
}

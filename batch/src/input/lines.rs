//! The lines of a file, with their places.

use std::io::{self, BufRead};

use super::LONGEST_LINE;

/// A line that is not blank.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawLine<'a> {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Where it begins.
    pub(crate) offset: u64,
    /// Without what ends it; nothing if it is longer than a line may be.
    pub(crate) text: Option<&'a [u8]>,
}

/// Reads lines of bounded length.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    source: R,
    number: u64,
    offset: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) const fn new(source: R) -> Self {
        Self { source, number: 0, offset: 0, buffer: Vec::new() }
    }

    /// How many lines there were so far, blank ones included.
    pub(crate) const fn count(&self) -> u64 {
        self.number
    }

    /// The next line that is not blank; `seen` is shown every octet of the file.
    pub(crate) fn next(&mut self, mut seen: impl FnMut(&[u8])) -> io::Result<Option<RawLine<'_>>> {
        loop {
            let offset = self.offset;
            let (length, is_whole) = self.read_line(&mut seen)?;
            if length == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.offset += length;
            while self.buffer.last().is_some_and(u8::is_ascii_whitespace) {
                self.buffer.pop();
            }
            if !is_whole || !self.buffer.trim_ascii_start().is_empty() {
                let text = is_whole.then_some(self.buffer.as_slice());
                return Ok(Some(RawLine { number: self.number, offset, text }));
            }
        }
    }

    /// The octets of the line, and whether all of them are in the buffer.
    fn read_line(&mut self, seen: &mut impl FnMut(&[u8])) -> io::Result<(u64, bool)> {
        self.buffer.clear();
        let (mut length, mut is_whole) = (0, true);
        loop {
            let available = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            let end = available.iter().position(|&octet| octet == b'\n').map(|at| at + 1);
            let part = &available[..end.unwrap_or(available.len())];
            seen(part);
            length += part.len() as u64;
            if self.buffer.len() + part.len() <= LONGEST_LINE {
                self.buffer.extend_from_slice(part);
            } else {
                is_whole = false;
            }
            let used = part.len();
            let is_end = end.is_some() || used == 0;
            self.source.consume(used);
            if is_end {
                return Ok((length, is_whole));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_numbers_and_places_and_blank_ones_are_passed_over() {
        let text = b"{}\r\n\n  \n[1]\nlast";
        let mut lines = Lines::new(&text[..]);
        let mut seen = Vec::new();
        let mut found = Vec::new();
        while let Some(line) = lines.next(|part| seen.extend_from_slice(part)).unwrap() {
            let text = String::from_utf8(line.text.unwrap().to_vec()).unwrap();
            found.push((line.number, line.offset, text));
        }
        let expected =
            [(1, 0, "{}".to_owned()), (4, 8, "[1]".to_owned()), (5, 12, "last".to_owned())];
        assert_eq!(found, expected);
        assert_eq!(seen, text);
        assert_eq!(lines.count(), 5);
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let long = vec![b'x'; LONGEST_LINE + 1];
        let text = [&long[..], b"\n{}\n"].concat();
        let mut lines = Lines::new(io::BufReader::new(&text[..]));
        assert!(lines.next(|_| {}).unwrap().unwrap().text.is_none());
        assert!(lines.buffer.capacity() <= 2 * LONGEST_LINE);
        assert_eq!(lines.next(|_| {}).unwrap().unwrap().text, Some(&b"{}"[..]));
    }
}
